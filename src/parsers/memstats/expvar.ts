import type { ByteParser, ParseResult } from "../../domain/evidence/parse-result.ts";
import { isJsonObject } from "../../domain/json-object.ts";
import type { MemStats } from "../../domain/memory/memstats.ts";
import { jsonDocumentParser } from "../text/json-document.ts";
import { lineAt } from "../text/json-error.ts";
import { lineError } from "../text/line-error.ts";
import type { MemStatsOptions } from "./heap-text.ts";
import { memStatsOf, missingField, type RawMemStats } from "./memstats-fields.ts";

/** `memstats` and `cmdline` are about 8 KiB; the rest of the room is for what the service publishes itself. */
const defaultMaxBytes = 8 << 20;
const maxDepth = 64;

export interface ExpvarOptions extends MemStatsOptions {
  /** Larger inputs are refused as `too-large`. Default: 8 MiB. */
  readonly maxBytes?: number;
}

/** Reads `/debug/vars` for its `memstats` variable (Go source: expvar/expvar.go). */
export function expvarParser(artifact: string, options: ExpvarOptions = {}): ByteParser<MemStats> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  return jsonDocumentParser({ maxBytes, maxDepth }, (variables, text) =>
    memStatsOfJson(artifact, variables, text, options.takenAtMs),
  );
}

/** True when the first bytes look like expvar's own layout: an object with `cmdline` or `memstats` in it. */
export function looksLikeExpvar(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 8192)).toString("utf8");
  return /^\s*\{/.test(text) && /"memstats"\s*:\s*\{|"cmdline"\s*:\s*\[/.test(text);
}

function memStatsOfJson(
  artifact: string,
  variables: unknown,
  text: string,
  takenAtMs: number | undefined,
): ParseResult<MemStats> {
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
