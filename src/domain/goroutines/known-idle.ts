import { isRequest } from "../code/code-object.ts";
import { symbolTable } from "../code/symbol-table.ts";
import { memoised } from "../memoised.ts";
import type { GoroutineGroup } from "./goroutine.ts";
import { isRuntimeFrame } from "./goroutine-sites.ts";

/**
 * Why a goroutine that waits is no news. Sources: the ignore lists that projects keep for go.uber.org/goleak
 * (goleak options.go, kcp-dev/kcp test/e2e/framework, etcd-io/etcd testutils), and the libraries' own loops.
 */
export interface IdleRole {
  /** What the goroutine is there for, e.g. "waits for connections". */
  readonly role: string;
  /**
   * - `process`: a handful per process, component or client object.
   * - `connection`: one or two per open connection, so the count follows the connections.
   */
  readonly per: "process" | "connection";
}

/** Frames that only carry a wait: the loop that waits stands above them. */
const passage =
  /^(?:runtime|internal\/[a-z/]+|runtime\/internal\/[a-z/]+|sync|syscall|time|bufio|io|crypto\/tls|net|vendor\/golang\.org\/x\/sys\/[a-z]+|golang\.org\/x\/sys\/[a-z]+)\.|^net\/http\.(?:\(\*connReader\)\.Read|\(\*persistConn\)\.Read|http2readFrameHeader|\(\*http2Framer\)\.ReadFrame)|(?:^|\/)golang\.org\/x\/net\/http2\.(?:readFrameHeader|\(\*Framer\)\.ReadFrame)|(?:^|\/)google\.golang\.org\/grpc\/internal\/transport(?:\/readyreader\.|\.\(\*framer\)\.readFrame)|(?:^|\/)quic-go(?:\.\(\*(?:ReceiveStream|Stream)\)\.|\/quicvarint\.|\/http3\.\(\*(?:frameParser|countingByteReader|tracingReader|stateTrackingStream)\)\.)/;

/** An accept call anywhere among the frames that carry the wait. */
const accept = /^(?:net\.\(\*(?:TCP|Unix)Listener\)|internal\/poll\.\(\*FD\))\.Accept$/;

const brokerLoop: IdleRole = { role: "is a message broker client loop", per: "connection" };

