import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { serialize } from "node:v8";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type CompiledFields, compiledFields } from "../../src/parsers/pprof/compiled-fields.ts";
import { IdSlots } from "../../src/parsers/pprof/id-slots.ts";
import { limits } from "../../src/parsers/pprof/limits.ts";
import { LocationTable } from "../../src/parsers/pprof/location-table.ts";
import { pprofParser } from "../../src/parsers/pprof/parse-profile.ts";
import { readFieldsSource } from "../../src/parsers/pprof/read-fields-code.ts";
import { SampleTable } from "../../src/parsers/pprof/sample-table.ts";
import { StringTable } from "../../src/parsers/pprof/string-table.ts";
import { WireReader } from "../../src/parsers/pprof/wire.ts";
import { damaged, type Random, randomNumbers } from "./damage.ts";
import { capture, feed } from "./feed.ts";
import { type Field, functionOf, location, message, packed, strings, valueType } from "./profile-message.ts";

/** The fewest bytes for which the compiled code is used: whatever is in them. */
const expectedBytes = 256 * 1024;

function compiled(bytes = expectedBytes): CompiledFields {
  const fields = compiledFields(bytes);
  if (fields === undefined) throw new Error("there is no compiled reading of fields on this platform");
  return fields;
}

/** Reads `input` with the compiled code and without; returns what came of it with. */
function expectSame(input: Uint8Array, pieceBytes?: number) {
  const found = feed(pprofParser("x", { expectedBytes }), input, pieceBytes);
  const plain = feed(pprofParser("x", { expectedBytes, compiled: false }), input, pieceBytes);
  // The sums that only the compiled code makes are those that the plain one's values have.
  const sums = plain.ok
    ? plain.value.values.map((values) => values.reduce((sum, value) => sum + value, 0))
    : [];
  if (found.ok && plain.ok) {
    for (const [type, sum] of found.value.sums?.entries() ?? [])
      if (sum !== undefined) expect(sum).toBe(sums[type]);
    Object.assign(plain.value, { sums: found.value.sums });
  }
  // A hundred times faster than comparing large arrays by `toEqual`, which then words the difference.
  if (!serialize(found).equals(serialize(plain))) expect(found).toEqual(plain);
  return found;
}

