import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import type { RollbackRequest } from "../../domain/configuration/rollback-request.ts";
import type { RollbackStep } from "../../domain/configuration/rollback-step.ts";
import { section } from "./blocks.ts";
import { person, words } from "./escape.ts";
import { replyBody } from "./reply-body.ts";

/** That a worker looks at what somebody wants, and when it counts. */
export function rollbackLookingBody({
  does,
  isOutOfReach,
}: Extract<ChatReply, { kind: "rollback-looking" }>): MessageBody {
  const [looking, then] = lookingWords(does);
  const rest =
    isOutOfReach === true
      ? "gofire cannot write here, so you will not see it: invite it (/invite @gofire) or write in another channel, and ask again."
      : then;
  return replyBody([looking, rest], section([`⏳ ${words(looking, 300)}`, rest]));
}

function lookingWords(does: RollbackStep["does"]): readonly [looking: string, then: string] {
  switch (does.kind) {
    case "plan":
      return [
        `Looking at what a rollback of ${does.service} would put back.`,
        "It comes here, for you alone. Nothing is changed.",
      ];
    case "ask":
      return [
        `Looking at the configuration of ${does.service} once more before a second person is asked.`,
        "Nobody is asked before gofire says so here.",
      ];
    case "agree":
      return [
        `Looking at the configuration once more before rollback ${does.rollbackId} is pushed.`,
        "What you agreed to counts once gofire says so here.",
      ];
    case "cancel":
      return [`Cancelling rollback ${does.rollbackId}.`, "It is cancelled once gofire says so here."];
  }
}

/** To who asked, once the log has it. */
export function rollbackAskedBody({ id, service, place, incident }: RollbackRequest): MessageBody {
  const where =
    incident === undefined
      ? place.thread === undefined
        ? "this channel"
        : "this thread"
      : `the thread of ${incident.id}`;
  const said = `The card that asks a second person comes into ${where}. You cannot agree to it yourself: somebody else with the right (access.rollback) has to.`;
  return replyBody(
    [`Rollback ${id} of ${service}.`, said],
    section([`⏪ Rollback ${words(id, 20)} of ${words(service, 80)}. ${words(said, 400)}`]),
  );
}

/** To who agreed or cancelled, once that counts; what comes of it is on the card. */
export function rollbackDecidedBody({ id, service, agreed, ended }: RollbackRequest): MessageBody {
  const which = `rollback ${words(id, 20)} of ${words(service, 80)}`;
  if (agreed === undefined) {
    const by = ended === undefined ? "" : ` by ${person(ended.userId)}`;
    return replyBody(
      [`Rollback ${id} of ${service} is cancelled.`],
      section([`⚪️ Cancelled${by}: ${which}.`]),
    );
  }
  const next = "It is in the audit log and is pushed now; the card says what comes of it.";
  return replyBody(
    [`Rollback ${id} of ${service} is agreed to.`, next],
    section([`⏪ ${person(agreed.userId)} agreed to ${which}. ${next}`]),
  );
}
