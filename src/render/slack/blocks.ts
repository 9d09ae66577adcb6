import { plain } from "./escape.ts";
import { slackLimits } from "./limits.ts";

/** A piece of Block Kit (https://docs.slack.dev/reference/block-kit), as plain JSON. */
export type Block = Readonly<Record<string, unknown>> & { readonly type: string };

/** `text` is raw. */
export function plainText(text: string, max: number) {
  return { type: "plain_text", text: plain(text, max), emoji: true } as const;
}

/** `text` is finished mrkdwn. `verbatim`: Slack is not to make links or mentions of what looks like some. */
function mrkdwn(text: string) {
  return { type: "mrkdwn", text, verbatim: true } as const;
}

/** `text` is raw. */
export function header(text: string): Block {
  return { type: "header", text: plainText(text, slackLimits.header) };
}

/**
 * Lines of finished mrkdwn; empty ones are left out. What does not fit is left out by whole lines, and `more` says so.
 * No block when nothing is left.
 */
export function section(lines: readonly string[], more = "… and more."): Block[] {
  const text = fitLines(lines, slackLimits.section, more);
  return text === "" ? [] : [{ type: "section", text: mrkdwn(text), expand: true }];
}

/** Small grey lines of finished mrkdwn. */
export function context(lines: readonly string[], more = "… and more."): Block[] {
  const text = fitLines(lines, slackLimits.section, more);
  return text === "" ? [] : [{ type: "context", elements: [mrkdwn(text)] }];
}

export const divider: Block = { type: "divider" };

export interface ButtonSpec {
  /** What it is for: the action's id. */
  readonly action: string;
  readonly label: string;
  /** For who cannot see what stands around it. */
  readonly spoken: string;
  /** Ids and nothing else: what a button says is not to be trusted. */
  readonly value: string;
  readonly style?: "primary" | "danger";
  readonly confirm?: ConfirmSpec;
}

/** What Slack asks before a click counts; all raw. */
export interface ConfirmSpec {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
}

/** What stands behind the three dots: at least two choices, each with a value that says what and of what. */
export interface MenuSpec {
  readonly action: string;
  readonly choices: readonly { readonly label: string; readonly value: string }[];
}

/** No block when there is nothing to press. `id` differs between states, so that a stale click can be told. */
export function buttons(id: string, specs: readonly ButtonSpec[], menu?: MenuSpec): Block[] {
  const elements: object[] = specs
    .slice(0, slackLimits.actions - 1)
    .map(({ action, label, spoken, value, style, confirm }) => ({
      type: "button",
      action_id: action,
      text: plainText(label, slackLimits.button.text),
      accessibility_label: plain(spoken, slackLimits.button.accessibilityLabel),
      value,
      ...(style === undefined ? {} : { style }),
      ...(confirm === undefined ? {} : { confirm: dialog(confirm) }),
    }));
  if (menu !== undefined) elements.push(overflow(menu));
  return elements.length === 0 ? [] : [{ type: "actions", block_id: id, elements }];
}

function dialog({ title, text, yes, no }: ConfirmSpec): object {
  const { confirm: most } = slackLimits;
  return {
    title: plainText(title, most.title),
    text: plainText(text, most.text),
    confirm: plainText(yes, most.button),
    deny: plainText(no, most.button),
  };
}

function overflow({ action, choices }: MenuSpec): object {
  return {
    type: "overflow",
    action_id: action,
    options: choices.slice(0, slackLimits.overflow).map(({ label, value }) => ({
      text: plainText(label, slackLimits.option.text),
      value,
    })),
  };
}

/** Joins what there is of `lines` as long as it fits into `max`; `more` takes the place of the rest. */
function fitLines(lines: readonly string[], max: number, more: string): string {
  const present = lines.filter((line) => line !== "");
  const whole = present.join("\n");
  if (whole.length <= max) return whole;
  let text = "";
  for (const line of present) {
    const longer = text === "" ? line : `${text}\n${line}`;
    if (longer.length + 1 + more.length > max) break;
    text = longer;
  }
  return text === "" ? more : `${text}\n${more}`;
}

/**
 * The blocks of one message, as many as Slack takes: what does not fit is left out before `last`, and `more` says so.
 */
export function fitBlocks(
  blocks: readonly Block[],
  more: string,
  last: readonly Block[] = [],
): readonly Block[] {
  const end = [...context([more]), ...last];
  const room = slackLimits.messageCharacters - JSON.stringify(end).length;
  const kept: Block[] = [];
  let characters = 0;
  for (const block of blocks) {
    characters += JSON.stringify(block).length;
    if (characters > room || kept.length + end.length >= slackLimits.blocks.message) return [...kept, ...end];
    kept.push(block);
  }
  return [...kept, ...last];
}