function pick<T>(list: readonly T[], random: Random): T {
  const picked = list[random(list.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}

/** Ids as they are usual, and as they are not: of one to ten bytes. */
const ids = [1, 2, 3, 90, 127, 128, 129, 300, 16_383, 16_384, 70_000, 2 ** 20 - 1, 2 ** 20, 2n ** 63n];

function writtenStack(random: Random): Field[] {
  const usual = random(8) > 0;
  const stack = Array.from({ length: random(12) }, () =>
    usual ? pick(ids.slice(0, 9), random) : pick(ids, random),
  );
  if (random(6) === 0) return stack.map((id): Field => [1, id]);
  if (random(12) === 0)
    return [[1, packed(...stack.slice(0, 3))], ...stack.slice(3).map((id): Field => [1, id])];
  return [[1, packed(...stack)]];
}

function writtenSample(random: Random): Field {
  const values = [
    random(3) - 1,
    pick([0, -1, 127, 2 ** 31, 2 ** 32 - 1, 2n ** 53n, 2n ** 62n, -(2n ** 63n)], random),
  ];
  const written: Field[] =
    random(6) === 0 ? values.map((value): Field => [2, value]) : [[2, packed(...values)]];
  const label: Field[] =
    random(5) === 0
      ? [
          [
            3,
            [
              [1, 1],
              [3, random(200)],
            ],
          ],
        ]
      : [];
  const odd: Field[] =
    random(40) === 0
      ? [
          pick<Field>(
            [
              [2, 5],
              [4, 7],
              [1, Uint8Array.from([0x80])],
            ],
            random,
          ),
        ]
      : [];
  const stack = writtenStack(random);
  return [
    2,
    random(4) === 0 ? [...stack, ...label, ...written, ...odd] : [...written, ...stack, ...label, ...odd],
  ];
}

/** Line numbers and indexes of strings as they are usual, and as they are not. */
const numbers = [0, 1, 2, 3, 4, 77, 128, 20_000, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1, 2 ** 32, -1, 2n ** 63n];

function usualOr(random: Random, usual: number, odd: readonly (number | bigint)[]): number | bigint {
  return random(12) === 0 ? pick(odd, random) : usual;
}

/** What a message of another version may have, or a broken one. */
const oddFields: readonly Field[] = [
  [7, 5],
  [9, "more"],
  [1, Uint8Array.from([0x80])],
  [4, Uint8Array.from([0x80])],
  [2, "a text"],
  [200, 1],
];

function mixedUp(fields: readonly Field[], random: Random): readonly Field[] {
  const odd = random(30) === 0 ? [pick(oddFields, random)] : [];
  if (random(15) === 0) return [...odd, ...fields.slice(1)];
  return random(5) === 0 ? [...odd, ...fields.toReversed()] : [...fields, ...odd];
}

function writtenLocation(id: number | bigint, random: Random): Field {
  const lines = Array.from({ length: random(4) }, (): Field => {
    const column: Field[] = random(4) === 0 ? [[3, random(200)]] : [];
    const functionId = usualOr(random, random(90), ids);
    const line: Field[] = [[1, functionId], [2, usualOr(random, random(500), numbers)], ...column];
    return [4, mixedUp(line, random)];
  });
  const mapping: Field[] = random(4) === 0 ? [] : [[2, usualOr(random, 1, numbers)]];
  const address: Field[] = random(4) === 0 ? [] : [[3, pick([4096, 0x4a_b1c0, 2n ** 47n, -1], random)]];
  const folded: Field[] = random(6) === 0 ? [[5, 1]] : [];
  return [4, mixedUp([[1, id], ...mapping, ...address, ...lines, ...folded], random)];
}

function writtenFunction(id: number | bigint, random: Random): Field {
  const [name, file] = [usualOr(random, 1 + random(40), numbers), usualOr(random, 1 + random(40), numbers)];
  const startLine: Field[] = random(3) === 0 ? [[5, usualOr(random, random(400), numbers)]] : [];
  return [5, mixedUp([[1, id], [2, name], [3, name], [4, file], ...startLine], random)];
}

/**
 * A profile with many samples of few stacks and few of many. Of locations, functions and strings some stand behind what names
 * them, some are told twice, and some not at all.
 */
function writtenProfile(random: Random): Uint8Array {
  const samples = Array.from({ length: 5 + random(300) }, () => writtenSample(random));
  const repeated = samples.flatMap((sample) => (random(3) === 0 ? [sample, sample] : [sample]));
  const locations = ids.map((id) => writtenLocation(id, random));
  const functions = Array.from({ length: 80 }, (_, at) => writtenFunction(usualOr(random, at, ids), random));
  const names = Array.from({ length: 40 }, (_, at): Field => [6, `pkg${at}.`.repeat(random(30))]);
  const split = random(4) === 0 ? random(locations.length) : locations.length;
  const functionsFirst = random(3) > 0;
  const again = random(4) === 0 ? [writtenLocation(2, random), writtenFunction(3, random)] : [];
  return message([
    [1, valueType(1, 2)],
    [1, valueType(1, 2)],
    ...(functionsFirst ? functions : []),
    ...locations.slice(0, split),
    ...repeated,
    ...again,
    ...locations.slice(split),
    ...(functionsFirst ? [] : functions),
    ...strings("", "delay", "nanoseconds", "main.f", "main.go"),
    ...names,
  ]);
}

function sample(value: number, ...stack: number[]): Field {
  return [
    2,
    [
      [2, packed(value, -1)],
      [1, packed(...stack)],
    ],
  ];
}

describe("the compiled reading of fields", () => {
  it("is compiled from its source", () => {
    const hash = createHash("sha256").update(readFileSync("src/parsers/pprof/read-fields.as"));
    expect(readFieldsSource, "run `npm run wasm`").toBe(hash.digest("hex"));
  });

  it("reads what the plain one does, of profiles written in every way", () => {
    const random = randomNumbers(0x5eed);
    let read = 0;
    for (let i = 0; i < 120; i++) {
      const result = expectSame(writtenProfile(random), i % 4 === 0 ? 1 + random(2000) : undefined);
      if (result.ok && result.value.fileSampleCount > 4) read++;
    }
    expect(read).toBeGreaterThan(80);
    // Memory for it was there to the end.
    compiled();
  });

  it("reads or refuses what the plain one does, of damaged profiles", () => {
    const random = randomNumbers(0xdead);
    const seeds = ["cpu", "heap", "goroutine", "mutex", "heap-delta"].map((name) =>
      gunzipSync(capture(`${name}-go1.26.pb.gz`)),
    );
    const words = [
      [0x12, 0],
      [0x12, 0x80],
      [0x0a, 0x7f],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
    ].map((bytes) => String.fromCharCode(...bytes));
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 250; i++) {
      const result = expectSame(damaged(pick(seeds, random), words, random));
      const outcome = result.ok ? (result.damage === undefined ? "whole" : "partial") : result.error.code;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    for (const outcome of ["whole", "partial", "damaged"]) {
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(5);
    }
  });

  it("leaves off where its tables are full, and the plain one goes on", () => {
    // Far more stacks than there is room for, in samples that are far smaller than those of large profiles.
    const count = 20_000;
    const profile = message([
      [1, valueType(1, 2)],
      ...[...Array(200).keys()].map((id): Field => [4, location(id + 1, [1, id])]),
      ...[...Array(count).keys()].map(
        (sample): Field => [
          2,
          [
            [2, packed(1)],
            [1, packed(1 + (sample % 200), 1 + Math.floor(sample / 200))],
          ],
        ],
      ),
      [5, functionOf(1, 3, 4)],
      ...strings("", "delay", "nanoseconds", "main.f", "main.go"),
    ]);
    const result = expectSame(profile);
    expect(result.ok && result.value.sampleCount).toBe(count);
  });

  it("refuses what is deeper than any stack may be", () => {
    const deep = new Uint8Array(limits.stackDepth + 1).fill(1);
    const result = expectSame(
      message([
        [1, valueType(1, 2)],
        [4, location(1, [1, 1])],
        [
          2,
          [
            [2, packed(1)],
            [1, packed(1)],
          ],
        ],
        [
          2,
          [
            [2, packed(1)],
            [1, deep],
          ],
        ],
        [5, functionOf(1, 3, 4)],
        ...strings("", "delay", "nanoseconds", "main.f", "main.go"),
      ]),
    );
    expect(result).toMatchObject({ ok: false, error: { code: "too-large" } });
  });

  it("reads all that is of the usual kind in one go", () => {
    const fields = compiled();
    const locationSlots = new IdSlots("locations", limits.locations, fields.locationSlots);
    const functionSlots = new IdSlots("functions", limits.functions, fields.functionSlots);
    const samples = new SampleTable(locationSlots, fields);
    const locations = new LocationTable(locationSlots, functionSlots, fields);
    const texts = new StringTable(fields);
    const tables = { samples, locations, locationSlots, functionSlots, strings: texts };
    for (const id of [5, 6, 300, 301, 70_000]) locationSlots.slotOf(id, 0);
    const first = message([sample(1, 300, 301, 5)]);
    const reader = new WireReader();
    reader.open(first, 2, first.length);
    samples.read(reader);
    const rest = message([
      sample(2, 300, 301, 5),
      sample(3, 5, 300, 301, 6, 70_000),
      sample(4),
      [
        2,
        [
          [2, 1],
          [2, 9],
          [1, 5],
          [
            3,
            [
              [1, 1],
              [3, 150],
            ],
          ],
        ],
      ],
      [5, functionOf(9, 1, 2)],
      [4, location(7, [9, 20], [8, 30])],
      [5, functionOf(8, 0, 2)],
      ...strings("", "main.f", "main.go"),
      sample(6, 5),
      sample(7, 5, 7),
      // A location that was not described yet.
      sample(8, 5, 8),
      sample(9, 5),
    ]);
    const held = fields.hold(rest);
    const stop = fields.read(0, held.length, tables);
    expect(rest.subarray(stop)).toEqual(message([sample(8, 5, 8), sample(9, 5)]));
    expect(samples).toMatchObject({ count: 5, fileCount: 7 });
    expect(samples.numbers(2)).toEqual([
      { values: Float64Array.of(3, 3, 4, 7, 7), sum: 24 },
      { values: Float64Array.of(-2, -1, -1, 8, -1), sum: 3 },
    ]);
    expect(samples.locations.subarray(0, samples.starts[5])).toEqual(
      Uint16Array.of(3, 4, 1, 1, 3, 4, 2, 5, 1, 1, 6),
    );
    expect(locations).toMatchObject({ locationCount: 1, functionCount: 2, lines: 2 });
    const { frames, locationStart, locationFrames, missing } = locations.frames(texts);
    expect(missing).toBe("5 locations");
    expect([...locationFrames.subarray(locationStart[6])].map((frame) => frames[frame])).toEqual([
      { function: "main.f", file: "main.go", line: 20 },
      { function: "<unknown>", file: "main.go", line: 30 },
    ]);
  });

  it("leaves off where ids or strings are more than there is room for, and the plain one goes on", () => {
    const many = [...Array(66_000).keys()];
    const functionsAndLocations = message([
      [1, valueType(1, 2)],
      [1, valueType(1, 2)],
      ...many.map((id): Field => [5, functionOf(id + 1, 3, 4)]),
      ...many.map((id): Field => [4, location(id + 1, [id + 1, id])]),
      sample(1, 1, 65_990),
      ...strings("", "delay", "nanoseconds", "main.f", "main.go"),
    ]);
    const shortStrings = message([
      [1, valueType(1, 2)],
      [4, location(1, [1, 1])],
      [
        2,
        [
          [1, packed(1)],
          [2, 1],
        ],
      ],
      [5, functionOf(1, 39_000, 4)],
      ...strings("", ...many.slice(0, 40_000).map((at) => String(at % 100))),
    ]);
    const longStrings = message([
      [1, valueType(1, 2)],
      [4, location(1, [1, 1])],
      [
        2,
        [
          [1, packed(1)],
          [2, 1],
        ],
      ],
      [5, functionOf(1, 299, 4)],
      ...strings("", ...many.slice(0, 300).map((at) => String(at).repeat(1000))),
    ]);
    for (const profile of [functionsAndLocations, shortStrings, longStrings]) {
      const result = expectSame(profile);
      expect(result.ok && result.value.sampleCount).toBe(1);
    }
  });

  it("is not used for profiles so small that it does not pay, nor for those that ask for too much memory", () => {
    expect(compiledFields(expectedBytes)).toBeDefined();
    expect(compiledFields(expectedBytes - 1)).toBeUndefined();
    expect(compiledFields(2 ** 32)).toBeUndefined();
  });
});
