import { PortError, UsageError } from "../../domain/errors.ts";
import type { Analysis } from "../../domain/finding.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { JudgedIncident } from "./which-incident.ts";

/** Analyses of processes with a million goroutine groups are larger; nobody reads those in a chat. */
const mostBytes = 64 << 20;

/** The whole analysis of an incident. Throws UsageError when it is kept no more. */
export async function readAnalysis(
  { id, analysis }: JudgedIncident,
  artifacts: Artifacts,
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
