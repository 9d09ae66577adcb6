import * as z from "zod/mini";
import { isSecretSetting } from "../domain/configuration/secret-shapes.ts";
import { nearest } from "../domain/nearest.ts";
import type { ConfigMistake } from "./mistake.ts";
import type { ConfigPath } from "./yaml-nodes.ts";
import type { YamlText } from "./yaml-text.ts";

/** What zod found wrong, as sentences at places in the file. */
export function mistakesOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodMiniType,
  yaml: YamlText,
): ConfigMistake[] {
  const mistakes = new Map<string, ConfigMistake>();
  // A section with an unknown setting usually lacks the one that was meant: one mistake, not two.
  const misspelt = new Set(issues.filter(isUnknownSetting).map(({ path }) => quoted(path)));
  for (const issue of issues) {
    const name = quoted(issue.path);
    if (isUnknownSetting(issue)) {
      for (const key of issue.keys) {
        const message = unknownSettingText(issue.path, key, settingsAt(schema, issue.path));
        mistakes.set(`${name} ${key}`, { ...yaml.nameAt([...issue.path, key]), message });
      }
    } else if (issue.code === "invalid_key") {
      mistakes.set(name, { ...yaml.nameAt(issue.path), message: `${name} ${issue.issues[0]?.message}` });
    } else if (issue.code !== "custom" || !misspelt.has(name)) {
      const value = valueAt(yaml.value, issue.path);
      const place =
        value === null || value === undefined ? yaml.nameAt(issue.path) : yaml.valueAt(issue.path);
      const subject = issue.path.length === 0 ? "the file" : name;
      mistakes.set(name, { ...place, message: `${subject} ${issueText(issue, value)}` });
    }
  }
  return [...mistakes.values()];
}

function isUnknownSetting(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueUnrecognizedKeys {
  return issue.code === "unrecognized_keys";
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = Object.entries(at).find(([name]) => name === String(step))?.[1];
  }
  return at;
}

/** `services.order.targets[0].url`, in quotes; names shortened and without control characters. */
export function quoted(path: ConfigPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += (text === "" ? "" : ".") + printable(String(step));
  }
  return `"${text}"`;
}

const longestName = 60;

function printable(name: string): string {
  const short = name.length > longestName ? `${name.slice(0, longestName)}…` : name;
  return short.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");
}

/** `did you mean "url"?` when a candidate is close, else the candidates themselves. */
export function suggestion(word: string, candidates: readonly string[], what: string): string {
  const close = nearest(word, candidates);
  if (close !== undefined) return `did you mean "${close}"?`;
  return candidates.length === 0 ? `there is no ${what}` : `${what}: ${candidates.join(", ")}`;
}

function unknownSettingText(path: ConfigPath, key: string, known: readonly string[]): string {
  const asReference = known.filter((name) => name === `${key}Env` || name === `${key}File`);
  if (asReference.length > 0 && isSecretSetting(key)) {
    return `${quoted([...path, key])} would be a secret in this file: write ${asReference.join(" or ")} instead`;
  }
  return `${quoted([...path, key])} is not a setting; ${suggestion(key, known, "settings here")}`;
}

/** Names that the schema knows at a path. */
function settingsAt(schema: z.ZodMiniType, path: ConfigPath): readonly string[] {
  let at: unknown = unwrapped(schema);
  for (const step of path) {
    if (at instanceof z.ZodMiniObject) at = unwrapped(at.shape[String(step)]);
    else if (at instanceof z.ZodMiniArray) at = unwrapped(at.def.element);
    else if (at instanceof z.ZodMiniRecord) at = unwrapped(at.def.valueType);
    else return [];
  }
  return at instanceof z.ZodMiniObject ? Object.keys(at.shape) : [];
}

/** The section in an optional setting, or in one that may be text as well. */
function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodMiniOptional) return unwrapped(schema.def.innerType);
  if (!(schema instanceof z.ZodMiniUnion)) return schema;
  return schema.def.options.find((option) => option instanceof z.ZodMiniObject);
}

function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && issue.code !== "custom") return "is missing";
  if (value === null) return "is empty: write something below it, or leave it out";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeNames[issue.expected] ?? issue.expected}${numberHint(issue.expected, value)}`;
    case "too_small":
      return issue.origin === "string" ? issue.message : `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    default:
      return issue.message;
  }
}

/** What people write where a bare number is meant. */
function numberHint(expected: string, value: unknown): string {
  if ((expected !== "number" && expected !== "int") || typeof value !== "string") return "";
  if (/^[\d.]+$/.test(value)) return " without quotes";
  return /^[\d.]+\s*[a-z]{1,7}$/i.test(value) ? " without a unit, which the setting's name says" : "";
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text (put it in quotes)",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: 'a list (lines that begin with "- ")',
  object: "a section of settings",
  record: "a section of names and settings",
};
