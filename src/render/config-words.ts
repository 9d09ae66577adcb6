import type { ConfigChange, Explains } from "../domain/configuration/config-change.ts";
import type { ConfigLine } from "../domain/configuration/config-summary.ts";
import type { Finding } from "../domain/findings/finding.ts";
import { counted, durationText } from "../domain/units.ts";

/** How a medium writes what is from outside: paths, values, names. */
export interface WrittenConfig {
  /** What the time is told from: "the page", "the capture". */
  readonly moment: string;
  readonly momentMs: number;
  readonly text: (text: string) => string;
}

/** `redis.max_active 200 → 0`, as a medium writes what is from outside. */
export function changeText(
  { path, kind, from, to, secret }: ConfigChange,
  text: (text: string) => string = (same) => same,
): string {
  const name = text(path === "" ? "the whole file" : path);
  if (secret === true) return `${name} ${kind} (its value is not shown)`;
  switch (kind) {
    case "changed":
      return `${name} ${text(from ?? "")} → ${text(to ?? "")}`;
    case "added":
      return `${name} = ${text(to ?? "")} (new)`;
    case "removed":
      return `${name} ${text(from ?? "")} → removed`;
    case "reordered":
      return `${name} in another order: ${text(to ?? "")}`;
  }
}

/** `redis.max_active 200 → 0 in v20240521-prod-redis-tune` */
export function revisionText(
  { name, change, uncompared, others }: ConfigLine,
  text: WrittenConfig["text"],
): string {
  const what =
    change === undefined
      ? `${text(uncompared?.file ?? "")} was touched and could not be compared`
      : `${changeText(change, text)}${others === 0 ? "" : ` and ${counted(others, "more value")}`}`;
  return `${what} in ${text(name)}`;
}

/** `redis.max_active 200 → 0 in v20240521-prod-redis-tune by ana, 14 min before the page` */
export function configLineText(line: ConfigLine, { text, moment, momentMs }: WrittenConfig): string {
  const whose = line.author === "" ? "" : ` by ${text(line.author)}`;
  return `${revisionText(line, text)}${whose}, ${durationText(Math.max(0, momentMs - line.atMs))} before ${moment}`;
}

/** ` · could explain this (inferred)`; `lead` is the id of the finding that stands above. Empty for what explains nothing. */
export function suspicionText({ change }: ConfigLine, lead: string | undefined): string {
  const finding = change?.couldExplain?.finding;
  return finding === undefined ? "" : ` · could explain ${finding === lead ? "this" : finding} (inferred)`;
}

/** `no change in 6 h` */
export function noChangeText(windowMs: number): string {
  return `no change in ${durationText(windowMs)}`;
}

/** `env/prod/order.yaml:3` */
export function changePlace({ file, line }: ConfigChange): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** Which finding a change could explain, and why such a setting can. */
export function explainText(
  { finding, reason }: Explains,
  findings: readonly Pick<Finding, "id" | "rule">[],
): string {
  const rule = findings.find(({ id }) => id === finding)?.rule;
  return `could explain ${finding}${rule === undefined ? "" : ` (${rule})`}, inferred from its name: ${reason}`;
}
