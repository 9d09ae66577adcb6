import { defineChatCommand } from "./chat-command.ts";
import { rollbackPlan } from "./rollback-plan.ts";
import { serviceNamed } from "./snapshot.ts";

export const rollback = defineChatCommand({
  name: "rollback",
  summary:
    "See what a rollback of a service's configuration would put back, and have it done once a second person agrees",
  usage: "SERVICE [TAG]",
  examples: [
    {
      line: "rollback order",
      does: "of its newest change; in an incident's thread of the one that it suspects",
    },
    { line: "rollback order v20240520-prod", does: "back to what this tag or revision has" },
  ],
  // It reads; nothing is rolled back.
  whoMayUse: "explain",
  operands: { placeholder: "a SERVICE", min: 1, max: 2 },
  options: {},
  async run({ place, userId }, { operands: [typed = "", tag] }, ports, signal) {
    const service = serviceNamed(await ports.services.list(), typed).name;
    return await rollbackPlan(
      { service, ...(tag === undefined ? {} : { tag }), place, userId },
      ports,
      signal,
    );
  },
});
