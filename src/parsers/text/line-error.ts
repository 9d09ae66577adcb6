import type { ParseError, ParseErrorCode } from "../../domain/evidence/parse-result.ts";

const longestExcerpt = 80;

/** An error at a line (1-based) with what stands there. */
export function lineError(code: ParseErrorCode, message: string, line: number, text?: string): ParseError {
  const at = { unit: "line", value: line } as const;
  return text === undefined ? { code, message, at } : { code, message, at, excerpt: excerptOf(text) };
}

/** At most 80 characters, control characters written as JSON does. */
function excerptOf(text: string): string {
  // Twice the bound is enough to fill it and keeps the work small when the line is huge.
  const printable = text.slice(0, 2 * longestExcerpt).replace(/[\p{Cc}\u2028\u2029\ufffd]/gu, escaped);
  return printable.length > longestExcerpt ? `${printable.slice(0, longestExcerpt - 1)}…` : printable;
}

function escaped(character: string): string {
  if (character === "\t") return "\\t";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
