/**
 * runtime.MemStats as printed in the trailer of `heap?debug=1` or in expvar's `memstats`
 * (Go source: runtime/pprof/pprof.go writeHeapInternal; runtime/mstats.go). Bytes unless the name says otherwise.
 */
export interface MemStats {
  readonly artifact: string;
  readonly takenAtMs?: number;
  /** Live and not yet swept heap objects (HeapAlloc). */
  readonly heapAllocBytes: number;
  readonly heapSysBytes: number;
  readonly heapIdleBytes: number;
  readonly heapInuseBytes: number;
  readonly heapReleasedBytes: number;
  readonly heapObjects: number;
  readonly stackInuseBytes: number;
  /** Everything obtained from the OS by the runtime (Sys). */
  readonly sysBytes: number;
  readonly totalAllocBytes: number;
  readonly mallocs: number;
  readonly frees: number;
  readonly nextGcBytes: number;
  readonly numGc: number;
  readonly numForcedGc: number;
  /** Since the process started: useless for a fresh incident of an old process. */
  readonly gcCpuFractionSinceStart: number;
  /** Stop-the-world pauses of the last GCs in nanoseconds, newest first, at most 256. */
  readonly pausesNs: readonly number[];
  /** When those pauses ended, milliseconds since the epoch, same order. */
  readonly pauseEndsMs: readonly number[];
  /** Peak resident set (MaxRSS); Linux and macOS only. */
  readonly maxRssBytes?: number;
}
