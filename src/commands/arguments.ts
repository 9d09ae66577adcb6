import { parseArgs } from "node:util";
import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import type { Arguments, Command, OptionSpec, OptionSpecs } from "./command.ts";

/** Reads a command's words. Throws UsageError that names the word at fault and what would be right. */
export function parseArguments<Options extends OptionSpecs>(
  command: Command<Options>,
  words: readonly string[],
): Arguments<Options> {
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(command.options).map(([name, spec]) => [
        name,
        {
          type: spec.kind === "flag" ? ("boolean" as const) : ("string" as const),
          ...(spec.short === undefined ? {} : { short: spec.short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(command.options))
    values[name] = spec.kind === "flag" ? false : undefined;
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const spec = command.options[token.name];
    if (spec === undefined) throw unknownOption(command, token.rawName);
    values[token.name] = optionValue(token.rawName, spec, token.value, values[token.name]);
  }
  const { min, max, placeholder } = command.operands;
  if (operands.length < min)
    throw new UsageError(`${placeholder} is missing. Usage: gofire ${command.name} ${command.usage}`);
  if (operands.length > max) {
    const extra = operands[max] ?? "";
    throw new UsageError(`"${extra}" is one word too many. Usage: gofire ${command.name} ${command.usage}`);
  }
  return { ...values, operands } as unknown as Arguments<Options>;
}

function unknownOption(command: Command, rawName: string): UsageError {
  const close = nearest(rawName.replace(/^-+/, ""), Object.keys(command.options));
  const hint = close === undefined ? "" : ` Did you mean --${close}?`;
  const path =
    command.operands.placeholder === "PATH" && !rawName.startsWith("--")
      ? " A path that begins with - is written ./-NAME."
      : "";
  return new UsageError(
    `gofire ${command.name} has no option ${rawName}.${hint}${path} See: gofire ${command.name} --help`,
  );
}

/** Throws UsageError that names the option as `rawName` does. */
export function optionValue(
  rawName: string,
  spec: OptionSpec,
  value: string | undefined,
  before: unknown,
): unknown {
  if (spec.kind === "flag") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    return true;
  }
  if (value === undefined || value === "")
    throw new UsageError(`${rawName} needs a value${valueHint(spec)}.`);
  switch (spec.kind) {
    case "text":
      return value;
    case "texts":
      return [...(Array.isArray(before) ? before : []), value];
    case "list": {
      const items = value
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
      if (items.length === 0) throw new UsageError(`${rawName} needs a value${valueHint(spec)}.`);
      return [...(Array.isArray(before) ? before : []), ...items];
    }
    case "choice":
      if (!spec.choices.includes(value))
        throw new UsageError(`${rawName} is one of ${spec.choices.join(", ")}; got "${value}".`);
      return value;
    case "integer": {
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!(number >= spec.min && number <= spec.max)) {
        throw new UsageError(`${rawName} is a whole number from ${spec.min} to ${spec.max}; got "${value}".`);
      }
      return number;
    }
    case "duration": {
      const ms = durationMs(value);
      if (ms === undefined || ms < spec.minMs || ms > spec.maxMs) {
        throw new UsageError(
          `${rawName} is a duration from ${durationWord(spec.minMs)} to ${durationWord(spec.maxMs)}, such as 500ms, 20s or 2m; got "${value}".`,
        );
      }
      return ms;
    }
  }
}

function valueHint(spec: OptionSpec): string {
  if (spec.kind === "choice") return `: one of ${spec.choices.join(", ")}`;
  return "placeholder" in spec ? `: ${spec.placeholder}` : "";
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "20s" -> 20000; undefined when it is not a duration. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (unitMs[match[2] ?? ""] ?? Number.NaN);
}

/** Rounded up: 0 takes no profile at all, which `400ms` does not ask for. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

function durationWord(ms: number): string {
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
