import type { Frame } from "../../domain/code/frame.ts";
import type { OwnCode } from "../../domain/code/own-code.ts";
import type { Weight } from "./stacks.ts";
import { type FlameNode, type FlameTree, type Rest, widthOf } from "./tree.ts";

/** Whose code a call is. */
export type CodeKind = "own" | "dependency" | "standard";

/** What is drawn as one rectangle: a call, or a run of calls that lead nowhere else. */
export interface Box extends Weight {
  /** Outermost first, at least one. */
  readonly frames: readonly Frame[];
  readonly kind: CodeKind;
  /** The finding speaks of it. */
  readonly marked: boolean;
  readonly children: readonly Box[];
  readonly rest?: Rest;
}

export interface Boxes extends Weight {
  readonly children: readonly Box[];
  readonly rest?: Rest;
  /** How many rows the deepest box needs. */
  readonly rows: number;
}

export interface BoxSettings {
  readonly own: OwnCode;
  /** Functions that the finding speaks of. */
  readonly marked: ReadonlySet<string>;
  /** Rows that are wished for: runs are folded harder until they fit. */
  readonly rows: number;
}

/** Labels in the runtime's assembly have no package: `gcWriteBarrier`. */
const assembly = /(?:^|\/)runtime\/\w+\.s$/;

/** How much of a call must go to its only callee for both to be one box. */
const sameWeight = 0.98;
const nearlySameWeight = 0.9;

/** What may become one box, from careful to rough. */
type Folding = "foreign" | "own too" | "all kinds together";

/** Folds runs of foreign calls; runs of own ones, too, and at last of all kinds, when there is not enough room. */
export function foldedBoxes(tree: FlameTree, settings: BoxSettings): Boxes {
  const boxes = fold(tree, settings, "foreign");
  if (boxes.rows <= settings.rows) return boxes;
  const tighter = fold(tree, settings, "own too");
  if (tighter.rows <= 1.5 * settings.rows) return tighter;
  return fold(tree, settings, "all kinds together");
}

function fold(tree: FlameTree, { own, marked }: BoxSettings, folding: Folding): Boxes {
  const share = folding === "foreign" ? sameWeight : nearlySameWeight;

  function kindOf(frame: Frame): CodeKind {
    if (own.isOwn(frame)) return "own";
    return own.isStandardLibrary(frame) || assembly.test(frame.file) ? "standard" : "dependency";
  }

  /** The call and those below it that are of the same kind and all that it leads to. */
  function runFrom(first: FlameNode, kind: CodeKind): FlameNode[] {
    const run = [first];
    for (let callee = first.children[0]; callee !== undefined; callee = callee.children[0]) {
      if (widthOf(callee) < share * widthOf(first)) break;
      if (marked.has(callee.frame.function)) break;
      if (kindOf(callee.frame) !== kind && folding !== "all kinds together") break;
      run.push(callee);
    }
    return run;
  }

  function boxOf(first: FlameNode): Box {
    const kind = kindOf(first.frame);
    const isMarked = marked.has(first.frame.function);
    const run = isMarked || (kind === "own" && folding === "foreign") ? [first] : runFrom(first, kind);
    const last = run.at(-1) ?? first;
    const children = last.children.map(boxOf);
    const { rest } = last;
    return {
      frames: run.map(({ frame }) => frame),
      kind: run.some(({ frame }) => kindOf(frame) === "own") ? "own" : kind,
      marked: isMarked,
      now: first.now,
      before: first.before,
      children,
      ...(rest === undefined ? {} : { rest }),
    };
  }

  const children = tree.children.map(boxOf);
  return {
    now: tree.now,
    before: tree.before,
    children,
    rows: depthOf(children),
    ...(tree.rest === undefined ? {} : { rest: tree.rest }),
  };
}

function depthOf(boxes: readonly Box[]): number {
  return boxes.reduce((deepest, { children }) => Math.max(deepest, 1 + depthOf(children)), 0);
}
