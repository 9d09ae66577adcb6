import type { MessageBody } from "../../domain/chat/message.ts";
import type { LostRollback } from "../../domain/configuration/lost-rollback.ts";
import { lostRollbackWords } from "../lost-rollback.ts";
import { context, header, section } from "./blocks.ts";
import { person, spoken, words } from "./escape.ts";
import { slackLimits } from "./limits.ts";

/** In the place of the card of a rollback that gofire lost: what is known, and what to do. It has no buttons. */
export function lostRollbackCard(lost: LostRollback): MessageBody {
  const title = titleOf(lost);
  const { what, next } = lostRollbackWords(lost);
  return {
    text: spoken(`${title}. ${what} ${next}`, slackLimits.text),
    blocks: [
      header(title),
      ...section([words(what, 1_000), words(next, 500)]),
      ...context([peopleLine(lost)]),
    ],
  };
}

/** The same for the thread. */
export function lostRollbackNote(lost: LostRollback): MessageBody {
  const title = titleOf(lost);
  const { what, next } = lostRollbackWords(lost);
  return {
    text: spoken(`${title}. ${what} ${next}`, slackLimits.text),
    blocks: [
      ...section([`*${words(title, 200)}*`, words(what, 1_000), words(next, 500)]),
      ...context([peopleLine(lost)]),
    ],
  };
}

function titleOf({ service, inRepository, stands }: LostRollback): string {
  if (stands === "requested" || (inRepository === null && stands === "approved"))
    return `⚠️ ${service} · NOT rolled back`;
  return inRepository === null || "unknown" in inRepository
    ? `⚠️ ${service} · whether it was rolled back is not known`
    : `⚠️ ${service} · rolled back in the repository, NOT verified`;
}

function peopleLine({ id, asked, agreed }: LostRollback): string {
  return [
    `rollback ${words(id, 20)}`,
    asked === undefined ? "" : `asked for by ${person(asked.userId)}`,
    agreed === undefined ? "" : `agreed to by ${person(agreed.userId)}`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}
