import type { Incident } from "../../domain/incidents/incident.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Incidents } from "../../ports/incidents.ts";

/** What stands at the page that people saw first, so that they need not look for the answer in its thread. */
function markOf({ state, analysis }: Incident): string {
  if (state === "queued" || state === "capturing") return "eyes";
  // Without a verdict the end of its alerts is no answer.
  return analysis === undefined ? "warning" : "white_check_mark";
}

/**
 * Puts a reaction to the page that the incident answers: taken, answered, or not to be answered. A chat that refuses
 * it (the page was deleted, a scope is missing) loses nothing but the mark. Throws PortError for what may be tried
 * again.
 */
export async function markPage(
  incident: Incident,
  { chat, incidents }: { readonly chat: Chat; readonly incidents: Incidents },
  refuses: (error: unknown) => boolean,
  signal: AbortSignal,
): Promise<Incident> {
  const { id, origin, place, pageMark, storm } = incident;
  const mark = markOf(incident);
  if (origin.kind !== "page" || place.thread === undefined || pageMark === mark) return incident;
  // A digest stands for many pages: what one of them has come to is no mark of it.
  if (storm?.inThread === true) return incident;
  const page = { channel: place.channel, ts: place.thread };
  try {
    await chat.react(page, mark, signal);
    if (pageMark !== undefined) await chat.unreact(page, pageMark, signal);
  } catch (error) {
    if (!refuses(error)) throw error;
  }
  return await incidents.update(id, (now) => ({ ...now, pageMark: mark }), signal);
}
