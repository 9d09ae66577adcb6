import { PortError, UsageError } from "../../domain/errors.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import { oneAtATime } from "../turns/one-at-a-time.ts";
import type { JudgedIncident } from "./which-incident.ts";

/** The findings of incidents in full, as the analyse job stored them. */
export interface Analyses {
  /**
   * Throws UsageError when it is kept no more or too large to show, PortError `rate-limited` with words for the person
   * when too many others wait for one.
   */
  read(incident: JudgedIncident, signal: AbortSignal): Promise<Analysis>;
}

/** Analyses of processes with a million goroutine groups are larger; nobody reads those in a chat. */
const mostBytes = 64 << 20;
/** Each takes up to a second of the process that also answers everybody else, who is to wait for two at most. */
const mostWaiting = 6;
const againMs = 5_000;

/** One is read at a time, so that a hundred clicks on large ones take the memory of one. */
export function storedAnalyses(artifacts: Pick<Artifacts, "get">): Analyses {
  const inTurn = oneAtATime();
  let waiting = 0;
  return {
    async read(incident, signal) {
      if (waiting >= mostWaiting) {
        throw new PortError(
          "rate-limited",
          "analyses",
          `gofire reads the findings of ${waiting} others first. Those of ${incident.id} are also a file in the thread of its card.`,
          { retryAfterMs: againMs },
        );
      }
      waiting++;
      try {
        return await inTurn(async () => {
          // Who went away meanwhile costs nothing.
          signal.throwIfAborted();
          return await readDocument(incident, artifacts, signal);
        });
      } finally {
        waiting--;
      }
    },
  };
}

async function readDocument(
  { id, analysis }: JudgedIncident,
  artifacts: Pick<Artifacts, "get">,
  signal: AbortSignal,
): Promise<Analysis> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of artifacts.get(analysis.document, signal)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > mostBytes) {
        throw new UsageError(
          `The analysis of ${id} is too large to show here; its file is in the thread of its card.`,
        );
      }
    }
  } catch (error) {
    if (!(error instanceof PortError && error.code === "not-found")) throw error;
    throw new UsageError(`The analysis of ${id} is kept no more. Its card still says what was found.`);
  }
  // Our own document, written by the analyse job.
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Analysis;
}
