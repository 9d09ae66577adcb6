import type { Evidence, NonEmpty } from "../evidence/evidence.ts";
import { gauge } from "../metrics/counters.ts";
import type { MetricsScrape } from "../metrics/metrics.ts";
import type { MemStats } from "./memstats.ts";

/** Where the memory of a Go process is, in bytes, at one moment (Go source: runtime/mstats.go, MemStats). */
export interface HeapFigures {
  readonly artifact: string;
  /** Objects, live or not yet swept. */
  readonly heapAllocBytes: number;
  /** Spans that hold at least one object. */
  readonly heapInuseBytes: number;
  /** Spans without objects, given back to the operating system or not. */
  readonly heapIdleBytes: number;
  readonly heapReleasedBytes: number;
  readonly stackInuseBytes: number;
  /** Everything that the runtime got from the operating system, `heapReleasedBytes` included. */
  readonly sysBytes: number;
  /** Heap size at which the next GC is to be done. */
  readonly nextGcBytes: number;
}

/** The latest figures; MemStats before the gauges that client_golang makes of them. */
export function heapFigures(
  evidence: Partial<Pick<Evidence, "memstats" | "metrics">>,
): HeapFigures | undefined {
  return (
    evidence.memstats?.at(-1) ?? figuresOfScrape(evidence.metrics?.at(-1)) ?? latestScraped(evidence.metrics)
  );
}

/** Figures at the first and the last moment, from one kind of source. Undefined when there is only one moment. */
export function heapFiguresOverTime(
  evidence: Partial<Pick<Evidence, "memstats" | "metrics">>,
): { readonly first: HeapFigures; readonly last: HeapFigures } | undefined {
  const moments: readonly (MemStats | HeapFigures | undefined)[] =
    (evidence.memstats?.length ?? 0) > 1
      ? (evidence.memstats ?? [])
      : (evidence.metrics ?? []).map((scrape) => figuresOfScrape(scrape));
  const known = moments.filter((figures) => figures !== undefined);
  const first = known[0];
  const last = known.at(-1);
  return first === undefined || last === undefined || first === last ? undefined : { first, last };
}

function latestScraped(metrics: NonEmpty<MetricsScrape> | undefined): HeapFigures | undefined {
  return metrics?.map(figuresOfScrape).findLast((figures) => figures !== undefined);
}

const gauges = {
  heapAllocBytes: "go_memstats_heap_alloc_bytes",
  heapInuseBytes: "go_memstats_heap_inuse_bytes",
  heapIdleBytes: "go_memstats_heap_idle_bytes",
  heapReleasedBytes: "go_memstats_heap_released_bytes",
  stackInuseBytes: "go_memstats_stack_inuse_bytes",
  sysBytes: "go_memstats_sys_bytes",
  nextGcBytes: "go_memstats_next_gc_bytes",
} as const;

function figuresOfScrape(scrape: MetricsScrape | undefined): HeapFigures | undefined {
  if (scrape === undefined) return undefined;
  const read = (name: string) => gauge([scrape], name);
  const heapAllocBytes = read(gauges.heapAllocBytes);
  const heapInuseBytes = read(gauges.heapInuseBytes);
  const heapIdleBytes = read(gauges.heapIdleBytes);
  const heapReleasedBytes = read(gauges.heapReleasedBytes);
  const stackInuseBytes = read(gauges.stackInuseBytes);
  const sysBytes = read(gauges.sysBytes);
  const nextGcBytes = read(gauges.nextGcBytes);
  if (
    heapAllocBytes === undefined ||
    heapInuseBytes === undefined ||
    heapIdleBytes === undefined ||
    heapReleasedBytes === undefined ||
    stackInuseBytes === undefined ||
    sysBytes === undefined ||
    nextGcBytes === undefined
  ) {
    return undefined;
  }
  return {
    artifact: scrape.artifact,
    heapAllocBytes,
    heapInuseBytes,
    heapIdleBytes,
    heapReleasedBytes,
    stackInuseBytes,
    sysBytes,
    nextGcBytes,
  };
}

/** Memory that the runtime holds from the operating system: what GOMEMLIMIT is held against. */
export function heldBytes({ sysBytes, heapReleasedBytes }: HeapFigures): number {
  return sysBytes - heapReleasedBytes;
}
