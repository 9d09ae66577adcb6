import { UsageError } from "../../domain/errors.ts";
import type { Incident, Reply } from "../../domain/incident.ts";
import { withAct } from "../../domain/incident-record.ts";
import { defineChatCommand } from "./chat-command.ts";
import { whichIncident } from "./which-incident.ts";

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
  async run({ place, userId, intent }, { operands: [id] }, { incidents, queue, clock }, signal) {
    const { id: known } = await whichIncident(id, place, incidents, signal);
    const act = { userId, intent, atMs: clock.nowMs() };
    const incident = await incidents.update(
      known,
      (now) => {
        checkThread(now);
        const noted = withAct(now, { did: "asked-for-report" }, act);
        // The same request again: what it asked for is there or on its way.
        return noted === now ? now : withReport(noted);
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

/** One that was not written yet is the newest there can be. */
function withReport(incident: Incident): Incident {
  const reports = incident.replies.filter(({ kind }) => kind === "report");
  if (reports.some(({ reports: isToBeWritten }) => isToBeWritten === true)) return incident;
  if (reports.length >= mostReports) {
    throw new UsageError(`${incident.id} has ${mostReports} reports in its thread already.`);
  }
  const wanted: Reply = {
    intent: `${incident.id}/report-${reports.length + 1}`,
    kind: "report",
    text: "",
    reports: true,
    files: [],
    state: "pending",
  };
  return { ...incident, replies: [...incident.replies, wanted] };
}
