import type { ConfigHistoryFacts } from "../../domain/configuration/config-change.ts";
import { reasonOf } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import { configHistoryDocument } from "../../parsers/config-history.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigHistory } from "../../ports/config-history.ts";
import { keepBeside, patiently } from "../beside.ts";
import { momentAsked } from "../moment.ts";
import type { OnProgress } from "../progress.ts";
import type { CaptureRequest } from "../request.ts";
import type { Story } from "../story.ts";
import { revisionFacts } from "./facts.ts";

/** Where the configuration of a service is kept, and which files are its. */
export interface ConfigSource {
  readonly history: ConfigHistory;
  /** Files and folders of the repository; at least one. */
  readonly paths: readonly string[];
  /** When the alert that asked began to fire, milliseconds since the epoch. */
  readonly sinceMs?: number;
}

/** What changed, as it is found while the process is captured. */
export interface ConfigGathering {
  /**
   * Waits for it until `untilMs` (monotonic) at most, keeps it in the bundle if there is one, and tells of it. Throws only
   * when the store fails.
   */
  end(untilMs: number): Promise<void>;
}

/** How far back is told, milliseconds; the last hour of it is suspected (docs/decisions/0026-config-history.md). */
export const configWindowMs = 6 * 3_600_000;
/** A capture takes longer by itself, so nobody waits for it. */
const wholeMs = 10_000;
const file = "config-history.json.gz";

/** Asks the repository, never the process. What cannot be asked is said, and keeps nobody from capturing. */
export function beginConfig(
  source: ConfigSource | undefined,
  request: CaptureRequest,
  clock: Clock,
  story: Story,
  signal: AbortSignal,
  onProgress: OnProgress,
): ConfigGathering {
  if (source === undefined) return { end: () => Promise.resolve() };
  if (request.exclude.includes("config")) {
    return { end: () => story.skip("config", "left out by the request") };
  }
  const { history, paths, sinceMs } = source;
  const over = new AbortController();
  const startedAtMs = clock.nowMs();
  const startedAt = clock.monotonicMs();
  const atMs = momentAsked(sinceMs, startedAtMs);
  const asked = { repository: history.name, paths, atMs, windowMs: configWindowMs };
  onProgress({ type: "started", kind: "config", expectedMs: 0 });
  let tookMs = 0;
  let late = "";
  const gathering = (async (): Promise<Omit<ConfigHistoryFacts, "artifact">> => {
    try {
      const window = { paths, sinceMs: atMs - configWindowMs, untilMs: atMs };
      const { revisions, notes } = await history.changes(window, AbortSignal.any([signal, over.signal]));
      return { ...asked, revisions: revisions.map(revisionFacts), notes };
    } catch (error) {
      // A capture does not fail for what it is not about, not even by a mistake of ours.
      const reason = late === "" ? reasonOf(error).slice(0, 300) : late;
      return { ...asked, revisions: [], notes: [`What changed is not known: ${reason}.`] };
    } finally {
      tookMs = Math.round(clock.monotonicMs() - startedAt);
    }
  })();

  return {
    async end(untilMs) {
      await patiently(gathering, Math.min(untilMs, startedAt + wholeMs), clock, signal);
      late = signal.aborted
        ? "the capture was over before"
        : `${history.name} took longer than ${durationText(clock.monotonicMs() - startedAt)}`;
      over.abort();
      const facts = await gathering;
      const [note] = facts.notes;
      const record = {
        kind: "config",
        startedAtMs,
        durationMs: tookMs,
        ...(note === undefined ? { status: "ok" as const } : { status: "partial" as const, reason: note }),
      } as const;
      await keepBeside(story, record, file, configHistoryDocument.text(facts));
    },
  };
}
