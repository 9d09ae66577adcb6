import type { ParseError } from "../../domain/evidence/parse-result.ts";
import { readJsonValues } from "../../domain/json-values.ts";
import { lineError } from "./line-error.ts";

/** What `JSON.parse` refused, as an error that quotes what stands where it breaks: 40 characters to either side, of its line. */
export function jsonSyntaxError(text: string): ParseError {
  const at = readJsonValues(text, 1).brokenAt ?? text.length;
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const from = Math.max(lineStart, at - 40);
  const [excerpt = ""] = text.slice(from, at + 40).split("\n", 1);
  return lineError("damaged", "The JSON is broken.", lineAt(text, at), excerpt);
}

/** The 1-based line of a position in a text. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let feed = text.indexOf("\n"); feed !== -1 && feed < at; feed = text.indexOf("\n", feed + 1)) line++;
  return line;
}
