import { capitalised } from "../../domain/capitalised.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { type Peer, processName } from "../../domain/incidents/peer.ts";
import type { PeerComparison, TwoFigures } from "../../domain/incidents/peer-comparison.ts";
import { bytesText, counted, countText, durationText } from "../../domain/units.ts";
import { ended, quantity } from "../words.ts";
import { words } from "./escape.ts";
import { kindNames, stepLines, troubleOf } from "./steps.ts";

const sentenceCharacters = 500;

/** What another process says about the verdict, in one or two lines; none before it is compared. */
export function comparisonLines({ peer }: Incident): readonly string[] {
  if (peer?.comparison === undefined) return [];
  const { sentence, rest } = comparisonWords(peer.comparison);
  return [
    `👥 *${words(sentence, sentenceCharacters)}*${rest === "" ? "" : ` ${words(rest, sentenceCharacters)}`}`,
  ];
}

/** The same for who hears it read. */
export function comparisonSentences({ peer }: Incident): readonly string[] {
  if (peer?.comparison === undefined) return [];
  const { sentence, rest } = comparisonWords(peer.comparison);
  return [sentence, rest];
}

/** How the capture of the other process goes or went: a line, and one for each thing that went wrong. */
export function peerLines({ peer }: Incident): readonly string[] {
  if (peer === undefined || peer.state === "possible") return [];
  const captured = stepLines(peer.steps.filter((step) => !isLeftOut(step)));
  const [first, ...others] = captured;
  switch (peer.state) {
    case "waiting":
      return [`👥 ${words(peerSentence({ peer }), sentenceCharacters)}`];
    case "not-compared":
      return [`👥 ${words(peerSentence({ peer }), sentenceCharacters)}`, ...captured];
    case "capturing":
      return [`👥 ${words(`Comparing with ${nameOf(peer)}`, 160)}: ${first ?? "⏳"}`, ...others];
    case "compared": {
      const later = peer.comparison?.laterMs;
      const when = later === undefined ? "" : `, ${durationText(later)} later`;
      return [`👥 ${words(`${nameOf(peer)}${when}`, 160)}: ${first ?? "nothing"}`, ...others];
    }
  }
}

/** Where the comparison stands, as a sentence; empty when nobody wants one. */
export function peerSentence({ peer }: Pick<Incident, "peer">): string {
  if (peer === undefined) return "";
  switch (peer.state) {
    case "possible":
      return "";
    case "waiting":
      return peer.instance === undefined
        ? "Another process of the service is captured next, to compare."
        : `${nameOf(peer)} is captured next, to compare.`;
    case "capturing":
      return `Comparing with ${nameOf(peer)}.`;
    case "compared":
      return `${nameOf(peer)} was captured to compare.`;
    case "not-compared":
      return ended(`Not compared with another process: ${peer.reason ?? "it is not known why"}`);
  }
}

/** For who hears it read: what was and was not captured of it. */
export function peerSentences({ peer }: Incident): readonly string[] {
  if (peer === undefined) return [];
  const steps = peer.steps.filter((step) => !isLeftOut(step));
  const whole = steps.filter(({ state, kind }) => state === "ok" && kind !== "index");
  return [
    peerSentence({ peer }),
    whole.length === 0 ? "" : `Of it: ${kindNames(whole)}.`,
    ...troubleOf(steps).map(({ words: how, same, reason }) => ended(`${kindNames(same)} ${how}: ${reason}`)),
  ];
}

interface ComparisonWords {
  /** What the other process says about the finding. */
  readonly sentence: string;
  /** What it was measured by, and what follows. */
  readonly rest: string;
}

function comparisonWords(comparison: PeerComparison): ComparisonWords {
  const { outcome, here, there, figures, reason, elsewhere } = comparison;
  const [one, other] = [processName(here), processName(there)];
  const against = figures === undefined ? "" : `: ${pairText(figures, figures.unit)} in ${other}`;
  const more = [
    totalsText(comparison),
    comparison.otherBuild === true ? `${other} runs another build of the program.` : "",
    elsewhere === undefined ? "" : ended(`${other} has a finding of its own: ${elsewhere}`),
  ];
  const rest = (...first: readonly string[]) => [...first, ...more].filter((part) => part !== "").join(" ");
  switch (outcome) {
    case "only-here":
      return {
        sentence: `Only ${one} shows this${against}.`,
        rest: rest(figures === undefined ? `The same rule finds nothing like it in ${other}.` : ""),
      };
    case "less-there":
      return {
        sentence: comparison.byPlace
          ? `${other} has far less at the same place${against}.`
          : `${other} shows it, too, but far less${against}.`,
        rest: rest(),
      };
    case "both":
      return {
        sentence: comparison.byPlace
          ? `${other} has as much at the same place${against}.`
          : `${other} shows it, too${against}.`,
        rest: rest(figures?.unit === "bytes" && comparison.byPlace ? oneLook : sharedCause(comparison)),
      };
    case "unclear":
      return {
        sentence: `Whether ${other} shows it, too, is inconclusive${against}.`,
        rest: rest(ended(capitalised(reason ?? ""))),
      };
    case "nothing-here":
      return { sentence: `Compared with ${other}: nothing stands out in ${one}.`, rest: rest() };
  }
}

/** Memory may be held for good reasons; that it grows is what a finding is about. */
const oneLook = "Whether it grows there, too, one look does not tell.";

/** Two builds have no release in common. */
function sharedCause({ otherBuild }: PeerComparison): string {
  const what =
    otherBuild === true
      ? "a dependency or the configuration"
      : "a dependency, the configuration, or the release";
  return `That points to a shared cause (inferred): ${what}.`;
}

/** `11,902 goroutines against 3`. */
function pairText({ here, there }: TwoFigures, unit: string): string {
  if (unit === "goroutines") return `${counted(here, "goroutine")} against ${countText(there)}`;
  return `${quantity(here, unit)} against ${quantity(there, unit).replace(` ${unit}`, "")}`;
}

function totalsText({ goroutines, heapBytes }: PeerComparison): string {
  const parts = [
    goroutines === undefined
      ? ""
      : `${counted(goroutines.here, "goroutine")} against ${countText(goroutines.there)}`,
    heapBytes === undefined
      ? ""
      : `heap in use ${bytesText(heapBytes.here)} against ${bytesText(heapBytes.there)}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `In all ${parts.join(", ")}.`;
}

function nameOf({ instance }: Peer): string {
  return instance === undefined ? "Another process" : processName(instance);
}

/** What a short capture never has is no news. */
function isLeftOut({ state, reason }: Peer["steps"][number]): boolean {
  return state === "skipped" && reason === "left out by the request";
}
