import { reasonOf } from "../../domain/errors.ts";
import type { ParseError } from "../../domain/evidence/parse-result.ts";
import { lineError } from "./line-error.ts";

/** What `JSON.parse` threw, as an error with a line: V8 says where for an unexpected token, and means the end otherwise. */
export function jsonSyntaxError(text: string, error: unknown): ParseError {
  const message = reasonOf(error);
  const position = /position (\d+)/.exec(message)?.[1];
  const at = position === undefined ? text.length : Number(position);
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const from = Math.max(lineStart, at - 40);
  return lineError("damaged", "The JSON is broken.", lineAt(text, at), text.slice(from, at + 40));
}

/** The 1-based line of a position in a text. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let feed = text.indexOf("\n"); feed !== -1 && feed < at; feed = text.indexOf("\n", feed + 1)) line++;
  return line;
}
