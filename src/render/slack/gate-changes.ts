import type { ConfigChange } from "../../domain/configuration/config-change.ts";
import type { ProposalEnvironment } from "../../domain/configuration/proposal.ts";
import { counted } from "../../domain/units.ts";
import { changeText } from "../config-words.ts";
import { impactText } from "../gate-words.ts";
import { partCharacters, writtenCharacters } from "./config-lines.ts";
import { code, words } from "./escape.ts";

const impactCharacters = 250;
const reasonCharacters = 250;
const mostWarnings = 3;

export interface ShortChanges {
  readonly lines: readonly string[];
  /** No change is left out or shortened. */
  readonly isWhole: boolean;
}

/** The first `most` values and files that would be others, file by file, with parts that fit a card. */
export function shortChanges(
  { changes, uncompared, more, warnings }: ProposalEnvironment,
  most: number,
): ShortChanges {
  let isCut = false;
  const short = (part: string): string => {
    if (part.length <= partCharacters) return part;
    isCut = true;
    return `${part.slice(0, partCharacters - 1).replace(/[\ud800-\udbff]$/, "")}…`;
  };
  const text = (part: string) => words(short(part), writtenCharacters);
  const told = new Set<string>();
  let file: string | undefined;
  const valueLines = changes.slice(0, most).flatMap((change) => {
    const impact = impactText(change);
    const lines = [
      change.file === file ? "" : code(short(change.file), writtenCharacters),
      valueLine(change, text),
      // Once is enough for what several settings can lead to.
      impact === "" || told.has(impact) ? "" : `   ↳ ${words(impact, impactCharacters)}`,
    ];
    told.add(impact);
    file = change.file;
    return lines.filter((line) => line !== "");
  });
  const fileLines = uncompared
    .slice(0, most)
    .map(
      ({ file: path, reason }) =>
        `⚠️ ${code(short(path), writtenCharacters)} changes and could not be compared: ${words(reason, reasonCharacters)}`,
    );
  const shown = Math.min(most, changes.length) + fileLines.length;
  const rest = changes.length + more + uncompared.length - shown;
  return {
    lines: [
      ...valueLines,
      ...fileLines,
      ...warnings
        .slice(0, mostWarnings)
        .map((warning) => `⚠️ was so before: ${words(warning, reasonCharacters)}`),
      ...(rest > 0 ? [`… and ${counted(rest, "more change")} in the file in the thread`] : []),
    ],
    isWhole: rest === 0 && !isCut,
  };
}

/** `• redis.max_active 200 → 0 (line 3)` */
function valueLine(change: ConfigChange, text: (part: string) => string): string {
  const line = change.line === undefined ? "" : ` (line ${change.line})`;
  return `• ${changeText(change, text)}${line}`;
}
