import { resolveIncident } from "../../jobs/incidents/resolve.ts";
import { whichIncident } from "../../jobs/incidents/which-incident.ts";
import { defineChatCommand } from "./chat-command.ts";

export const resolve = defineChatCommand({
  name: "resolve",
  summary: "Say that an incident is over; its card shows it",
  usage: "[ID]",
  examples: [
    { line: "resolve gf-3fa9", does: "this incident is over" },
    { line: "resolve", does: "the newest of this thread or channel is over" },
  ],
  whoMayUse: "resolve",
  operands: { placeholder: "the ID of an incident", min: 0, max: 1 },
  options: {},
  async run({ place, userId }, { operands: [id] }, ports, signal) {
    const { id: known } = await whichIncident(id, place, ports.incidents, signal);
    return { kind: "resolved", ...(await resolveIncident(known, userId, ports, signal)) };
  },
});
