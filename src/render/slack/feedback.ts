import type { ChatReply } from "../../domain/chat-reply.ts";
import type { FeedbackTally } from "../../domain/feedback.ts";
import { feedbackForm, mostCommentCharacters } from "../../domain/feedback-form.ts";
import type { Incident } from "../../domain/incident.ts";
import type { MessageBody } from "../../domain/message.ts";
import { plainText, section } from "./blocks.ts";
import { code, words } from "./escape.ts";
import { slackLimits } from "./limits.ts";
import { replyBody } from "./reply-body.ts";

type Given = Extract<ChatReply, { kind: "feedback" }>;

/** Acknowledges a voice to who gave it; a wrong finding comes with what can be done about its rule. */
export function feedbackBody(given: Given): MessageBody {
  const { incident, finding, says } = given;
  const noted = notedWords(given);
  const hints = says === "wrong" ? hintsFor(incident, finding.rule) : [];
  return replyBody(
    [noted, ...hints.map(({ does, write }) => `${does}: ${write}.`)],
    section([words(noted, 600), ...hints.map(({ does, write }) => `${does}: ${code(write, 200)}`)]),
  );
}

function notedWords({ finding, says, before, isNew, tally, comment }: Given): string {
  const is = `${finding.id} (${finding.title}) is ${says}`;
  const noted = isNew ? `Noted: you say that ${is}.` : `You said already that ${is}.`;
  const changed = before === undefined ? "" : ` Until now you said ${before}; the last word counts.`;
  const kept = comment === undefined ? "" : " Your comment is kept with it.";
  return `${noted}${changed}${kept} In all: ${tallyWords(tally)}.`;
}

/** What helps against a rule that is wrong here: silence with an end, or another limit. */
function hintsFor(
  { service }: Incident,
  rule: string,
): readonly { readonly does: string; readonly write: string }[] {
  return [
    { does: `Leave the rule out of verdicts for a day`, write: `/gofire mute ${rule} 1d service=${service}` },
    { does: "See its limits, which gofire.yaml can change", write: `gofire rules explain ${rule}` },
  ];
}

function tallyWords({ right, wrong }: Pick<FeedbackTally, "right" | "wrong">): string {
  return `${right} right, ${wrong} wrong`;
}

const mostTallies = 3;

/** For the card's last line: `f1: 2 right, 1 wrong`. */
export function tallyLine({ feedback = {} }: Incident): string {
  return Object.entries(feedback)
    .slice(0, mostTallies)
    .map(([finding, tally]) => `${words(finding, 10)}: ${tallyWords(tally)}`)
    .join(" · ");
}

/** Asks why; what was said counts also when nothing is filled in. */
export function commentModal({ finding }: Pick<Given, "finding">): object {
  return {
    type: "modal",
    callback_id: feedbackForm.id,
    title: plainText("What is wrong with it?", slackLimits.view.title),
    submit: plainText("Send", slackLimits.view.button),
    close: plainText("Skip", slackLimits.view.button),
    blocks: [
      ...section([
        words(`${finding.id}: ${finding.title}`, 300),
        `Rule ${code(finding.rule, 100)}. It counts as wrong already.`,
      ]),
      {
        type: "input",
        block_id: feedbackForm.comment,
        optional: true,
        label: plainText("Why, if you like", slackLimits.inputLabel),
        hint: plainText("For whoever looks after the rules. No secrets, please.", slackLimits.inputLabel),
        element: {
          type: "plain_text_input",
          action_id: feedbackForm.comment,
          multiline: true,
          max_length: mostCommentCharacters,
          placeholder: plainText("These workers wait by design.", slackLimits.input.placeholder),
        },
      },
    ],
  };
}
