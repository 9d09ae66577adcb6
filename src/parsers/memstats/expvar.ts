import type { MemStats } from "../../domain/memstats.ts";
import type { ByteParser, ParseError, ParseResult } from "../../domain/parse-result.ts";
import { jsonSyntaxError, lineAt } from "../text/json-error.ts";
import { isJsonObject } from "../text/json-object.ts";
import { lineError } from "../text/line-error.ts";
import type { MemStatsOptions } from "./heap-text.ts";
import { JsonNesting } from "./json-nesting.ts";
import { memStatsOf, missingField, type RawMemStats } from "./memstats-fields.ts";

/** `memstats` and `cmdline` are about 8 KiB; the rest of the room is for what the service publishes itself. */
const defaultMaxBytes = 8 << 20;
const maxDepth = 64;

export interface ExpvarOptions extends MemStatsOptions {
  /** Larger inputs are refused as `too-large`. Default: 8 MiB. */
  readonly maxBytes?: number;
}

/**
 * Reads `/debug/vars` for its `memstats` variable (Go source: expvar/expvar.go). The one text parser that gathers its
 * input, because JSON has no order to rely on; hence the bounds on size and nesting.
 */
export function expvarParser(artifact: string, options: ExpvarOptions = {}): ByteParser<MemStats> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
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
        refuse(lineError("too-large", `The variables are larger than ${maxBytes} bytes.`, nesting.line));
      } else {
        gather(chunk);
      }
    },
    end(): ParseResult<MemStats> {
      if (refusal !== undefined) return { ok: false, error: refusal };
      const text = gathered.toString("utf8", 0, bytes);
      if (text.trim() === "") {
        return { ok: false, error: lineError("empty", "There is nothing in the input.", 1) };
      }
      return memStatsOfJson(artifact, text, options.takenAtMs);
    },
  };
}

/** True when the first bytes look like expvar's own layout: an object with `cmdline` or `memstats` in it. */
export function looksLikeExpvar(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 8192)).toString("utf8");
  return /^\s*\{/.test(text) && /"memstats"\s*:\s*\{|"cmdline"\s*:\s*\[/.test(text);
}

function memStatsOfJson(
  artifact: string,
  text: string,
  takenAtMs: number | undefined,
): ParseResult<MemStats> {
  let variables: unknown;
  try {
    variables = JSON.parse(text);
  } catch (error) {
    return { ok: false, error: jsonSyntaxError(text, error) };
  }
  if (!isJsonObject(variables) || !isJsonObject(variables["memstats"])) {
    const message = "The JSON has no variable memstats: it is not what expvar publishes.";
    return { ok: false, error: lineError("not-this-format", message, 1, text) };
  }
  const raw = rawMemStats(variables["memstats"]);
  const missing = missingField(raw);
  if (missing !== undefined) {
    const line = lineAt(text, text.indexOf('"memstats"'));
    return { ok: false, error: lineError("damaged", `The variable memstats lacks ${missing}.`, line) };
  }
  return { ok: true, value: memStatsOf(artifact, takenAtMs, raw) };
}

function rawMemStats(memstats: Readonly<Record<string, unknown>>): RawMemStats {
  const numbers = new Map<string, number>();
  for (const [name, value] of Object.entries(memstats)) {
    if (typeof value === "number") numbers.set(name, value);
  }
  return { numbers, pauseNs: numberList(memstats["PauseNs"]), pauseEnd: numberList(memstats["PauseEnd"]) };
}

/** The ring, or nothing when it is not one: 256 numbers. */
function numberList(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length > 256) return [];
  const list: readonly unknown[] = value;
  return list.every((element) => typeof element === "number") ? list : [];
}
