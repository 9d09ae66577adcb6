import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import { feedbackForm, judgeForm, mostCommentCharacters } from "../../domain/chat/feedback-form.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { type FeedbackTally, type Opinion, opinions } from "../../domain/findings/feedback.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { plainText, section } from "./blocks.ts";
import { code, words } from "./escape.ts";
import { confidenceWords } from "./finding-lines.ts";
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

export const opinionLabels: Readonly<Record<Opinion, string>> = { right: "👍 Right", wrong: "👎 Wrong" };

type Judging = Extract<ChatReply, { kind: "judging" }>;

/** Every finding with a choice; what is left alone stays as it is. */
export function opinionsModal({ incident, findings, said }: Judging): object {
  const choices = opinions.map((opinion) => ({
    text: plainText(opinionLabels[opinion], slackLimits.option.text),
    value: opinion,
  }));
  return {
    type: "modal",
    callback_id: judgeForm.id,
    title: plainText("Right or wrong?", slackLimits.view.title),
    submit: plainText("Save", slackLimits.view.button),
    close: plainText("Cancel", slackLimits.view.button),
    blocks: [
      ...section([
        words(`What you say of the findings of ${incident.id} (${incident.service}).`, 300),
        "It counts for the rule. Leave alone what you do not know.",
      ]),
      ...findings.map(({ id, title, confidence }) => {
        const tally = incident.feedback?.[id];
        const mine = choices.find(({ value }) => value === said[id]);
        const hint = `${confidenceWords[confidence]}${tally === undefined ? "" : ` · so far ${tallyWords(tally)}`}`;
        return {
          type: "input",
          block_id: id,
          optional: true,
          label: plainText(`${id}: ${title}`, 300),
          hint: plainText(hint, slackLimits.inputLabel),
          element: {
            type: "static_select",
            action_id: id,
            placeholder: plainText("Not known", slackLimits.select.placeholder),
            options: choices,
            ...(mine === undefined ? {} : { initial_option: mine }),
          },
        };
      }),
    ],
  };
}

/** The same in words, where no form can be opened. */
export function judgingBody({ incident, findings }: Judging): MessageBody {
  const write = `/gofire feedback ${incident.id} ${findings[0]?.id ?? "f1"} right`;
  const listed = findings.map(({ id, title }) => `${id}: ${title}`);
  return replyBody(
    [`Say of each finding whether it is right or wrong: ${write}`, ...listed],
    section([
      `Say of each finding whether it is right or wrong: ${code(write, 200)}`,
      ...listed.map((line) => words(line, 220)),
    ]),
  );
}

/** Acknowledges what somebody says of several findings to who said it. */
export function judgedBody({ incident, changed }: Extract<ChatReply, { kind: "judged" }>): MessageBody {
  if (changed.length === 0) {
    const same = `Nothing new about ${incident.id}: what you say of its findings was noted before.`;
    return replyBody([same], section([words(same, 300)]));
  }
  const lines = changed.map(({ finding: { id, title }, says, before }) => {
    const until = before === undefined ? "" : `, until now ${before}`;
    return `${id} (${title}) is ${says}${until}`;
  });
  return replyBody(
    [`Noted about ${incident.id}, you say:`, ...lines.map((line) => `${line}.`)],
    section([
      words(`Noted about ${incident.id}, you say:`, 200),
      ...lines.map((line) => `• ${words(line, 300)}`),
    ]),
  );
}
