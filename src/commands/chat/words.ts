import { UsageError } from "../../domain/errors.ts";

/** A word as a person typed it, without its quotes. */
export interface Word {
  readonly text: string;
  /** Position of the first "=" outside quotes; undefined when there is none. */
  readonly equalsAt?: number;
  /** Begins with a quote: never a command's or a flag's name. */
  readonly quoted: boolean;
}

/** Far more than any command needs; what is longer was meant for somebody else. */
const longestLine = 2_000;

/**
 * Reads the first line that says something, as Slack delivers it: a leading mention or command name is left out, and what
 * ends a sentence; curly quotes, long dashes, links, bold words and escaped characters become what was typed
 * (https://docs.slack.dev/messaging/formatting-message-text, "Parsing"). Throws UsageError for an open quote.
 */
export function readWords(text: string): readonly Word[] {
  for (const line of text.split(/[\r\n]+/)) {
    if (line.length > longestLine) {
      throw new UsageError(`That is ${line.length} characters long; a command has at most ${longestLine}.`);
    }
    const words = split(typed(line));
    if (words.length > 0) return words;
  }
  return [];
}

/** What the person typed before the chat made links and typographer's quotes of it. */
function typed(line: string): string {
  return line
    .replace(/<(?:mailto:|https?:)[^|>]*\|([^>]*)>/g, "$1")
    .replace(/<#[A-Z0-9]+\|([^>]*)>/g, "$1")
    .replace(/<(https?:[^|>]*)>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/[\u201c\u201d\u201e\u00ab\u00bb\uff02]/g, '"')
    .replace(/[\u2018\u2019\u201a\u2039\u203a]/g, "'")
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/\uff1d/g, "=")
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
    .replaceAll("`", " ")
    .trim()
    .replace(/^(?:<@[A-Z0-9]+(?:\|[^>]*)?>|@gofire\b|\/gofire\b|gofire(?=\s|$))[\s:,]*/i, "")
    .replace(/^([*_~])(.*)\1$/, "$2")
    .replace(/[.!?\u2026]+$/, "")
    .trim();
}

/** Splits at blanks outside quotes. A quote inside a word, as in "don't", is a letter. */
function split(line: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      at++;
      continue;
    }
    let text = "";
    let equalsAt: number | undefined;
    const quoted = isQuote(line.charAt(at));
    while (at < line.length && !/\s/.test(line.charAt(at))) {
      const letter = line.charAt(at);
      const opens =
        isQuote(letter) && (text === "" || (equalsAt !== undefined && equalsAt === text.length - 1));
      if (opens) {
        const inside = quotedText(line, at);
        text += inside.text;
        at = inside.end;
        continue;
      }
      if (letter === "=" && equalsAt === undefined && !quoted) equalsAt = text.length;
      text += letter;
      at++;
    }
    if (!quoted && equalsAt === undefined) text = withoutMarks(text);
    if (text === "" && !quoted) continue;
    words.push({ text, quoted, ...(equalsAt === undefined ? {} : { equalsAt }) });
  }
  return words;
}

/** Without what a word has in a sentence: a comma, marks of bold, italic and struck text. */
function withoutMarks(word: string): string {
  return word.replace(/[,;]+$/, "").replace(/^([*_~])(.+)\1$/, "$2");
}

function isQuote(letter: string): boolean {
  return letter === '"' || letter === "'";
}

/** What stands between the quote at `from` and the next one like it; a backslash makes a letter of what follows. */
function quotedText(line: string, from: number): { text: string; end: number } {
  const quote = line.charAt(from);
  let text = "";
  for (let at = from + 1; at < line.length; at++) {
    const letter = line.charAt(at);
    if (letter === quote) return { text, end: at + 1 };
    if (letter === "\\" && at + 1 < line.length) at++;
    text += line.charAt(at);
  }
  throw new UsageError(
    `The quote before ${text.split(/\s/)[0]} is never closed: write ${quote} after the last word.`,
  );
}
