import type { Place } from "../../domain/chat/message.ts";
import { configLine, suspectsFirst } from "../../domain/configuration/config-summary.ts";
import type { RevertWay } from "../../domain/configuration/rollback.ts";
import { UsageError } from "../../domain/errors.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Analyses } from "../incidents/analyses.ts";
import { judged, newestAt } from "../incidents/which-incident.ts";

export interface SuspicionPorts {
  /** Those that the person may see. */
  readonly incidents: Pick<Incidents, "read" | "recent">;
  readonly analyses: Analyses;
}

/** The change that the findings of a thread's incident suspect first, if any, and the moment that it is seen from. */
export interface Suspicion {
  /** Full commit hash; absent where no change could explain a finding. */
  readonly revision?: string;
  readonly incident: NonNullable<RevertWay["incident"]>;
}

/** The newest of the thread, if it is of this service. */
export async function incidentIn(
  place: Place,
  service: string,
  { incidents }: Pick<SuspicionPorts, "incidents">,
  signal: AbortSignal,
): Promise<Incident | undefined> {
  if (place.thread === undefined) return undefined;
  const found = await newestAt(place, incidents, signal);
  return found?.service === service ? found : undefined;
}

/** Undefined where the incident knows of no configuration. */
export async function suspicionOf(
  found: Incident | undefined,
  { analyses }: Pick<SuspicionPorts, "analyses">,
  signal: AbortSignal,
): Promise<Suspicion | undefined> {
  if (found?.analysis?.config === undefined) return undefined;
  const incident = judged(found);
  let analysis: Analysis;
  try {
    analysis = await analyses.read(incident, signal);
  } catch (error) {
    // What is kept no more suspects nothing; the repository is still there.
    if (!(error instanceof UsageError)) throw error;
    return undefined;
  }
  const { config } = analysis;
  if (config === undefined) return undefined;
  const moment = incident.origin.page === undefined ? "the capture" : "the page";
  const from = { id: incident.id, moment, momentMs: config.atMs };
  const [first] = suspectsFirst(config.revisions);
  const explains = first === undefined ? undefined : configLine(first).change?.couldExplain;
  if (first === undefined || explains === undefined) return { incident: from };
  const title = analysis.findings.find(({ id }) => id === explains.finding)?.title ?? "";
  return {
    revision: first.revision,
    incident: { ...from, suspected: { finding: explains.finding, title, reason: explains.reason } },
  };
}