/** Looked up by the innermost frame that is no passage. Vendored copies end with the same import path. */
const loopNamed = symbolTable<IdleRole>([
  [{ role: "waits for connections", per: "process" }, /^net\/http\.\(\*Server\)\.Serve$/],
  [{ role: "waits for signals", per: "process" }, /^os\/signal\.(?:signal_recv|loop|NotifyContext)/],
  [
    { role: "waits for the next request on a kept-alive connection", per: "connection" },
    /^net\/http\.\(\*conn\)\.serve$/,
  ],
  [
    { role: "waits for the next connection or request of a fasthttp server", per: "connection" },
    // A handler stands above both; a header that has begun is read in a function of its own (fasthttp source: server.go).
    /(?:^|\/)valyala\/fasthttp\.\(\*(?:workerPool\)\.workerFunc|Server\)\.serveConn(?:Counted)?)$/,
  ],
  [
    { role: "watches the connection of a request that is being handled", per: "connection" },
    /^net\/http\.\(\*connReader\)\.backgroundRead$/,
  ],
  [
    { role: "serves an HTTP/2 connection", per: "connection" },
    /http2\.?\(?\*?(?:serverConn\)|http2serverConn\))\.(?:serve|readFrames)$|^net\/http\.\(\*http2serverConn\)\.(?:serve|readFrames)$/,
  ],
  [
    { role: "reads an HTTP/2 client connection", per: "connection" },
    /\(\*(?:http2)?clientConnReadLoop\)\.run$|\(\*(?:http2)?ClientConn\)\.readLoop$/,
  ],
  [
    { role: "keeps a client connection open", per: "connection" },
    /^net\/http\.\(\*persistConn\)\.(?:readLoop|writeLoop)$/,
  ],
  [
    { role: "opens or retires database connections", per: "process" },
    /^database\/sql\.\(\*DB\)\.connection(?:Opener|Cleaner|Resetter)$/,
  ],
  [
    { role: "waits for a test to end", per: "process" },
    /^testing\.(?:\(\*T\)\.(?:Run|Parallel)|\(\*M\)\.|tRunner|runTests|\(\*testState\)|\(\*testContext\))/,
  ],
  [
    { role: "exports statistics", per: "process" },
    /(?:^|\/)go\.opencensus\.io\/stats\/view\.\(\*worker\)\.start$|(?:^|\/)go\.opentelemetry\.io\/otel\/sdk\/[a-z/]+\.(?:\(\*(?:batchSpanProcessor|PeriodicReader|BatchProcessor|pollFunc|bufferExporter)\)\.(?!OnEnd$|OnEmit$|enqueue|ForceFlush|Shutdown|Collect)|NewBatchSpanProcessor\.func)|go-metrics\.\(\*meterArbiter\)\.tick$/,
  ],
  [
    { role: "is a Kubernetes client loop", per: "process" },
    /(?:^|\/)k8s\.io\/(?:apimachinery\/pkg\/util\/wait|client-go\/(?:util\/workqueue|tools\/(?:cache|record|leaderelection|watch)|rest\/watch)|apimachinery\/pkg\/watch|client-go\/util\/flowcontrol)\./,
  ],
  [
    { role: "flushes logs", per: "process" },
    /(?:^|\/)(?:k8s\.io\/klog(?:\/v2)?|github\.com\/golang\/glog)\.\(\*(?:flushDaemon|loggingT|fileSink)\)\.|lumberjack(?:%2ev2|\.v2)?\.\(\*Logger\)\.millRun$|go\.uber\.org\/zap\/zapcore\.\(\*BufferedWriteSyncer\)\.flushLoop$/,
  ],
  [
    { role: "keeps a database pool healthy", per: "process" },
    /pgxpool\.\(\*Pool\)\.(?:backgroundHealthCheck|triggerHealthCheck)|\/topology\.\(\*(?:Server\)\.(?:update|check)|rttMonitor\)\.|pool\)\.(?:maintain|createConnections))|(?:^|\/)go\.mongodb\.org\/.*\/topology\.newPool/,
  ],
  [
    { role: "watches a database connection", per: "connection" },
    /go-sql-driver\/mysql\.\(\*mysqlConn\)\.startWatcher\.func\d+$|pgconn\/ctxwatch\.\(\*ContextWatcher\)\.Watch/,
  ],
  [
    { role: "keeps Redis connections", per: "process" },
    /go-redis\/(?:redis\/)?v\d+(?:\/internal\/pool)?\.\(\*(?:ConnPool\)\.(?:reaper|checkMinIdleConns)|channel\)\.|clusterStateHolder\))/,
  ],
  [
    { role: "is a gRPC connection loop", per: "connection" },
    /(?:^|\/)google\.golang\.org\/grpc\/internal\/transport\.\(\*(?:controlBuffer\)\.get|loopyWriter\)\.run|http2Client\)\.(?:keepalive|reader|readServerPreface)|http2Server\)\.(?:keepalive|HandleStreams))/,
  ],
  [
    { role: "is a gRPC client or server loop", per: "process" },
    /(?:^|\/)google\.golang\.org\/grpc(?:\/internal\/(?:grpcsync\.\(\*CallbackSerializer\)|resolver\/dns\.\(\*dnsResolver\)|idle\.|channelz\.|resolver\/)|\.\(\*(?:Server\)\.serverWorker|ccBalancerWrapper\)|ccResolverWrapper\)|addrConn\)\.(?:resetTransport|connect|createTransport)|ClientConn\)\.WaitForStateChange))/,
  ],
  [
    { role: "is a QUIC connection loop", per: "connection" },
    /(?:^|\/)quic-go(?:\.\(\*(?:Conn\)\.run|sendQueue\)\.Run|Transport\)\.(?:listen|runSendQueue)|oobConn\)\.ReadPacket|baseServer\)\.(?:run|accept)|incomingStreamsMap(?:\[.*\])?\)\.AcceptStream)|\/http3\.\(\*(?:ClientConn|RawServerConn|rawConn|Server|Transport)\)\.(?:handle(?:ControlStream|Conn|UnidirectionalStream)|roundTrip\.func))/,
  ],
  [
    { role: "is an etcd client loop", per: "process" },
    /(?:^|\/)go\.etcd\.io\/etcd\/client(?:v3|\/v3)\.\(\*(?:watchGr[pP][cC]Stream|lessor|watcher)\)\.|etcd3\.\(\*compactor\)\./,
  ],
  // What the service calls and waits for an answer in is left out: the synchronous producer, commits, admin calls.
  [
    brokerLoop,
    /(?:^|\/)github\.com\/(?:IBM|Shopify)\/sarama\.(?!\(\*(?:syncProducer|clusterAdmin|transactionManager)\)\.)/,
  ],
  [
    brokerLoop,
    /(?:^|\/)github\.com\/nats-io\/(?:nats\.go|nats%2ego)\.(?:\(\*Conn\)\.(?:readLoop|flusher|waitForMsgs|doReconnect)|\(\*asyncCallbacksHandler\)\.|\(\*Subscription\)\.(?:NextMsg|nextMsg|Fetch))/,
  ],
  [
    brokerLoop,
    /(?:^|\/)github\.com\/(?:rabbitmq\/amqp091-go|streadway\/amqp)\.\(\*(?:Connection\)\.(?:reader|heartbeater|shutdown)|consumers\)\.buffer)/,
  ],
  [
    brokerLoop,
    /(?:^|\/)github\.com\/twmb\/franz-go\/pkg\/kgo\.(?!\(\*(?:Client|GroupTransactSession)\)\.(?:[Pp]roduce$|ProduceSync|Flush|Ping|Request|Commit|End|Begin|AbortBuffered))/,
  ],
  [
    brokerLoop,
    /(?:^|\/)github\.com\/segmentio\/kafka-go\.(?:\(\*(?:reader|conn|connPool|connGroup|ConsumerGroup|Generation|partitionWriter|batchQueue)\)\.|\(\*Reader\)\.(?:run|start|readLag|ReadLag|commitLoop|FetchMessage|ReadMessage)|\(\*Dialer\)\.)/,
  ],
  [
    brokerLoop,
    /(?:^|\/)github\.com\/nsqio\/go-nsq\.\(\*(?:Conn\)\.(?:readLoop|writeLoop|cleanup)|Consumer\)\.(?:lookupdLoop|rdyLoop|handlerLoop)|Producer\)\.router)/,
  ],
  [
    { role: "is a library's housekeeping loop", per: "process" },
    /(?:^|\/)github\.com\/(?:patrickmn\/go-cache\.\(\*janitor\)\.Run|dgraph-io\/ristretto(?:\/v2)?(?:\/z)?\.(?:\(\*\w+(?:\[.*\])?\)\.(?:processItems|freeupAllocators))|fsnotify\/fsnotify\.|getsentry\/sentry-go\.|robfig\/cron(?:\/v3)?\.\(\*Cron\)\.run|godbus\/dbus(?:\/v5)?\.|hashicorp\/golang-lru\/v2\/expirable\.|jellydator\/ttlcache|golang\/groupcache\.)/,
  ],
]);

