import type { Box, Boxes } from "./boxes.ts";
import type { Weight } from "./stacks.ts";
import { type Rest, widthOf } from "./tree.ts";

/** A rectangle of the picture. */
export interface Placed {
  /** Pixels from the left edge of the graph. */
  readonly x: number;
  readonly width: number;
  /** 0 is the row below the whole. */
  readonly row: number;
  readonly what: Box | RestBox;
}

/** Calls that are too light for a rectangle each. */
export interface RestBox extends Rest {
  readonly kind: "rest";
}

export interface Layout {
  readonly placed: readonly Placed[];
  readonly rows: number;
  /** Rows that are left out below. */
  readonly hiddenRows: number;
  /** Functions in `rest` rectangles. */
  readonly hiddenFunctions: number;
}

/** Narrower than this, a rectangle says nothing. */
const narrowestPx = 8;

/**
 * Where everything goes: each call above its callees, wide in proportion to its weight. Rows below `mostRows` are left
 * out, but never one that the finding speaks of, up to twice as many.
 */
export function layout(boxes: Boxes, widthPx: number, mostRows: number): Layout {
  const rows = Math.min(
    boxes.rows,
    Math.max(mostRows, Math.min(2 * mostRows, deepestMarked(boxes.children))),
  );
  const pxPerWeight = widthPx / Math.max(widthOf(boxes), Number.MIN_VALUE);
  const placed: Placed[] = [];
  let hiddenFunctions = 0;

  function place(inside: Weight & Pick<Box, "children" | "rest">, x: number, row: number): void {
    let at = x;
    hiddenFunctions += inside.rest?.functions ?? 0;
    if (row >= rows) return;
    for (const box of inside.children) {
      const width = widthOf(box) * pxPerWeight;
      placed.push({ x: at, width, row, what: box });
      place(box, at, row + 1);
      at += width;
    }
    if (inside.rest === undefined) return;
    const width = widthOf(inside.rest) * pxPerWeight;
    if (width >= narrowestPx) placed.push({ x: at, width, row, what: { kind: "rest", ...inside.rest } });
  }

  place(boxes, 0, 0);
  return { placed, rows, hiddenRows: boxes.rows - rows, hiddenFunctions };
}

function deepestMarked(boxes: readonly Box[], row = 1): number {
  return boxes.reduce(
    (deepest, { marked, children }) => Math.max(deepest, marked ? row : 0, deepestMarked(children, row + 1)),
    0,
  );
}

/** The finding speaks of it. */
export function isMarked(what: Box | RestBox): what is Box {
  return what.kind !== "rest" && what.marked;
}

/** Symbol of the outermost call of a box. */
export function nameOf({ frames }: Box): string {
  return frames[0]?.function ?? "";
}
