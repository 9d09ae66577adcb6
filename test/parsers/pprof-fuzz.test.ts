import { serialize } from "node:v8";
import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParseError, ParseResult } from "../../src/domain/evidence/parse-result.ts";
import type { Profile } from "../../src/domain/profiles/profile.ts";
import { functionTotals } from "../../src/domain/profiles/profile-totals.ts";
import { artifactParser } from "../../src/parsers/artifact.ts";
import { pprofParser } from "../../src/parsers/pprof/parse-profile.ts";
import { capture, feed, whole } from "./feed.ts";
import { type Field, message, varint } from "./profile-message.ts";

const seeds = ["cpu", "heap", "goroutine", "mutex", "heap-delta"].map((name) =>
  gunzipSync(capture(`${name}-go1.26.pb.gz`)),
);

/** Bytes that mean something in protobuf: lengths, ids and tags at the edges of what is allowed. */
const words: readonly Uint8Array[] = [
  ...[0, 1, 127, 128, 16_383, 16_384, 2 ** 18, 2 ** 32, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map((value) =>
    Uint8Array.from(varint(value)),
  ),
  Uint8Array.from(Array.from({ length: 11 }, () => 0xff)),
  Uint8Array.from([0x12, 0x00]),
  Uint8Array.from([0x0a, 0x80, 0x80, 0x80, 0x08]),
  Uint8Array.from([0x32, 0x03, 0xff, 0xfe, 0x00]),
  Uint8Array.from([0x13, 0x14, 0x01]),
  Uint8Array.from([0x62, 0x02, 0x08, 0x01]),
];

describe("pprofParser, fuzzed", () => {
  it("reads or refuses 20,000 damaged profiles, alike for every way they are cut", {
    timeout: 300_000,
  }, () => {
    const random = randomNumbers(0x9f0f);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const seed = seeds[random(seeds.length)] ?? Buffer.alloc(0);
      const input = i % 2 === 0 ? withBytesDamaged(seed, random) : withFieldsDamaged(seed, random);
      const result = feed(pprofParser("x"), input);
      const outcome = result.ok ? (result.damage === undefined ? "whole" : "partial") : result.error.code;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      expectSound(result, input.length);
      // Cutting costs most of the time.
      if (i % 8 === 0) expectSame(feed(pprofParser("x"), input, 1 + random(300)), result);
      if (i % 8 === 4) feed(artifactParser("x"), input, 1 + random(9000));
    }
    // The damage is neither so small nor so large that one outcome is all there is.
    for (const outcome of ["whole", "partial", "damaged", "not-this-format"]) {
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(30);
    }
  });

  it("reads or refuses any message", () => {
    const scalar = fc.oneof(fc.nat(20), fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), fc.string({ maxLength: 6 }));
    const list = fc.array(fc.nat(300), { maxLength: 8 }).map((ids) => Uint8Array.from(ids.flatMap(varint)));
    const inner = fields(fc.oneof(scalar, list, fields(scalar)));
    const anyMessage = fields(fc.oneof(scalar, list, inner, inner));
    fc.assert(
      fc.property(anyMessage, fc.integer({ min: 1, max: 20 }), (content, piece) => {
        const bytes = message(content);
        const result = feed(pprofParser("x"), bytes);
        expectSound(result, bytes.length);
        expectSame(feed(pprofParser("x"), bytes, piece), result);
      }),
      { numRuns: 8_000, seed: 7 },
    );
  });

  it("reads or refuses any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expectSound(feed(pprofParser("x"), bytes), bytes.length);
        feed(artifactParser("x"), bytes);
      }),
      { numRuns: 4_000, seed: 7 },
    );
  });

  it("adds up as a plain model does, however the profile is written", () => {
    const id = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.bigInt(1n, 2n ** 64n - 1n));
    const model = fc.record({
      functionIds: fc.uniqueArray(id, { minLength: 1, maxLength: 6, selector: String }),
      locations: fc.uniqueArray(fc.tuple(id, fc.array(fc.nat(5), { minLength: 1, maxLength: 3 })), {
        minLength: 1,
        maxLength: 8,
        selector: ([name]) => String(name),
      }),
      samples: fc.array(
        fc.record({
          value: fc.oneof(fc.integer({ min: -5, max: 50 }), fc.bigInt(2n ** 52n, 2n ** 58n)),
          stack: fc.array(fc.nat(7), { maxLength: 9 }),
          packed: fc.boolean(),
          label: fc.option(fc.nat(9)),
        }),
        { maxLength: 12 },
      ),
      stringsFirst: fc.boolean(),
    });
    fc.assert(
      fc.property(model, (drawn) => {
        const profile = whole(feed(pprofParser("x"), message(written(drawn))));
        const totals = new Map(functionTotals(profile, 0).map((total) => [total.function, total]));
        const expected = modelTotals(drawn);
        expect([...totals.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
        for (const [name, { flat, cum }] of expected) {
          expect(totals.get(name)).toEqual({ function: name, flat: Number(flat), cum: Number(cum) });
        }
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });
});

function fields(value: fc.Arbitrary<Field[1]>): fc.Arbitrary<Field[]> {
  return fc.array(fc.tuple(fc.integer({ min: 1, max: 16 }), value), { maxLength: 7 });
}

/** A hundred times faster than comparing large arrays by `toEqual`, which then words the difference. */
function expectSame(a: ParseResult<Profile>, b: ParseResult<Profile>): void {
  if (!serialize(a).equals(serialize(b))) expect(a).toEqual(b);
}

interface Model {
  readonly functionIds: readonly (number | bigint)[];
  readonly locations: readonly (readonly [id: number | bigint, functions: readonly number[]])[];
  readonly samples: readonly {
    readonly value: number | bigint;
    readonly stack: readonly number[];
    readonly packed: boolean;
    readonly label: number | null;
  }[];
  readonly stringsFirst: boolean;
}

function pick<T>(list: readonly T[], index: number): T {
  const picked = list[index % list.length];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}

function written({ functionIds, locations, samples, stringsFirst }: Model): Field[] {
  const table = ["", "delay", "nanoseconds", ...functionIds.map((_, index) => `main.f${index}`)];
  const strings = table.map((text): Field => [6, text]);
  const body: Field[] = [
    [
      1,
      [
        [1, 1],
        [2, 2],
      ],
    ],
    ...samples.map(({ value, stack, packed, label }): Field => {
      const ids = stack.map((index) => pick(locations, index)[0]);
      const list: Field[] = packed
        ? [[1, Uint8Array.from(ids.flatMap(varint))]]
        : ids.map((id): Field => [1, id]);
      const labels: Field[] =
        label === null
          ? []
          : [
              [
                3,
                [
                  [1, 1],
                  [3, label],
                ],
              ],
            ];
      return [2, [[2, value], ...list, ...labels]];
    }),
    ...locations.map(([id, functions]): Field => {
      const lines = functions.map(
        (index): Field => [
          4,
          [
            [1, pick(functionIds, index)],
            [2, index + 1],
          ],
        ],
      );
      return [4, [[1, id], ...lines]];
    }),
    ...functionIds.map(
      (id, index): Field => [
        5,
        [
          [1, id],
          [2, index + 3],
        ],
      ],
    ),
  ];
  return stringsFirst ? [...strings, ...body] : [...body, ...strings];
}

function modelTotals({ functionIds, locations, samples }: Model): Map<string, { flat: bigint; cum: bigint }> {
  const totals = new Map<string, { flat: bigint; cum: bigint }>();
  for (const { value, stack } of samples) {
    const names = stack.flatMap((index) =>
      pick(locations, index)[1].map((name) => `main.f${name % functionIds.length}`),
    );
    for (const [index, name] of [...new Set(names)].entries()) {
      const before = totals.get(name) ?? { flat: 0n, cum: 0n };
      const flat = before.flat + (index === 0 ? BigInt(value) : 0n);
      totals.set(name, { flat, cum: before.cum + BigInt(value) });
    }
  }
  for (const [name, { flat, cum }] of totals) if (flat === 0n && cum === 0n) totals.delete(name);
  return totals;
}

function expectSound(result: ParseResult<Profile>, length: number): void {
  const problem: ParseError | undefined = result.ok ? result.damage : result.error;
  if (problem !== undefined) {
    const { at, message: text } = problem;
    const sensible = at.unit === "offset" && at.value >= 0 && at.value <= length && text.length > 5;
    if (!sensible) expect.fail(`${text} at ${at.value} of ${length}`);
  }
  if (!result.ok) return;
  const { value: profile } = result;
  const { sampleStart, sampleLocations, locationStart, locationFrames, frames, sampleCount } = profile;
  const sound =
    sampleStart.length === sampleCount + 1 &&
    sampleStart[sampleCount] === sampleLocations.length &&
    rises(sampleStart) &&
    rises(locationStart) &&
    (locationStart.at(-1) ?? 0) === locationFrames.length &&
    sampleLocations.every((location) => location + 1 < locationStart.length) &&
    locationFrames.every((frame) => frame < frames.length) &&
    profile.values.length === profile.sampleTypes.length &&
    profile.values.every((list) => list.length === sampleCount && list.every(Number.isFinite));
  if (!sound) expect.fail("the arrays of the profile do not fit together");
  if (functionTotals(profile, 0).some(({ cum }) => !Number.isFinite(cum)))
    expect.fail("a total is no number");
}

function rises(list: Uint32Array): boolean {
  return list.every((value, index) => index === 0 || value >= (list[index - 1] ?? 0));
}

type Random = (below: number) => number;

/** One to six changes: bytes flipped, ranges removed or repeated, telling bytes put in, the tail cut off. */
function withBytesDamaged(seed: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(seed);
  for (let changes = 1 + random(6); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const end = Math.min(bytes.length, at + random(30));
    const before = bytes.subarray(0, at);
    const kind = random(6);
    if (kind <= 1) bytes[Math.min(at, bytes.length - 1)] = random(256);
    else if (kind === 2) bytes = Buffer.concat([before, bytes.subarray(end)]);
    else if (kind === 3) bytes = Buffer.concat([before, bytes.subarray(at, end), bytes.subarray(at)]);
    else if (kind === 4)
      bytes = Buffer.concat([before, pick(words, random(words.length)), bytes.subarray(at)]);
    else if (random(4) === 0) bytes = Buffer.from(before);
  }
  return bytes;
}

const fieldsOfSeed = new WeakMap<Buffer, readonly Buffer[]>();

/** One to six changes that leave the top level whole: fields damaged inside, removed, repeated, moved. */
function withFieldsDamaged(seed: Buffer, random: Random): Buffer {
  let known = fieldsOfSeed.get(seed);
  if (known === undefined) fieldsOfSeed.set(seed, (known = topLevelFields(seed)));
  const fields = [...known];
  for (let changes = 1 + random(6); changes > 0; changes--) {
    const at = random(fields.length);
    const field = fields[at] ?? Buffer.alloc(0);
    const kind = random(5);
    if (kind <= 1 && field.length > 3) {
      const changed = Buffer.from(field);
      changed[2 + random(field.length - 2)] = random(256);
      fields[at] = changed;
    } else if (kind === 2) fields.splice(at, 1);
    else if (kind === 3) fields.splice(random(fields.length), 0, field);
    else fields.push(...fields.splice(at, 1 + random(20)));
  }
  return Buffer.concat(fields);
}

function topLevelFields(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const type = (bytes[at++] ?? 0) % 8;
    let length = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80);
    if (type === 2) at += length;
    fields.push(bytes.subarray(start, at));
  }
  return fields;
}

/** Numerical Recipes' linear congruential generator: the same inputs on every run. */
function randomNumbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
