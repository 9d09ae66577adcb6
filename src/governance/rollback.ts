import type { ConfigChange } from "../domain/configuration/config-change.ts";
import type { MovedValue } from "../domain/configuration/rollback.ts";

export interface TakenBack {
  /** From what stands there now to what comes back. */
  readonly back: readonly ConfigChange[];
  readonly moved: readonly MovedValue[];
  readonly already: number;
}

/**
 * What taking a change back does to values that may have changed again since. `change`: from before it to it; `since`: from
 * it to now; `sinceBefore`: from before it to now. A value that is another one by now, and not the one of before, is in the
 * way: git stops there.
 */
export function takenBack(
  change: readonly ConfigChange[],
  since: readonly ConfigChange[],
  sinceBefore: readonly ConfigChange[],
): TakenBack {
  const movedTo = new Map(since.map((one) => [keyOf(one), one]));
  const isOther = new Set(sinceBefore.map(keyOf));
  const back: ConfigChange[] = [];
  const moved: MovedValue[] = [];
  let already = 0;
  for (const one of change) {
    const later = movedTo.get(keyOf(one));
    if (later === undefined) back.push(inverse(one));
    else if (isOther.has(keyOf(one)))
      moved.push({ since: later, ...(one.from === undefined ? {} : { before: one.from }) });
    else already++;
  }
  return { back, moved, already };
}

/** Whether a change is the opposite of an earlier one, by the values that may be told. */
export function isOpposite(change: readonly ConfigChange[], earlier: readonly ConfigChange[]): boolean {
  const undone = new Set(earlier.filter(({ secret }) => secret !== true).map((one) => stepOf(inverse(one))));
  const steps = change.filter(({ secret }) => secret !== true).map(stepOf);
  return steps.length > 0 && steps.length === undone.size && steps.every((step) => undone.has(step));
}

function keyOf({ file, path }: ConfigChange): string {
  return `${file}\0${path}`;
}

function stepOf({ file, path, kind, from, to }: ConfigChange): string {
  return JSON.stringify([file, path, kind, from, to]);
}

const opposite = {
  changed: "changed",
  added: "removed",
  removed: "added",
  reordered: "reordered",
} as const;

function inverse({ file, path, kind, from, to, secret }: ConfigChange): ConfigChange {
  return {
    file,
    path,
    kind: opposite[kind],
    ...(to === undefined ? {} : { from: to }),
    ...(from === undefined ? {} : { to: from }),
    ...(secret === undefined ? {} : { secret }),
  };
}
