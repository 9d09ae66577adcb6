import type { Frame } from "../../domain/code/frame.ts";
import { type Box, type Boxes, foldedBoxes } from "./boxes.ts";
import { placeOf } from "./labels.ts";
import { isMarked, type Layout, layout, nameOf, type RestBox } from "./layout.ts";
import { graphWidth } from "./picture.ts";
import type { Stacks } from "./stacks.ts";
import { type FlameSubject, ownOf, pointedFrames, wishedRows } from "./subject.ts";
import type { FlameTree } from "./tree.ts";

/** What every kind of picture draws: calls folded into boxes, and where they stand. */
export interface PlacedBoxes {
  readonly boxes: Boxes;
  readonly layout: Layout;
  /** The frames that the picture points at. */
  readonly pointed: readonly Frame[];
  /** File and line of a box that is pointed at; empty for any other. */
  readonly placeText: (what: Box | RestBox) => string;
}

export function placedBoxes(tree: FlameTree, stacks: Stacks, subject: FlameSubject): PlacedBoxes {
  const pointed = pointedFrames(subject);
  const places = new Map(pointed.map((frame) => [frame.function, placeOf(frame)]));
  const boxes = foldedBoxes(tree, {
    own: ownOf(stacks, subject),
    marked: new Set(places.keys()),
    rows: wishedRows,
  });
  return {
    boxes,
    layout: layout(boxes, graphWidth, wishedRows),
    pointed,
    placeText: (what) => (isMarked(what) ? (places.get(nameOf(what)) ?? "") : ""),
  };
}
