import { ended } from "../words.ts";
import type { CodeKind } from "./boxes.ts";
import { placeOf, plainName } from "./labels.ts";
import { isMarked, type Layout, nameOf } from "./layout.ts";
import type { Measure } from "./measure.ts";
import { type Look, pictureSvg } from "./picture.ts";
import { placedBoxes } from "./placed-boxes.ts";
import { type Stacks, weightThrough } from "./stacks.ts";
import { type FlameSubject, leastShare, notesOf, shareText } from "./subject.ts";
import { flameTree, widthOf } from "./tree.ts";

export interface Drawing {
  readonly svg: string;
  /** The picture in words, for those who do not see it: says the finding. */
  readonly altText: string;
}

const looks: Readonly<Record<CodeKind | "marked" | "rest", Omit<Look, "figure">>> = {
  marked: { fill: "#d55e00", ink: "#ffffff" },
  own: { fill: "#f6c26b", ink: "#111111" },
  dependency: { fill: "#a9d3f2", ink: "#111111" },
  standard: { fill: "#dcdcdc", ink: "#222222" },
  rest: { fill: "#ffffff", ink: "#555555" },
};

const legendTexts = {
  marked: "the finding",
  own: "own code",
  dependency: "dependencies",
  standard: "Go runtime and standard library",
  rest: "too narrow, together",
} as const;

/**
 * Draws stacks as an icicle: entry points above, what they call below, as wide as it is heavy. Undefined when nothing
 * in it weighs anything. The same stacks give the same bytes. Yields every few milliseconds.
 */
export function* flameGraph(
  stacks: Stacks,
  measure: Measure,
  subject: FlameSubject,
): Generator<undefined, Drawing | undefined> {
  const tree = yield* flameTree(stacks, { leastShare });
  const total = widthOf(tree);
  if (!(total > 0)) return undefined;
  const { layout, pointed, placeText } = placedBoxes(tree, stacks, subject);
  const drawn = new Set(layout.placed.flatMap(({ what }) => (isMarked(what) ? [nameOf(what)] : [])));

  function share(weight: number): string {
    return shareText(weight / total);
  }

  const lines: { text: string; drawn: boolean }[] = [];
  for (const frame of pointed) {
    yield;
    const { now: weight } = weightThrough(stacks, frame.function);
    if (weight === 0) continue;
    const where = `${plainName(frame.function)} ${placeOf(frame)}`.trim();
    lines.push({
      text: `${measure.text(weight)} (${share(weight)}) ${measure.verb(weight)} ${where}`,
      drawn: drawn.has(frame.function),
    });
  }
  const whole = `${measure.text(total)} ${measure.of}`;
  const finding = lines.length === 0 ? "" : `: ${lines.map(({ text }) => text).join("; ")}`;
  const altText = `Flame graph of ${whole} of ${subject.target}${finding}. ${ended(subject.title)}`;
  return {
    altText,
    svg: pictureSvg({
      title: subject.title,
      subtitle: `${subject.target} · ${whole}`,
      pointed: lines.map(({ text, drawn }) => (drawn ? text : `${text} (too narrow to draw)`)),
      layout,
      look: (what) => ({
        ...looks[isMarked(what) ? "marked" : what.kind],
        figure: share(widthOf(what)),
        place: placeText(what),
      }),
      tells: (weight) => `${measure.text(widthOf(weight))} (${share(widthOf(weight))})`,
      legend: legendOf(layout),
      notes: notesOf(layout),
      description: altText,
    }),
  };
}

function legendOf({ placed }: Layout): { fill: string; text: string }[] {
  const present = new Set<keyof typeof looks>(
    placed.map(({ what }) => (isMarked(what) ? "marked" : what.kind)),
  );
  return (["marked", "own", "dependency", "standard", "rest"] as const)
    .filter((kind) => present.has(kind))
    .map((kind) => ({ fill: looks[kind].fill, text: legendTexts[kind] }));
}
