import type { MemStats } from "../../domain/memory/memstats.ts";

/** Values by the name that runtime.MemStats gives them; `PauseNs` and `PauseEnd` as the runtime's ring. */
export interface RawMemStats {
  readonly numbers: ReadonlyMap<string, number>;
  readonly pauseNs: readonly number[];
  readonly pauseEnd: readonly number[];
}

/** Fields that every Go version since 1.4 has, and without which the figures are not those of a Go process. */
const required = [
  "HeapAlloc",
  "HeapSys",
  "HeapIdle",
  "HeapInuse",
  "HeapReleased",
  "HeapObjects",
  "StackInuse",
  "Sys",
  "TotalAlloc",
  "Mallocs",
  "Frees",
  "NextGC",
  "NumGC",
] as const;

/** The first required field that is missing. */
export function missingField(raw: RawMemStats): string | undefined {
  const field = required.find((name) => !raw.numbers.has(name));
  if (field !== undefined) return field;
  if (raw.pauseNs.length === 0) return "PauseNs";
  return raw.pauseEnd.length === raw.pauseNs.length ? undefined : "PauseEnd";
}

/** Puts the fields into the domain's words. Call only when nothing is missing. */
export function memStatsOf(artifact: string, takenAtMs: number | undefined, raw: RawMemStats): MemStats {
  const number = (name: string) => raw.numbers.get(name) ?? 0;
  const maxRssBytes = raw.numbers.get("MaxRSS");
  const numGc = number("NumGC");
  return {
    artifact,
    ...(takenAtMs === undefined ? {} : { takenAtMs }),
    heapAllocBytes: number("HeapAlloc"),
    heapSysBytes: number("HeapSys"),
    heapIdleBytes: number("HeapIdle"),
    heapInuseBytes: number("HeapInuse"),
    heapReleasedBytes: number("HeapReleased"),
    heapObjects: number("HeapObjects"),
    stackInuseBytes: number("StackInuse"),
    sysBytes: number("Sys"),
    totalAllocBytes: number("TotalAlloc"),
    mallocs: number("Mallocs"),
    frees: number("Frees"),
    nextGcBytes: number("NextGC"),
    numGc,
    numForcedGc: number("NumForcedGC"),
    gcCpuFractionSinceStart: number("GCCPUFraction"),
    pausesNs: newestFirst(raw.pauseNs, numGc),
    pauseEndsMs: newestFirst(raw.pauseEnd, numGc).map((endNs) => endNs / 1e6),
    ...(maxRssBytes === undefined ? {} : { maxRssBytes }),
  };
}

/**
 * The used part of a ring, newest first. The newest stands at `(NumGC + 255) % 256`
 * (Go source: runtime/mstats.go, MemStats.PauseNs).
 */
function newestFirst(ring: readonly number[], numGc: number): number[] {
  const used = Math.min(numGc, ring.length);
  const values: number[] = [];
  for (let back = 1; back <= used; back++) {
    values.push(ring[(((numGc - back) % ring.length) + ring.length) % ring.length] ?? 0);
  }
  return values;
}
