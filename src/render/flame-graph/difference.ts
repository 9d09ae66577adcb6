import { percentText } from "../../domain/units.ts";
import { ended } from "../words.ts";
import type { Box } from "./boxes.ts";
import { type DifferenceWords, overTime } from "./difference-words.ts";
import type { Drawing } from "./flame-graph.ts";
import { placeOf, plainName } from "./labels.ts";
import { nameOf } from "./layout.ts";
import type { Measure } from "./measure.ts";
import { type Look, pictureSvg } from "./picture.ts";
import { placedBoxes } from "./placed-boxes.ts";
import { joinedStacks, type Stacks, type Weight, weightThrough } from "./stacks.ts";
import { type FlameSubject, leastShare, notesOf } from "./subject.ts";
import { flameTree, widthOf } from "./tree.ts";

export interface DifferenceDrawing extends Drawing {
  /** The largest change of one call, as a share of the larger capture; 0..1. */
  readonly largestChange: number;
}

/** ColorBrewer's RdBu, which is safe for the colour-blind; the sign of the figure says the same. */
const changes: readonly {
  readonly from: number;
  readonly look: Omit<Look, "figure">;
}[] = [
  { from: 3, look: { fill: "#b2182b", ink: "#ffffff" } },
  { from: 1.1, look: { fill: "#f4a582", ink: "#111111" } },
  { from: 1 / 1.1, look: { fill: "#eeeeee", ink: "#222222" } },
  { from: 1 / 3, look: { fill: "#92c5de", ink: "#111111" } },
  { from: 0, look: { fill: "#2166ac", ink: "#ffffff" } },
];

/** How near to the largest change a call further in must be to be named instead: it is more telling. */
const nearly = 0.8;

/**
 * Draws what differs between two captures of the same kind, of two moments or two processes: as wide as both together,
 * so that what vanished is seen as well; red is more in the second, blue less. Captures of something that depends on how
 * long was measured are compared by their shares. Undefined when one of them is empty. Yields every few milliseconds.
 */
export function* differenceGraph(
  before: Stacks,
  now: Stacks,
  measure: Measure,
  subject: FlameSubject,
  words: DifferenceWords = overTime,
): Generator<undefined, DifferenceDrawing | undefined> {
  const both = joinedStacks(before, now);
  const { earlier } = both;
  const measured = totalOf(both.weights, earlier);
  if (!(measured.before > 0 && measured.now > 0)) return undefined;
  const scale = measure.compared === "share" ? measured.now / measured.before : 1;
  both.weights.set(both.weights.subarray(0, earlier).map((weight) => weight * scale));
  const tree = yield* flameTree(both, { leastShare, earlier });
  const { boxes, layout, pointed, placeText } = placedBoxes(tree, both, subject);

  function figure(value: number): string {
    return measure.compared === "share" ? percentText(value / tree.now) : measure.text(value);
  }

  function change({ before, now }: Weight): string {
    const text = figure(changeOf({ before, now }));
    if (text === figure(0)) return "±0";
    const unit = measure.compared === "share" ? text.replace("%", "pp") : text;
    return `${now > before ? "+" : "−"}${unit}`;
  }

  function story(weight: Weight): string {
    return `${change(weight)} (${figure(weight.before)} ${words.first}, ${figure(weight.now)} ${words.second})`;
  }

  const lines: string[] = [];
  for (const frame of pointed) {
    yield;
    const through = weightThrough(both, frame.function, earlier);
    if (widthOf(through) > 0) lines.push(`${plainName(frame.function)} ${placeOf(frame)}: ${story(through)}`);
  }
  const [grew, shrank] = [1, -1].map((sign) => mostChanged(boxes.children, sign));
  const headlines = [
    ...(grew === undefined ? [] : [{ text: `${words.gained}: ${plainName(nameOf(grew))}`, box: grew }]),
    ...(shrank === undefined ? [] : [{ text: `${words.lost}: ${plainName(nameOf(shrank))}`, box: shrank }]),
  ];
  // A change in the service's own code is worth a title before a larger one in a library, such as idle connections.
  const [most] = headlines.toSorted(
    (a, b) => Number(isOwn(b.box)) - Number(isOwn(a.box)) || changeOf(b.box) - changeOf(a.box),
  );
  const totals = `${measure.text(measured.before)} ${measure.of} ${words.first}, ${measure.text(measured.now)} ${words.second}`;
  const altText = [
    `Differential flame graph of ${subject.target}: ${totals}`,
    ...headlines.map(({ text, box }) => `${text} ${story(box)}`),
    ...lines,
    subject.title,
  ]
    .map(ended)
    .join(" ");
  return {
    altText,
    largestChange: Math.max(0, ...boxes.children.map(deepChange)) / Math.max(tree.now, tree.before),
    svg: pictureSvg({
      title: most === undefined ? words.same : `${most.text} ${change(most.box)}`,
      subtitle: `${subject.target} · ${totals}`,
      pointed: lines,
      layout,
      look: (what) => ({
        ...lookOf(what),
        figure: change(what),
        place: placeText(what),
      }),
      tells: story,
      legend: changes.map(({ look }, at) => ({ fill: look.fill, text: words.legend[at] ?? "" })),
      notes: [[widthNote(measure, words), ...notesOf(layout)].join(" ")],
      description: altText,
    }),
  };
}

function widthNote({ compared }: Measure, { both }: DifferenceWords): string {
  return compared === "share" ? `Compared by shares of each; as wide as ${both}.` : `As wide as ${both}.`;
}

function totalOf(weights: Float64Array, earlier: number): Weight {
  const total = { before: 0, now: 0 };
  for (const [stack, weight] of weights.entries()) {
    if (weight > 0) total[stack < earlier ? "before" : "now"] += weight;
  }
  return total;
}

function lookOf({ before, now }: Weight): Omit<Look, "figure"> {
  const times = before === 0 ? Number.POSITIVE_INFINITY : now / before;
  const found = changes.find(({ from }) => times >= from) ?? changes.at(-1);
  return found?.look ?? { fill: "#eeeeee", ink: "#222222" };
}

/** The own call (any, when no own one did) furthest in that has nearly the largest growth, or loss for sign -1. */
function mostChanged(boxes: readonly Box[], sign: number): Box | undefined {
  const found: { box: Box; by: number; row: number }[] = [];
  function look(inside: readonly Box[], row: number): void {
    for (const box of inside) {
      const by = sign * (box.now - box.before);
      if (by > 0) found.push({ box, by, row });
      look(box.children, row + 1);
    }
  }
  look(boxes, 0);
  const own = found.filter(({ box }) => isOwn(box));
  const candidates = own.length > 0 ? own : found;
  const largest = Math.max(0, ...candidates.map(({ by }) => by));
  return candidates
    .filter(({ by }) => by >= nearly * largest)
    .reduce<{ box: Box; by: number; row: number } | undefined>(
      (best, candidate) =>
        best === undefined ||
        candidate.row > best.row ||
        (candidate.row === best.row && candidate.by > best.by)
          ? candidate
          : best,
      undefined,
    )?.box;
}

function isOwn({ kind }: Box): boolean {
  return kind === "own";
}

function changeOf({ before, now }: Weight): number {
  return Math.abs(now - before);
}

function deepChange(box: Box): number {
  return Math.max(changeOf(box), ...box.children.map(deepChange));
}
