import type { Frame } from "../../domain/code/frame.ts";
import type { Stacks, Weight } from "./stacks.ts";

/** A call, merged over all stacks that reach it the same way. */
export interface FlameNode extends Weight {
  readonly frame: Frame;
  /** Heaviest first, equal ones by name. */
  readonly children: readonly FlameNode[];
  /** Callees that are too light to be drawn, together. */
  readonly rest?: Rest;
}

export interface Rest extends Weight {
  readonly functions: number;
}

export interface FlameTree extends Weight {
  readonly children: readonly FlameNode[];
  readonly rest?: Rest;
}

export interface TreeSettings {
  /** Calls with less than this share of everything go to `rest`; 0..1. */
  readonly leastShare: number;
  /** Stacks below this one are of an earlier capture. */
  readonly earlier?: number;
}

/** Stacks are followed inward this far: pprof records at most 128 locations (Go source: runtime/runtime1.go). */
const deepest = 512;
/** Calls looked at between two turns: some milliseconds. */
const callsOfTurn = 50_000;

/** How much room a call takes: both captures together, so that what vanished is as visible as what is new. */
export function widthOf({ now, before }: Weight): number {
  return now + before;
}

/**
 * Merges stacks from their outermost call inward. Only calls that are heavy enough are followed, so the tree has at
 * most 1/leastShare calls a row however many stacks there are. Yields every few milliseconds: sixty thousand stacks of
 * eighty calls take a quarter of a second.
 */
export function* flameTree(stacks: Stacks, settings: TreeSettings): Generator<undefined, FlameTree> {
  const { earlier = 0, leastShare } = settings;
  const { functions, weights } = stacks;
  const next = stacks.walk();
  const order = Uint32Array.from(weights.keys()).filter((stack) => (weights[stack] ?? 0) > 0);
  const callOf = new Int32Array(weights.length);
  const nowOf = new Float64Array(functions.length);
  const beforeOf = new Float64Array(functions.length);
  const stacksOf = new Uint32Array(functions.length);
  const sorted = new Uint32Array(order.length);

  const total = { now: 0, before: 0 };
  for (const stack of order) {
    if (stack < earlier) total.before += weights[stack] ?? 0;
    else total.now += weights[stack] ?? 0;
  }
  const least = leastShare * widthOf(total);

  /** Goes one call inward on the stacks `order[from..to]`; sorts them so that equal calls stand together. */
  function callees(from: number, to: number): Callee[] {
    const met: number[] = [];
    for (let i = from; i < to; i++) {
      const stack = order[i] ?? 0;
      const call = next(stack);
      callOf[stack] = call;
      if (call === -1) continue;
      if (stacksOf[call] === 0) met.push(call);
      stacksOf[call] = (stacksOf[call] ?? 0) + 1;
      const side = stack < earlier ? beforeOf : nowOf;
      side[call] = (side[call] ?? 0) + (weights[stack] ?? 0);
    }
    let start = from;
    const found = met.map((call) => {
      const callee = { call, from: start, to: start, now: nowOf[call] ?? 0, before: beforeOf[call] ?? 0 };
      start += stacksOf[call] ?? 0;
      nowOf[call] = 0;
      beforeOf[call] = 0;
      // From here on: where the next stack of this call goes.
      stacksOf[call] = callee.from;
      return callee;
    });
    for (let i = from; i < to; i++) {
      const stack = order[i] ?? 0;
      const call = callOf[stack] ?? -1;
      if (call === -1) continue;
      const place = stacksOf[call] ?? 0;
      sorted[place] = stack;
      stacksOf[call] = place + 1;
    }
    for (const callee of found) {
      callee.to = stacksOf[callee.call] ?? 0;
      stacksOf[callee.call] = 0;
    }
    order.set(sorted.subarray(from, start), from);
    return found;
  }

  let sinceTurn = 0;

  function* below(from: number, to: number, depth: number): Generator<undefined, Callees> {
    if (depth === deepest) return { children: [] };
    sinceTurn += to - from;
    if (sinceTurn > callsOfTurn) {
      sinceTurn = 0;
      yield;
    }
    const children: FlameNode[] = [];
    const rest = { functions: 0, now: 0, before: 0 };
    for (const { call, from: first, to: end, now, before } of callees(from, to)) {
      const frame = functions[call];
      if (frame === undefined) continue;
      if (now + before >= least) {
        children.push({ frame, now, before, ...(yield* below(first, end, depth + 1)) });
      } else {
        rest.functions++;
        rest.now += now;
        rest.before += before;
      }
    }
    children.sort((a, b) => widthOf(b) - widthOf(a) || (a.frame.function < b.frame.function ? -1 : 1));
    return { children, ...(rest.functions === 0 ? {} : { rest }) };
  }

  return { ...total, ...(yield* below(0, order.length, 0)) };
}

type Callees = Pick<FlameTree, "children" | "rest">;

interface Callee {
  readonly call: number;
  readonly from: number;
  to: number;
  readonly now: number;
  readonly before: number;
}
