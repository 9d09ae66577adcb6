import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest, RollbackClick } from "../../domain/chat/chat-request.ts";
import { readWish } from "../../domain/configuration/rollback-request.ts";
import type { RollbackStep } from "../../domain/configuration/rollback-step.ts";
import { refusalFor } from "../../jobs/access/refusal.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";
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
  async run(request, { operands: [typed = "", tag] }, ports, signal) {
    const service = serviceNamed(await ports.services.list(), typed).name;
    return await takeStep(
      { kind: "plan", service, ...(tag === undefined ? {} : { tag }) },
      request,
      ports,
      signal,
    );
  },
});

/**
 * Has a worker do it: what comes of it is told to the person, and stands on the card. The worker looks at the rights anew; who
 * has none is told at once.
 */
export async function takeStep(
  does: RollbackStep["does"],
  { intent, userId, place, aside = place }: Pick<ChatRequest, "intent" | "userId" | "place" | "aside">,
  { rollbackSteps, clock }: Pick<ChatPorts, "rollbackSteps" | "clock">,
  signal: AbortSignal,
): Promise<ChatReply> {
  await rollbackSteps.ask({ intent, userId, place, aside, atMs: clock.nowMs(), does }, signal);
  return { kind: "rollback-looking", does, place };
}

/** A click on a button of a plan or a card. */
export async function clickOnRollback(
  click: RollbackClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const asker = { userId: click.userId, channel: click.place.channel };
  const refusal = await refusalFor("rollback", asker, ports, signal);
  if (refusal !== undefined) return refusal;
  const does = doesOf(click);
  return does === undefined
    ? refused("This button is of another version of gofire.", "Ask anew: /gofire rollback SERVICE")
    : await takeStep(does, click, ports, signal);
}

function doesOf({ action, about }: RollbackClick): RollbackStep["does"] | undefined {
  switch (action) {
    case "rollback-ask": {
      const wish = readWish(about);
      return wish === undefined ? undefined : { kind: "ask", ...wish };
    }
    case "rollback-go":
      return { kind: "agree", rollbackId: about };
    case "rollback-cancel":
      return { kind: "cancel", rollbackId: about };
  }
}
