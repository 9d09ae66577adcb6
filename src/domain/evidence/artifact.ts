import type { ConfigHistoryFacts } from "../configuration/config-change.ts";
import type { ServiceContext } from "../context/service-context.ts";
import type { CrashReport } from "../goroutines/crash.ts";
import type { GoroutineSnapshot } from "../goroutines/goroutine.ts";
import type { MemStats } from "../memory/memstats.ts";
import type { MetricsScrape } from "../metrics/metrics.ts";
import type { ContentionProfile } from "../profiles/contention.ts";
import type { Profile } from "../profiles/profile.ts";
import type { PprofIndex } from "./pprof-index.ts";

/**
 * One capture file as read, by what it turned out to be.
 *
 * - `profile`: heap, allocs, CPU, mutex or block profile; which one is for `profileKind` to say.
 * - `goroutines`: from a profile, counts or a dump. `leaked` for the runtime's own goroutineleak profile. `crash` when
 *   a panic, fatal error or SIGQUIT stood in front of the dump. Of a text with several dumps, `earlier` has those of the
 *   same run of the process, oldest first, and `note` says what became of each.
 * - `unread`: a format that is known and carries nothing that is judged yet.
 */
export type ParsedArtifact =
  | { readonly type: "profile"; readonly profile: Profile }
  | {
      readonly type: "goroutines";
      readonly snapshot: GoroutineSnapshot;
      readonly leaked: boolean;
      readonly crash?: CrashReport;
      readonly earlier?: readonly GoroutineSnapshot[];
      readonly note?: string;
    }
  | { readonly type: "contention"; readonly contention: ContentionProfile }
  | { readonly type: "memstats"; readonly memstats: MemStats; readonly from: "heap-text" | "expvar" }
  | { readonly type: "metrics"; readonly scrape: MetricsScrape }
  | { readonly type: "index"; readonly index: PprofIndex }
  | { readonly type: "threads"; readonly threads: number }
  | { readonly type: "context"; readonly context: ServiceContext }
  | { readonly type: "config"; readonly config: ConfigHistoryFacts }
  | { readonly type: "unread"; readonly format: "trace" | "cmdline" };
