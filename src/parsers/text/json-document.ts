import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import { jsonSyntaxError } from "./json-error.ts";
import { JsonNesting } from "./json-nesting.ts";
import { lineError } from "./line-error.ts";

export interface JsonBounds {
  /** Larger inputs are refused as `too-large`. */
  readonly maxBytes: number;
  /** So are deeper ones. */
  readonly maxDepth: number;
}

/**
 * Gathers one JSON object, because JSON has no order to rely on, within bounds; `read` makes of it what it stands for and
 * gets its text for positions.
 */
export function jsonDocumentParser<T>(
  { maxBytes, maxDepth }: JsonBounds,
  read: (value: unknown, text: string) => ParseResult<T>,
): ByteParser<T> {
  const nesting = new JsonNesting(maxDepth);
  let gathered = Buffer.allocUnsafe(0);
  let bytes = 0;
  let refusal: ParseError | undefined;

  function refuse(error: ParseError): void {
    refusal = error;
    gathered = Buffer.allocUnsafe(0);
  }

  function gather(chunk: Uint8Array): void {
    const needed = bytes + chunk.byteLength;
    if (needed > gathered.length) {
      const grown = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(16 << 10, needed * 2)));
      gathered.copy(grown, 0, 0, bytes);
      gathered = grown;
    }
    gathered.set(chunk, bytes);
    bytes = needed;
  }

  return {
    push(chunk) {
      if (refusal !== undefined) return;
      const part = chunk.subarray(0, maxBytes - bytes);
      const obstacle = nesting.follow(part);
      if (obstacle === "too deep") {
        refuse(lineError("too-large", `The JSON is nested deeper than ${maxDepth} levels.`, nesting.line));
      } else if (obstacle === "not an object") {
        refuse(lineError("not-this-format", "This is not a JSON object.", nesting.line));
      } else if (part.byteLength < chunk.byteLength) {
        refuse(lineError("too-large", `The JSON is larger than ${maxBytes} bytes.`, nesting.line));
      } else {
        gather(chunk);
      }
    },
    end(): ParseResult<T> {
      if (refusal !== undefined) return { ok: false, error: refusal };
      const text = gathered.toString("utf8", 0, bytes);
      if (text.trim() === "") {
        return { ok: false, error: lineError("empty", "There is nothing in the input.", 1) };
      }
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return { ok: false, error: jsonSyntaxError(text) };
      }
      return read(value, text);
    },
  };
}
