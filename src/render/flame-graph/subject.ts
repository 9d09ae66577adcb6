import type { Frame } from "../../domain/code/frame.ts";
import { type OwnCode, ownCode } from "../../domain/code/own-code.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import { counted, percentText } from "../../domain/units.ts";
import type { Layout } from "./layout.ts";
import type { Stacks } from "./stacks.ts";

/** What a picture is to show besides its stacks. */
export interface FlameSubject {
  /** One line: the finding, or that there is none. */
  readonly title: string;
  /** Service and instance. */
  readonly target: string;
  /** The service's own frames of the finding, the one that matters first. */
  readonly where: readonly Frame[];
  /** Of the heaviest thing that it caused. */
  readonly symptomWhere: readonly Frame[];
  /** Import paths that are the service's own besides what is told from symbols and files. */
  readonly modules: readonly string[];
}

/** Narrower calls are folded away: 2 % of the picture is the width of two letters. */
export const leastShare = 0.02;
/** With title and legend about half as high as wide: previews show it whole. */
export const wishedRows = 10;

/** What there is to say about an analysis: its first finding and what that causes. */
export function subjectOf(
  { findings, target }: Pick<Analysis, "findings" | "target">,
  modules: readonly string[],
): FlameSubject {
  const [root] = findings;
  const symptoms = findings
    .filter(({ causedBy }) => root !== undefined && causedBy === root.id)
    .toSorted((a, b) => (b.goroutines ?? 0) - (a.goroutines ?? 0));
  return {
    title: root?.title ?? "No findings",
    target:
      [target.service, target.instance].filter((part) => part !== undefined).join(" · ") || "this process",
    where: root?.where ?? [],
    symptomWhere: symptoms[0]?.where ?? [],
    modules,
  };
}

/** Frames to be pointed at: where the finding is, and where it shows. */
export function pointedFrames({ where, symptomWhere }: FlameSubject): Frame[] {
  const [first] = where;
  const [second] = symptomWhere;
  if (first === undefined) return second === undefined ? [] : [second];
  return second === undefined || second.function === first.function ? [first] : [first, second];
}

/** What findings call own is own. */
export function ownOf({ functions }: Stacks, { where, symptomWhere, modules }: FlameSubject): OwnCode {
  const own = ownCode(functions, modules);
  const named = new Set([...where, ...symptomWhere].map((frame) => frame.function));
  return { ...own, isOwn: (frame) => named.has(frame.function) || own.isOwn(frame) };
}

/** What is left out. */
export function notesOf({ hiddenFunctions, hiddenRows }: Layout): string[] {
  const left = [
    ...(hiddenFunctions === 0
      ? []
      : [`${counted(hiddenFunctions, "function")} below ${percentText(leastShare)} each are folded`]),
    ...(hiddenRows === 0 ? [] : [`${counted(hiddenRows, "deeper row")} left out`]),
  ];
  return left.length === 0 ? [] : [`${left.join(", ")}: the profile has them all.`];
}

/** 0.9643 -> "96 %". */
export function shareText(ratio: number): string {
  return ratio > 0 && ratio < 0.001 ? "< 0.1 %" : percentText(ratio);
}
