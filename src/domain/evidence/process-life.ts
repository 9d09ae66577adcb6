import { metricValue } from "../metrics/metrics.ts";
import { sampleIndexOf } from "../profiles/profile.ts";
import { profileTotal } from "../profiles/profile-totals.ts";
import { inTimeOrder, type ReadCapture, timed } from "./read-capture.ts";

/** Captures of the process as it runs now, and those of an earlier run of it. */
export interface OneLife {
  readonly captures: readonly ReadCapture[];
  readonly earlier: readonly ReadCapture[];
  /** What shows that the process restarted; present when something of an earlier run was left out. */
  readonly sign?: string;
}

/** Something that tells the runs of a process apart, as one capture has it. */
interface Sign {
  readonly what: string;
  readonly value: number;
  /** Whether `after`, seen later than `before`, can only be of another run. */
  isAnother(before: number, after: number): boolean;
}

/**
 * Keeps the captures of the process's last run: between two runs nothing grows and nothing waits on. A capture that may be
 * of either run is kept when it is the last of its sort, since it is then compared with no other.
 *
 * Scrapes and runtime.MemStats stay: who takes their difference looks for a restart itself.
 */
export function ofOneLife(given: readonly ReadCapture[]): OneLife {
  const ordered = inTimeOrder(given.map((capture) => timed(capture, capture, ownTimeOf(capture))));
  const seen = ordered.map(signOf);
  const restarts = seen.flatMap((sign, at) => {
    if (sign === undefined) return [];
    const before = seen.findLastIndex((other, place) => place < at && other?.what === sign.what);
    const value = seen[before]?.value;
    return value !== undefined && sign.isAnother(value, sign.value) ? [{ before, at, what: sign.what }] : [];
  });
  const lastSeenBefore = Math.max(...restarts.map(({ before }) => before));
  const last = restarts.find(({ before }) => before === lastSeenBefore);
  if (last === undefined) return { captures: given, earlier: [] };
  const firstSeenAfter = Math.min(...restarts.filter(({ at }) => at > lastSeenBefore).map(({ at }) => at));
  const earlier = new Set(
    ordered.filter((capture, place) => {
      const sort = sortOf(capture);
      if (sort === undefined || place >= firstSeenAfter) return false;
      return place <= lastSeenBefore || ordered.slice(place + 1).some((later) => sortOf(later) === sort);
    }),
  );
  if (earlier.size === 0) return { captures: given, earlier: [] };
  return {
    captures: given.filter((capture) => !earlier.has(capture)),
    earlier: [...earlier],
    sign: last.what,
  };
}

/** Milliseconds since the epoch that the capture itself names. */
function ownTimeOf({ artifact }: ReadCapture): number | undefined {
  if (artifact.type === "profile") return artifact.profile.timeMs;
  return artifact.type === "goroutines" ? artifact.snapshot.takenAtMs : undefined;
}

/** Captures of one sort are compared with each other; undefined for what is none of this module's business. */
function sortOf({ artifact, kind }: ReadCapture): string | undefined {
  if (artifact.type === "goroutines") return artifact.leaked ? "leaked" : artifact.snapshot.form;
  if (artifact.type === "contention") return artifact.contention.of;
  if (artifact.type !== "profile") return undefined;
  return kind ?? artifact.profile.sampleTypes.map(({ type }) => type).join();
}

/**
 * When the process started, by the Prometheus client libraries; or what it allocated since then, which only rises (heap
 * profiles of a stretch of time, `?seconds=`, excepted).
 */
function signOf({ artifact }: ReadCapture): Sign | undefined {
  if (artifact.type === "metrics") {
    const value = metricValue(artifact.scrape, "process_start_time_seconds");
    if (value === undefined) return undefined;
    return {
      what: "process_start_time_seconds changed",
      value,
      isAnother: (before, after) => Math.abs(after - before) > 1,
    };
  }
  if (artifact.type !== "profile" || artifact.profile.durationMs !== undefined) return undefined;
  const allocations = sampleIndexOf(artifact.profile, "alloc_space");
  if (allocations === -1) return undefined;
  return {
    what: "what it allocated since its start fell",
    value: profileTotal(artifact.profile, allocations),
    isAnother: (before, after) => after < before,
  };
}
