import type { CaptureKind } from "../../domain/evidence/capture.ts";

/** What a capture is of, in the fewest words. */
export const kindWords: Readonly<Record<CaptureKind, string>> = {
  index: "index",
  cmdline: "command line",
  goroutine: "goroutines",
  "goroutine-counts": "goroutine counts",
  "goroutine-dump": "goroutine dump",
  goroutineleak: "leaked goroutines",
  mutex: "locks",
  block: "blocking",
  heap: "heap",
  "heap-text": "memory figures",
  allocs: "allocations",
  threadcreate: "threads",
  cpu: "CPU",
  trace: "trace",
  profile: "other profile",
  metrics: "metrics",
  expvar: "expvar",
  log: "log",
  context: "Prometheus",
  config: "config history",
};
