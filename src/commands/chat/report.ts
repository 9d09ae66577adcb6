import type { Place } from "../../domain/chat/message.ts";
import { UsageError } from "../../domain/errors.ts";
import type { Incident, Reply } from "../../domain/incidents/incident.ts";
import { withAct } from "../../domain/incidents/incident-record.ts";
import { sayableIn } from "../../jobs/access/sight.ts";
import { whichIncident } from "../../jobs/incidents/which-incident.ts";
import type { Rooms } from "../../ports/rooms.ts";
import { defineChatCommand } from "./chat-command.ts";

/** Each is a message in the thread for good. */
const mostReports = 20;

export const report = defineChatCommand({
  name: "report",
  summary: "Post a post-incident report into the incident's thread, as a Markdown file",
  usage: "[ID]",
  examples: [
    { line: "report gf-3fa9", does: "timeline, findings, evidence, open questions, who did what" },
    { line: "report", does: "of the newest incident of this thread or channel" },
  ],
  // It says what explain says, and who did what.
  whoMayUse: "explain",
  operands: { placeholder: "the ID of an incident", min: 0, max: 1 },
  options: {},
  async run({ place, userId, intent }, { operands: [id] }, { incidents, rooms, queue, clock }, signal) {
    const asked = await whichIncident(id, place, incidents, signal);
    const { id: known } = asked;
    if (asked.shadow === true) await checkListeners(asked, place, rooms, signal);
    const act = { userId, intent, atMs: clock.nowMs() };
    const incident = await incidents.update(
      known,
      (now) => {
        checkThread(now);
        const noted = withAct(now, { did: "asked-for-report" }, act);
        // The same request again: what it asked for is there or on its way.
        return noted === now ? now : withReport(noted, place);
      },
      signal,
    );
    await queue.publish(incident.id, "now", signal);
    return { kind: "reporting", incident };
  },
});

function checkThread({ id, card }: Incident): void {
  if (card?.problem === undefined) return;
  throw new UsageError(
    `${id} has no thread that a report could go to: its card is not shown. ${card.problem}`,
  );
}

/** Without a thread it is posted for everybody where it was asked for. Throws UsageError where they may not read it. */
async function checkListeners(
  { id, place: { channel } }: Incident,
  { channel: here }: Place,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<void> {
  if ((await sayableIn(here, [channel], rooms, signal)).has(channel)) return;
  throw new UsageError(
    `${id} is in shadow, so its report would be posted here, where not everybody may read about it. Ask in the channel that it belongs to. For you alone: /gofire show ${id}`,
  );
}

/** One that was not written yet is the newest there can be: nobody needs a second one in the same place. */
function withReport(incident: Incident, place: Place): Incident {
  const reports = incident.replies.filter(({ kind }) => kind === "report");
  const askedIn = incident.shadow === true ? place : undefined;
  const isOnItsWay = reports.some(
    ({ reports: isToBeWritten, askedIn: elsewhere }) =>
      isToBeWritten === true &&
      elsewhere?.channel === askedIn?.channel &&
      elsewhere?.thread === askedIn?.thread,
  );
  if (isOnItsWay) return incident;
  if (reports.length >= mostReports) {
    throw new UsageError(`${incident.id} has ${mostReports} reports in its thread already.`);
  }
  const wanted: Reply = {
    intent: `${incident.id}/report-${reports.length + 1}`,
    kind: "report",
    text: "",
    reports: true,
    ...(askedIn === undefined ? {} : { askedIn }),
    files: [],
    state: "pending",
  };
  return { ...incident, replies: [...incident.replies, wanted] };
}
