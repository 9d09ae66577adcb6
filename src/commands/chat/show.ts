import { whichIncident } from "../../jobs/incidents/which-incident.ts";
import { defineChatCommand } from "./chat-command.ts";

export const show = defineChatCommand({
  name: "show",
  summary: "See an incident's card here, also one that shadow mode kept out of Slack",
  usage: "[ID]",
  examples: [
    { line: "show gf-3fa9", does: "its card as it is now, for you alone" },
    { line: "show", does: "of the newest incident of this thread or channel" },
  ],
  // A card says less than explain does.
  whoMayUse: "explain",
  operands: { placeholder: "the ID of an incident", min: 0, max: 1 },
  options: {},
  async run({ place }, { operands: [id] }, { incidents }, signal) {
    return { kind: "shown", incident: await whichIncident(id, place, incidents, signal) };
  },
});
