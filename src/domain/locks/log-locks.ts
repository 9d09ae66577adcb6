/**
 * Functions in which logging libraries hold their lock while they write: the standard library's log and log/slog,
 * zap, zerolog, logrus, klog, glog, lumberjack. zap's core and zerolog's writers have none of their own, and stand behind the file's.
 */
const loggers =
  /^log\.\(\*Logger\)\.|^log\/slog\.\(\*(?:commonHandler|defaultHandler|handleState|TextHandler|JSONHandler)\)\.|(?:^|\/)go\.uber\.org\/zap\/zapcore\.\(\*(?:lockedWriteSyncer|BufferedWriteSyncer|ioCore)\)\.|(?:^|\/)github\.com\/rs\/zerolog\.\(?\*?(?:syncWriter|LevelWriterAdapter|multiLevelWriter|ConsoleWriter)\)?\.|(?:^|\/)github\.com\/sirupsen\/logrus\.\(\*(?:Entry|Logger|[Mm]utexWrap)\)\.|(?:^|\/)k8s\.io\/klog(?:\/v2)?\.\(\*(?:loggingT|syncBuffer|redirectBuffer)\)\.|(?:^|\/)github\.com\/golang\/glog\.\(\*(?:fileSink|stderrSink|loggingT)\)\.|lumberjack(?:%2ev2|\.v2)?\.\(\*Logger\)\.(?:Write|rotate|openNew)/;

/** True for a function of a logging library that runs with the library's lock held, or asks for it. */
export function isLogger(symbol: string): boolean {
  return loggers.test(symbol);
}

/** Frames that hand bytes to a file, a pipe or a connection, or open the file for them. */
const writes =
  /^(?:os\.(?:\(\*File\)\.(?:Write|Sync)|OpenFile|Rename)|internal\/poll\.\(\*FD\)\.Write|net\.\(\*conn\)\.Write|io\.\(\*pipe\)\.write|syscall\.write|syscall\.Write)/;

/** True for the call that writes a log line out. */
export function isWrite(symbol: string): boolean {
  return writes.test(symbol);
}

/**
 * True for the wait for a file's own write lock, which whoever writes to it holds (Go source: internal/poll/fd_mutex.go).
 * It stands in the runtime as `semacquire`.
 */
export function isFileLock(symbol: string): boolean {
  return /^internal\/poll\.\(\*(?:fdMutex\)\.rwlock|FD\)\.writeLock)$/.test(symbol);
}