/** What an idle goroutine of the runtime, the standard library or a well-known library is there for. */
export const idleRole = memoised(findRole);

/** True when the group waits where a healthy process waits too, whatever its age. */
export function isKnownIdle(group: GoroutineGroup): boolean {
  return idleRole(group) !== undefined;
}

/** True for goroutines that are there because somebody is taking a capture. */
export function isObserver(group: GoroutineGroup): boolean {
  return group.stack.some(({ function: symbol }) => observer.test(symbol));
}

/** `pprof.Do` and `trace.WithRegion` only label the service's own work. */
const observer = /^(?:runtime\/pprof\.(?!Do\b)|net\/http\/pprof\.|runtime\/trace\.(?!WithRegion\b)|expvar\.)/;

function findRole(group: GoroutineGroup): IdleRole | undefined {
  if (isObserver(group)) return { role: "takes this capture", per: "process" };
  if (group.stack.length > 0 && group.stack.every(isRuntimeFrame)) {
    return { role: "belongs to the runtime", per: "process" };
  }
  for (const { function: symbol } of group.stack) {
    if (accept.test(symbol)) return { role: "waits for connections", per: "process" };
    const loop = loopNamed(symbol);
    if (loop !== undefined) {
      return isBusy(group, symbol) || isCalledByRequest(group, symbol) ? undefined : loop;
    }
    if (!passage.test(symbol)) return undefined;
  }
  return undefined;
}

/**
 * The same functions in another wait are not idle: a client connection's reader that selects waits for somebody to
 * finish a response body (Go source: net/http/transport.go, persistConn.readLoop), and a server connection that waits
 * for anything but bytes, or for bytes it has begun to read, is at work.
 */
function isBusy(group: GoroutineGroup, site: string): boolean {
  if (/^sync\.(?:Mutex|RWMutex)/.test(group.wait)) return true;
  if (site === "net/http.(*persistConn).readLoop") return group.wait === "select";
  if (site === "net/http.(*conn).serve") {
    return !group.stack.some(({ function: symbol }) => symbol === "bufio.(*Reader).Peek");
  }
  // It also writes the answer itself, to a client that may not read.
  if (/\/fasthttp\.\(\*Server\)\.serveConn(?:Counted)?$/.test(site)) {
    return group.stack.some(({ function: symbol }) => symbol.startsWith("bufio.(*Writer)."));
  }
  return false;
}

/**
 * A request that stands in a client library waits for that library's answer, whatever the library's own goroutines do
 * in the same functions. The loops of HTTP servers stand below a connection's own goroutine themselves.
 */
function isCalledByRequest(group: GoroutineGroup, site: string): boolean {
  return !/^net\/http\.|http2|\/fasthttp\./.test(site) && isRequest(group);
}
