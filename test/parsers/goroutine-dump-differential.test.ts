import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { gunzipSync } from "node:zlib";
import { array, assert, constantFrom, integer, nat, property, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import { dumpText } from "../../scripts/bench/make-dump.ts";
import type { GoroutineSnapshot } from "../../src/domain/goroutines/goroutine.ts";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import type { DumpLimits } from "../../src/parsers/goroutine-dump/limits.ts";
import { feed, whole } from "./feed.ts";
import {
  changed,
  changeModel,
  expectedGroups,
  goroutineModel,
  goroutineText,
} from "./goroutine-dump-models.ts";
import { type GroupSum, groupKey, groupsByRegularExpression } from "./goroutine-dump-oracle.ts";

/** As compiled code and plain code both read it. */
function parsed(text: string, pieceBytes?: number, limits: Partial<DumpLimits> = {}): GoroutineSnapshot {
  const [compiled, plain] = [true, false].map((compiled) =>
    whole(feed(goroutineDumpParser({ artifact: "a", limits, compiled }), text, pieceBytes)),
  );
  expect(compiled).toEqual(plain);
  if (compiled === undefined) throw new Error("nothing was read");
  return compiled.snapshot;
}

function sums(snapshot: GoroutineSnapshot): Map<string, GroupSum> {
  const groups = snapshot.groups.map((group): [string, GroupSum] => {
    const frames = group.stack.map((frame) => `${frame.function} ${frame.file}:${frame.line}`);
    const by = group.createdBy;
    const creator = by === undefined ? "" : `${by.function} ${by.file}:${by.line}`;
    const sum = {
      count: group.count,
      minMinutes: group.waitMinutes?.min ?? 0,
      maxMinutes: group.waitMinutes?.max ?? 0,
      locked: group.lockedToThread,
      mutexes: new Map(group.waitedMutexes),
    };
    return [groupKey(group.state, frames, creator), sum];
  });
  expect(new Set(groups.map(([key]) => key)).size).toBe(groups.length);
  return new Map(groups);
}

const captures = join(import.meta.dirname, "../../lab/captures");

/** Every goroutine dump that was recorded from the lab: version/mode/file. */
function recordedDumps(): string[] {
  const files = readdirSync(captures, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith("goroutine-dump.txt.gz")).sort();
}

describe("recorded dumps", () => {
  const files = recordedDumps();

  it("are there for several versions of Go", () => {
    expect(new Set(files.map((file) => file.split(sep)[0])).size).toBeGreaterThanOrEqual(3);
  });

  it.each(files)("%s reads as another reader reads it", (file) => {
    const text = gunzipSync(readFileSync(join(captures, file))).toString();
    const expected = groupsByRegularExpression(text);
    const snapshot = parsed(text, 20_000);
    expect(snapshot.counted).toBe(text.match(/^goroutine \d+ \[/gm)?.length);
    expect(sums(snapshot)).toEqual(expected);
  });
});

describe("a generated dump", () => {
  it.each([
    { goroutines: 2000, stacks: 60, seed: 1, bytesEach: 2670, pieceBytes: 65_536 },
    { goroutines: 3000, stacks: 400, seed: 2, bytesEach: 1200, pieceBytes: 10_007 },
    { goroutines: 1000, stacks: 1000, seed: 3, bytesEach: 900, pieceBytes: 333 },
    { goroutines: 2500, stacks: 5, seed: 4, bytesEach: 1600, pieceBytes: 300_000 },
  ])("of $goroutines goroutines reads as another reader reads it", ({ pieceBytes, ...options }) => {
    const text = [...dumpText(options)].join("");
    const snapshot = parsed(text, pieceBytes);
    expect(snapshot.counted).toBe(options.goroutines);
    expect(sums(snapshot)).toEqual(groupsByRegularExpression(text));
  });
});

describe("goroutines of every form", () => {
  it("are counted into the groups that they were made from", () => {
    assert(
      property(
        uniqueArray(goroutineModel, { minLength: 1, maxLength: 8, selector: (model) => model.id }),
        array(changeModel, { maxLength: 8 }),
        array(nat(1000), { maxLength: 40 }),
        constantFrom("\n", "\r\n"),
        integer({ min: 1, max: 4000 }),
        // What cannot be learnt any more is read in full, with the same result.
        constantFrom({}, {}, {}, { maxTexts: 4 }, { maxNodes: 5 }, { maxTextBytes: 150 }),
        (models, changes, repeats, lineEnd, pieceBytes, limits) => {
          const all = [...models];
          for (const change of changes) {
            const original = all[change.of % all.length];
            if (original !== undefined) all.push(changed(original, change));
          }
          // Repeated goroutines are recognised by what was learnt from the ones before.
          for (const repeat of repeats) {
            const again = all[repeat % all.length];
            if (again !== undefined) all.push(again);
          }
          // No goroutine stands in a dump twice.
          for (const [at, model] of all.entries()) all[at] = { ...model, id: at + 2 };
          const text = all
            .map((one) => `${goroutineText(one)}\n`)
            .join("")
            .replaceAll("\n", lineEnd);
          const snapshot = parsed(text, pieceBytes, limits);
          expect(snapshot.counted).toBe(all.length);
          expect(sums(snapshot)).toEqual(expectedGroups(all));
        },
      ),
      { numRuns: 1500 },
    );
  }, 180_000);
});
