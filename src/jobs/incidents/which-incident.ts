import type { Place } from "../../domain/chat/message.ts";
import { UsageError } from "../../domain/errors.ts";
import type { AnalysisSummary, Incident } from "../../domain/incidents/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";

/** An incident with a verdict. */
export type JudgedIncident = Incident & { readonly analysis: AnalysisSummary };

/**
 * The incident that a person means: the one of that id, else the newest of the thread they write in, else the newest
 * of the channel. Throws UsageError.
 */
export async function whichIncident(
  id: string | undefined,
  place: Place,
  incidents: Pick<Incidents, "read" | "recent">,
  signal: AbortSignal,
): Promise<Incident> {
  if (id !== undefined) {
    if (!idShape.test(incidentId(id))) {
      throw new UsageError(
        `"${id}" is no id of an incident. It looks like gf-3fa9 and is in the last line of its card.`,
      );
    }
    const incident = await incidents.read(incidentId(id), signal);
    if (incident !== undefined) return incident;
    throw new UsageError(
      `There is no incident ${incidentId(id)} that you can see. The id is in the last line of its card; cards older than ` +
        "30 days are forgotten, and those of a private channel are shown only to who is in it.",
    );
  }
  const newest = await newestAt(place, incidents, signal);
  if (newest !== undefined) return newest;
  throw new UsageError(
    `Which incident? There is none in this ${place.thread === undefined ? "channel" : "thread"}: write its id, such as gf-3fa9.`,
  );
}

/** The newest incident of a thread, or of a whole channel. */
export async function newestAt(
  { channel, thread }: Place,
  incidents: Pick<Incidents, "recent">,
  signal: AbortSignal,
): Promise<Incident | undefined> {
  const recent = await incidents.recent({ channel, limit: 100 }, signal);
  return thread === undefined
    ? recent[0]
    : recent.find(({ place, card }) => place.thread === thread || card?.ref?.ts === thread);
}

/** Throws UsageError for an incident without a verdict, in words that say why it has none. */
export function judged(incident: Incident): JudgedIncident {
  const { id, analysis, state, problem } = incident;
  if (analysis !== undefined) return { ...incident, analysis };
  if (state === "failed") throw new UsageError(`${id} has no verdict. ${problem ?? ""}`.trim());
  if (state === "resolved") throw new UsageError(`${id} was resolved without a verdict.`);
  throw new UsageError(`${id} has no verdict yet: it is still ${state}. Its card will say when it has one.`);
}

/** See `Incident.id`; far longer than any of them. */
const idShape = /^gf-[0-9a-z]{1,20}$/;

/** As it is stored. People leave out the beginning, and read o for 0 and l for 1 (Crockford's base 32). */
function incidentId(typed: string): string {
  const bare = typed.toLowerCase().replace(/^#?gf-?/, "");
  return `gf-${bare.replace(/o/g, "0").replace(/[il]/g, "1")}`;
}
