import type { ConfigChange, UncomparedFile } from "../domain/configuration/config-change.ts";
import { counted } from "../domain/units.ts";
import { changePlace, changeText } from "./config-words.ts";
import { code, inline } from "./markdown-words.ts";
import { printable, type Style } from "./style.ts";
import { hanging } from "./wrap.ts";

/** What two revisions of a repository say differently. */
export interface ConfigDiff {
  readonly repository: string;
  readonly base: { readonly name: string; readonly revision: string };
  readonly head: { readonly name: string; readonly revision: string };
  readonly changes: readonly ConfigChange[];
  readonly uncompared: readonly UncomparedFile[];
}

export function configDiffText(diff: ConfigDiff, style: Style, width: number): string {
  const lines = [
    ...diff.changes.map((change) => `${changePlace(change)}: ${changeText(change)}`),
    ...diff.uncompared.map(({ file, reason }) => `not compared: ${file}: ${reason}`),
  ];
  const rows = lines.flatMap((line) => hanging(printable(line), 2, width));
  return `${style.bold(printable(headline(diff)))}\n${rows.map((row) => `${row}\n`).join("")}`;
}

export function configDiffMarkdown(diff: ConfigDiff): string {
  const rows = [
    ...diff.changes.map((change) => `- ${code(changePlace(change))}: ${changeText(change, inline)}`),
    ...diff.uncompared.map(({ file, reason }) => `- not compared: ${code(file)}: ${inline(reason)}`),
  ];
  return `## ${inline(headline(diff))}\n\n${rows.map((row) => `${row}\n`).join("")}`;
}

function headline({ base, head, changes }: ConfigDiff): string {
  const what = changes.length === 0 ? "No value changed" : `${counted(changes.length, "value")} changed`;
  return `${what} from ${base.name} to ${head.name}`;
}
