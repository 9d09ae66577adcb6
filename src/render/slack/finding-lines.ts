import type { Frame } from "../../domain/code/frame.ts";
import { shortName } from "../../domain/code/symbol-names.ts";
import type { Confidence, Measured } from "../../domain/findings/finding.ts";
import { shortFile } from "../../domain/goroutines/goroutine-sites.ts";
import type { FindingSummary } from "../../domain/incidents/incident.ts";
import { limitText, quantity } from "../words.ts";
import { code, prose, words } from "./escape.ts";

/** How sure a finding is; what is inferred says so. */
export const confidenceWords: Readonly<Record<Confidence, string>> = {
  proven: "proven",
  likely: "likely (inferred)",
  possible: "possible, not proven",
};

/** `199 goroutines, limit 10`, `79 ms, limit 50 ms`. */
export function againstLimit(measured: Measured): string {
  return `${quantity(measured.value, measured.unit)}, ${limitWords(measured)}`;
}

/** What is counted is not named again: the figure beside it does. */
function limitWords({ limit, unit }: Measured): string {
  return `limit ${unit === "ms" ? quantity(limit, unit) : limitText(limit, unit)}`;
}

/** The line a person can change, and who called it. */
export function whereLine(where: readonly Frame[]): string {
  const [own, caller] = where;
  if (own === undefined) return "";
  return `📍 ${placeCode(own)}${caller === undefined ? "" : ` ← ${placeCode(caller)}`}`;
}

const symbolCharacters = 120;
const fileCharacters = 80;

/** A line of code: its function as code, then the file. */
export function placeCode(frame: Frame): string {
  const symbol = code(shortName(frame.function), symbolCharacters);
  if (frame.file === "") return symbol;
  return `${symbol} ${words(`${shortFile(frame.file)}:${frame.line}`, fileCharacters)}`;
}

/** The same for who hears it read. */
export function wherePlain([own]: readonly Frame[]): string {
  if (own === undefined) return "";
  const place = own.file === "" ? "" : `, ${shortFile(own.file)} line ${own.line}`;
  return `Where: ${shortName(own.function)}${place}.`;
}

/** One line for a finding that is not the first: what, how sure, and that it is a consequence. */
export function furtherLine({
  role,
  confidence,
  title,
  measured,
}: Pick<FindingSummary, "role" | "confidence" | "title" | "measured">): string {
  const mark = role === "symptom" ? "↳ follows:" : "•";
  const figure = measured === undefined ? "" : ` · ${words(figureBeside(title, measured), 80)}`;
  return `${mark} ${prose(title, 200)}${figure} · ${confidenceWords[confidence]}`;
}

/** The figure, or its limit alone where the title has the figure already. */
function figureBeside(title: string, measured: Measured): string {
  const amount = quantity(measured.value, measured.unit).replace(` ${measured.unit}`, "");
  return title.includes(amount) ? limitWords(measured) : againstLimit(measured);
}

/** As many whole sentences of `text` as fit into `max` characters; at least the first. */
export function firstSentences(text: string, max: number): string {
  const sentences = text.split(/(?<=[.!?]) (?=[A-Z0-9])/);
  let taken = sentences[0] ?? "";
  for (const sentence of sentences.slice(1)) {
    if (taken.length + 1 + sentence.length > max) break;
    taken += ` ${sentence}`;
  }
  return taken;
}
