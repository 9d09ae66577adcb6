import { nextStep } from "../../domain/findings/next-step.ts";
import { printable } from "../style.ts";
import { utcDayTime, utcTime } from "../words.ts";

/**
 * The three characters by which Slack recognises mentions and links, as entities
 * (https://docs.slack.dev/messaging/formatting-message-text#escaping).
 */
const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * Slack has no escape for the characters that it formats by (https://github.com/slackhq/slack-api-docs/issues/93), so
 * in the midst of other text each is replaced by one that looks like it. A code span keeps all but the backtick.
 */
const lookalikes: Readonly<Record<string, string>> = { "*": "∗", _: "ˍ", "~": "∼", "`": "ˋ" };

/** Stands between a character and what would give it a meaning: `:fire:`, a quote's `>`. */
const zeroWidthSpace = "\u200b";

const ellipsis = "…";

/** Lone halves of a surrogate pair are no text: Slack takes UTF-8. */
// oxlint-disable-next-line no-misleading-character-class -- halves are exactly what is looked for
const loneHalf = /[\ud800-\udfff]/gu;

/** Text from outside without control characters, line feeds or broken characters. */
function clean(text: string): string {
  return printable(text).replace(loneHalf, "\ufffd");
}

/** A figure and its unit stay on one line. */
function withUnits(text: string): string {
  return text.replace(/(\d) (?=(?:[mµn]?s|min|h|%|[KMGT]?i?B)(?!\w))/g, "$1\u00a0");
}

type Written = (character: string, at: number, text: string) => string;

/** As much of `text` as fits into `max` UTF-16 units once written; an ellipsis stands for the rest. */
function fitted(text: string, max: number, written: Written): string {
  let whole = "";
  /** The longest beginning that leaves room for the ellipsis. */
  let short = "";
  let at = 0;
  for (const character of text) {
    whole += written(character, at, text);
    at += character.length;
    if (whole.length <= max - ellipsis.length) short = whole;
    if (whole.length > max) return `${short}${ellipsis}`;
  }
  return whole;
}

const entity: Written = (character) => entities[character] ?? character;

/** Text from outside for notifications and screen readers: mentions and links in it are dead. */
export function spoken(text: string, max: number): string {
  return fitted(clean(text), max, entity);
}

/**
 * Text from outside for `plain_text`, where Slack formats nothing. Whether it reads entities there is not documented,
 * so what could be taken for a mention gets other angle brackets.
 */
export function plain(text: string, max: number): string {
  return fitted(withUnits(clean(text)), max, (character) =>
    character === "<" ? "‹" : character === ">" ? "›" : character,
  );
}

/** Text from outside in the midst of mrkdwn: it is shown as it is, pings nobody, links nowhere, formats nothing. */
export function words(text: string, max: number): string {
  return fitted(withUnits(clean(text)), max, word);
}

const word: Written = (character, at, whole) => {
  switch (character) {
    case "_":
      // Inside a word it formats nothing, and names are full of it.
      return isInsideWord(whole, at) ? character : (lookalikes[character] ?? character);
    case ":":
      return /^:[\w+'-]+:/.test(whole.slice(at, at + 100)) ? `:${zeroWidthSpace}` : character;
    case ">":
      return at === 0 ? `${zeroWidthSpace}&gt;` : "&gt;";
    default:
      return lookalikes[character] ?? entities[character] ?? character;
  }
};

/** `words` in bold; empty when there are none. */
export function bold(text: string, max: number): string {
  // A star beside a blank is shown as a star.
  const inside = words(text.trim(), max - 2);
  return inside === "" ? "" : `*${inside}*`;
}

/** A method of a pointer type, as prose names it: `ledger.(*Store).Post`. */
const method = /[\w./-]*\(\*\w+\)(?:\.\w+)+/g;

/** Sentences from outside in which methods stand as code. */
export function prose(text: string, max: number): string {
  // Written out it would only be longer; and the search for methods takes its time with long words.
  if (text.length > max) return words(text, max);
  const clear = clean(text);
  let written = "";
  let end = 0;
  for (const { 0: symbol, index } of clear.matchAll(method)) {
    written += words(clear.slice(end, index), Number.POSITIVE_INFINITY);
    written += code(symbol, Number.POSITIVE_INFINITY);
    end = index + symbol.length;
  }
  written += words(clear.slice(end), Number.POSITIVE_INFINITY);
  return written.length <= max ? written : words(text, max);
}

/** What to do next; its command as code, which shows every character as it is typed. */
export function stepProse(step: string, max: number): string {
  const { words: told, command } = nextStep(step);
  if (command === undefined) return prose(step, max);
  const written = `${prose(told, max)} ${code(command, max)}`;
  return written.length <= max ? written : prose(step, max);
}

/** Text from outside as a code span. */
export function code(text: string, max: number): string {
  const inside = fitted(clean(text), max - 2, (character) =>
    character === "`" ? "ˋ" : (entities[character] ?? character),
  );
  // An empty span would show its two backticks.
  return inside.trim() === "" ? "" : `\`${inside}\``;
}

function isInsideWord(text: string, at: number): boolean {
  return /\w/.test(text[at - 1] ?? " ") && /\w/.test(text[at + 1] ?? " ");
}

/**
 * Someone's name, looked up by Slack. In a message that others see it pings them: use it where only one person looks,
 * or where it is that person's own doing.
 */
export function person(userId: string): string {
  return /^[UW][A-Z0-9]+$/.test(userId) ? `<@${userId}>` : words(userId, 40);
}

/** As `person`, for everybody in a user group. */
export function group(groupId: string): string {
  return /^S[A-Z0-9]+$/.test(groupId) ? `<!subteam^${groupId}>` : words(groupId, 40);
}

/** A channel's name, looked up by Slack; pings nobody. */
export function channel(channelId: string): string {
  return /^[CGD][A-Z0-9]+$/.test(channelId) ? `<#${channelId}>` : words(channelId, 40);
}

/** `label` is finished mrkdwn without brackets. A URL that could end the link early is none: the label stands alone. */
export function link(url: string, label: string): string {
  return /^https?:\/\/[^\s<>|]+$/.test(url) ? `<${url.replaceAll("&", "&amp;")}|${label}>` : label;
}

/** A time, with its day or without, in the reader's own time zone; UTC where dates are not understood. */
export function timeOfDay(
  ms: number,
  format: "{time}" | "{time_secs}" | "{date_short_pretty} {time}",
): string {
  const plain = format.startsWith("{date") ? utcDayTime(ms) : utcTime(ms);
  return `<!date^${Math.floor(ms / 1000)}^${format}|${plain}>`;
}
