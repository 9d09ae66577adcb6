import { describe, expect, it } from "vitest";
import { withProvenAges } from "../../../src/domain/goroutines/wait-ages.ts";
import { group, snapshot as snapshotOf } from "./goroutines.ts";

const takenAtMs = Date.UTC(2026, 10, 3, 4, 5, 6);
const stack = ["shop/ledger.(*Replica).Append:29", "net/http.(*conn).serve:2067"];

/** Ages of a dump, of the group and of its examples, with collections that ended so many seconds before it. */
function ages(printed: { min: number; max: number }, secondsBefore: readonly number[]) {
  const exemplars = [printed.max, printed.min].map((minutes, id) => ({
    id,
    pointers: [],
    ...(minutes === 0 ? {} : { waitMinutes: minutes }),
  }));
  const snapshot = {
    ...snapshotOf([group("IO wait", stack, { count: 24, waitMinutes: printed, exemplars })], "dump"),
    takenAtMs,
  };
  const memstats = [{ pauseEndsMs: secondsBefore.map((seconds) => takenAtMs - seconds * 1000) }];
  const [found] = withProvenAges(snapshot, memstats).groups;
  return { group: found?.waitMinutes, examples: found?.exemplars.map(({ waitMinutes }) => waitMinutes) };
}

const kept = (min: number, max: number) => ({ group: { min, max }, examples: [max, min || undefined] });
const gone = { group: undefined, examples: [undefined, undefined] };

describe("an age in a dump", () => {
  it.each([
    ["the collection that saw the wait is a minute old", 2, [70, 190, 310], kept(2, 2)],
    ["that collection came seconds ago, and the one before it minutes", 2, [10, 130, 250], gone],
    ["collections come every few seconds", 1, Array.from({ length: 60 }, (_, at) => 2 * at + 1), kept(1, 1)],
    ["the collection that saw it came after the last that is known", 1, [80, 200], gone],
    ["no collection ended when the wait is said to have begun", 7, [10, 130], kept(7, 7)],
    ["all that are known are younger than the wait", 3, [1, 2, 3], kept(3, 3)],
    ["no collection is known", 2, [], kept(2, 2)],
  ] as const)("where %s", (_case, minutes, secondsBefore, expected) => {
    expect(ages({ min: minutes, max: minutes }, secondsBefore)).toEqual(expected);
  });

  it("is taken from the youngest alone where only theirs are doubtful", () => {
    expect(ages({ min: 2, max: 41 }, [10, 130, 2400, 2500])).toEqual({
      group: { min: 0, max: 41 },
      examples: [41, undefined],
    });
  });

  it("is as printed where the moment of the dump is not known", () => {
    const unplaced = snapshotOf([group("IO wait", stack, { waitMinutes: { min: 2, max: 2 } })], "dump");
    expect(withProvenAges(unplaced, [{ pauseEndsMs: [takenAtMs - 10_000] }])).toBe(unplaced);
  });

  it("counts one collection that two captures tell of once", () => {
    const snapshot = {
      ...snapshotOf([group("IO wait", stack, { waitMinutes: { min: 2, max: 2 } })], "dump"),
      takenAtMs,
    };
    const ends = [takenAtMs - 10_000, takenAtMs - 130_000];
    const memstats = [{ pauseEndsMs: ends }, { pauseEndsMs: ends.map((end) => end + 0.2) }];
    expect(withProvenAges(snapshot, memstats).groups[0]?.waitMinutes).toBeUndefined();
  });
});
