import { whichIncident } from "../../jobs/incidents/which-incident.ts";
import { askForPeer } from "../../jobs/peers/peer-round.ts";
import { defineChatCommand } from "./chat-command.ts";

export const peer = defineChatCommand({
  name: "peer",
  summary: "Capture another process of the service and compare it with the one that was judged",
  usage: "[ID]",
  examples: [
    { line: "peer gf-3fa9", does: "does another process of the service show the same?" },
    { line: "peer", does: "the same of the newest capture of this thread or channel" },
  ],
  // It captures a process, so it takes the right to do that.
  whoMayUse: "snapshot",
  operands: { placeholder: "the ID of an incident", min: 0, max: 1 },
  options: {},
  async run({ place }, { operands: [id] }, ports, signal) {
    const incident = await whichIncident(id, place, ports.incidents, signal);
    return { kind: "peer", ...(await askForPeer(incident, ports, signal)) };
  },
});
