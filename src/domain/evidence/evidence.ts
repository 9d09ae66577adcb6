import type { GoVersion } from "../code/go-version.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { ConfigHistoryFacts } from "../configuration/config-change.ts";
import type { ServiceContext } from "../context/service-context.ts";
import type { CrashReport } from "../goroutines/crash.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import type { MemStats } from "../memory/memstats.ts";
import type { MetricsScrape } from "../metrics/metrics.ts";
import type { BlockWindow } from "../profiles/block-window.ts";
import type { Profile } from "../profiles/profile.ts";

/** At least one element. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** Goroutines seen once or several times. */
export interface GoroutineEvidence {
  /** The most telling whole snapshot: a whole dump before a profile before counts; the latest of its form. */
  readonly best: GoroutineSnapshot;
  /** Comparable snapshots (one form), oldest first. Two or more show growth. */
  readonly series: NonEmpty<GoroutineSnapshot>;
  /** Milliseconds between first and last of `series`, when both times are known. */
  readonly windowMs?: number;
}

/** Threads that the process ever created and has not ended. */
export interface ThreadCount {
  readonly threads: number;
  /** The capture that says so. */
  readonly artifact: string;
}

/** Everything that was captured, by kind. An analyzer names the kinds it needs and receives exactly these. */
export interface Evidence {
  readonly goroutines: GoroutineEvidence;
  /** The latest whole goroutine dump (debug=2, panic, SIGQUIT), or the latest when none is whole. */
  readonly dump: GoroutineSnapshot;
  /** The runtime's own leak finding (goroutineleak profile, Go 1.26 experiment, 1.27). */
  readonly goroutineLeak: GoroutineSnapshot;
  /** Heap profiles, oldest first. */
  readonly heap: NonEmpty<Profile>;
  readonly cpu: Profile;
  /** Mutex profiles (stacks are those of the unlocker), oldest first. */
  readonly mutex: NonEmpty<Profile>;
  /** Block profiles (completed waits only), oldest first. */
  readonly block: NonEmpty<Profile>;
  /** What the last block profiles say about the time between them. */
  readonly blockWindow: BlockWindow;
  readonly threadCount: ThreadCount;
  readonly memstats: NonEmpty<MemStats>;
  readonly metrics: NonEmpty<MetricsScrape>;
  readonly crash: CrashReport;
  /** What a metrics server said of the service around the time of the captures. */
  readonly context: ServiceContext;
  /** What the repository of the service's configuration said of the time before. */
  readonly config: ConfigHistoryFacts;
}

export type EvidenceKey = keyof Evidence;

/** What is known about the process besides its captures. */
export interface TargetFacts {
  readonly service?: string;
  readonly instance?: string;
  readonly goVersion?: GoVersion;
  /** Tells the service's own code from the standard library and dependencies. */
  readonly own: OwnCode;
}
