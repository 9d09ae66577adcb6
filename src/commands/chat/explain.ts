import { analyzers } from "../../analyzers/index.ts";
import { UsageError } from "../../domain/errors.ts";
import { judged, whichIncident } from "../../jobs/incidents/which-incident.ts";
import { defineChatCommand } from "./chat-command.ts";

export const explain = defineChatCommand({
  name: "explain",
  summary: "Read the findings of an incident in full, with what each rule looks for",
  usage: "[ID] [FINDING]",
  examples: [
    { line: "explain gf-3fa9", does: "all findings of this incident" },
    { line: "explain gf-3fa9 f2", does: "only its second finding" },
    { line: "explain", does: "the newest incident of this thread or channel" },
  ],
  whoMayUse: "explain",
  operands: { placeholder: "the ID of an incident", min: 0, max: 2 },
  options: {},
  async run({ place }, { operands: [id, finding] }, { incidents, analyses }, signal) {
    const incident = judged(await whichIncident(id, place, incidents, signal));
    const analysis = await analyses.read(incident, signal);
    const wanted = analysis.findings.filter(
      (one) => finding === undefined || one.id === finding.toLowerCase(),
    );
    if (finding !== undefined && wanted.length === 0) {
      const ids = analysis.findings.map((one) => one.id);
      const hint = ids.length === 0 ? "It has no findings." : `It has: ${ids.join(", ")}.`;
      throw new UsageError(`${incident.id} has no finding "${finding}". ${hint}`);
    }
    return {
      kind: "explain",
      incident,
      analysis,
      findings: wanted.map((one) => {
        const docs = analyzers.find(({ meta }) => meta.id === one.rule)?.meta.docs;
        return { finding: one, ...(docs === undefined ? {} : { docs }) };
      }),
    };
  },
});
