import { describe, expect, it } from "vitest";
import type { Profile } from "../../src/domain/profiles/profile.ts";
import { stackOf } from "../../src/domain/profiles/profile.ts";
import { functionTotals, profileTotal } from "../../src/domain/profiles/profile-totals.ts";
import { pprofParser } from "../../src/parsers/pprof/parse-profile.ts";
import { failure, feed, whole } from "./feed.ts";
import {
  type Field,
  functionOf,
  location,
  message,
  packed,
  strings,
  valueType,
  varint,
} from "./profile-message.ts";

const texts = strings(
  "",
  "delay",
  "nanoseconds",
  "contentions",
  "count",
  "shop/cart.Add",
  "cart.go",
  "main.main",
  "main.go",
);
const types: readonly Field[] = [
  [1, valueType(3, 4)],
  [1, valueType(1, 2)],
];
const functions: readonly Field[] = [
  [5, functionOf(1, 5, 6)],
  [5, functionOf(2, 7, 8)],
];
const locations: readonly Field[] = [
  [4, location(1, [1, 41])],
  [4, location(2, [2, 12])],
];

function parse(fields: readonly Field[]) {
  return feed(pprofParser("mutex.pb.gz"), message(fields));
}

function sample(...fields: readonly Field[]): Field {
  return [2, fields];
}

function stacks(profile: Profile): string[] {
  return Array.from({ length: profile.sampleCount }, (_, index) => {
    const values = profile.values.map((list) => list[index]).join(",");
    const stack = stackOf(profile, index).map((frame) => `${frame.function}:${frame.line}`);
    return `${values} ${stack.join(" < ")}`;
  });
}

describe("pprofParser", () => {
  it("reads what a profile says about itself", () => {
    const profile = whole(
      parse([
        ...types,
        sample([2, packed(3, 900)], [1, packed(1, 2)]),
        [
          3,
          [
            [1, 1],
            [5, 9],
            [6, 10],
          ],
        ],
        ...locations,
        ...functions,
        ...texts,
        ...strings("/usr/bin/shop", "0f4c"),
        [9, 1_700_000_000_123_000_000n],
        [10, 30_000_000_000n],
        [11, valueType(3, 4)],
        [12, 100],
      ]),
    );
    expect(profile).toMatchObject({
      artifact: "mutex.pb.gz",
      sampleTypes: [
        { type: "contentions", unit: "count" },
        { type: "delay", unit: "nanoseconds" },
      ],
      defaultSampleIndex: 1,
      periodType: { type: "contentions", unit: "count" },
      period: 100,
      durationMs: 30_000,
      binary: { file: "/usr/bin/shop", buildId: "0f4c" },
      sampleCount: 1,
      fileSampleCount: 1,
    });
    expect(profile.timeMs).toBeCloseTo(1_700_000_000_123, 2);
    expect(stackOf(profile, 0)).toEqual([
      { function: "shop/cart.Add", file: "cart.go", line: 41 },
      { function: "main.main", file: "main.go", line: 12 },
    ]);
  });

  it("shows the declared default sample type, and the last one where none is declared", () => {
    expect(whole(parse([...types, ...texts, [14, 3]]))).toMatchObject({
      defaultSampleIndex: 0,
      defaultSampleType: "contentions",
    });
    expect(whole(parse([...types, ...texts])).defaultSampleIndex).toBe(1);
  });

  const samples: readonly (readonly [string, Field])[] = [
    ["packed, values first, as Go writes more than two", sample([2, packed(3, 900)], [1, packed(1, 2)])],
    ["unpacked, as Go writes one or two", sample([2, 3], [2, 900], [1, 1], [1, 2])],
    ["locations first", sample([1, packed(1, 2)], [2, packed(3, 900)])],
    ["mixed and interleaved", sample([1, 1], [2, 3], [1, packed(2)], [2, packed(900)])],
  ];
  it.each(samples)("reads lists that are %s", (_, field) => {
    const profile = whole(parse([...types, field, ...locations, ...functions, ...texts]));
    expect(stacks(profile)).toEqual(["3,900 shop/cart.Add:41 < main.main:12"]);
  });

  it("reads fields in any order, the string table and the sample types last or first", () => {
    const body = [sample([2, packed(1, 2)], [1, packed(2, 1)]), ...locations, ...functions];
    const last = whole(parse([...body, ...types, ...texts]));
    const first = whole(parse([...texts, ...types, ...functions, ...locations, ...body.slice(0, 1)]));
    expect(stacks(last)).toEqual(["1,2 main.main:12 < shop/cart.Add:41"]);
    expect(stacks(first)).toEqual(stacks(last));
  });

  it("tells what Go's runtime wrote from what a tool wrote again, by what follows the strings", () => {
    const moment: Field = [9, 1_700_000_000_123_000_000n];
    expect(whole(parse([...types, moment, ...locations, ...functions, ...texts])).rewritten).toBeUndefined();
    expect(whole(parse([...types, ...locations, ...functions, ...texts, moment])).rewritten).toBe(true);
  });

  it("expands inlined calls, innermost first, and shares equal frames", () => {
    const profile = whole(
      parse([
        ...types,
        sample([2, packed(1, 1)], [1, packed(7)]),
        sample([2, packed(1, 1)], [1, packed(7, 8)]),
        [4, location(7, [1, 41], [2, 12])],
        [4, location(8, [2, 12])],
        ...functions,
        ...texts,
      ]),
    );
    expect(stacks(profile)).toEqual([
      "1,1 shop/cart.Add:41 < main.main:12",
      "1,1 shop/cart.Add:41 < main.main:12 < main.main:12",
    ]);
    expect(profile.frames).toHaveLength(2);
  });

  it("adds up equal stacks whatever their labels are", () => {
    const labelled = (value: number, label: readonly Field[]): Field =>
      sample([2, packed(1, value)], [1, packed(1, 2)], [3, label]);
    const profile = whole(
      parse([
        ...types,
        labelled(10, [
          [1, 1],
          [2, 5],
        ]),
        labelled(20, [
          [1, 1],
          [2, 6],
        ]),
        labelled(30, [
          [1, 1],
          [3, -4096],
          [4, 2],
        ]),
        sample([2, packed(1, 5)], [1, packed(2)]),
        ...locations,
        ...functions,
        ...texts,
      ]),
    );
    expect(stacks(profile)).toEqual(["3,60 shop/cart.Add:41 < main.main:12", "1,5 main.main:12"]);
    expect(profile.fileSampleCount).toBe(4);
  });

  it("keeps negative values, as in the difference of two profiles", () => {
    const profile = whole(
      parse([
        ...types,
        sample([2, packed(-3, -(2 ** 40))], [1, packed(1)]),
        sample([2, -1], [2, 5], [1, packed(2)]),
        ...locations,
        ...functions,
        ...texts,
      ]),
    );
    expect(stacks(profile)).toEqual([`-3,${-(2 ** 40)} shop/cart.Add:41`, "-1,5 main.main:12"]);
    expect(functionTotals(profile, 1)).toEqual([
      { function: "shop/cart.Add", flat: -(2 ** 40), cum: -(2 ** 40) },
      { function: "main.main", flat: 5, cum: 5 },
    ]);
  });

  it("adds up exactly where the sum leaves 53 bits", () => {
    // 10,000 idle goroutines gather 9 * 10^15 ns of delay within 15 minutes. A sum of numbers would lose the ones.
    const many = Array.from({ length: 9 }, () =>
      sample(
        [2, packed(1, 2n ** 53n + 1n)],
        [1, packed(1)],
        [
          3,
          [
            [1, 1],
            [2, 5],
          ],
        ],
      ),
    );
    const other = sample([2, packed(1, 3)], [1, packed(2, 1)]);
    const profile = whole(parse([...types, ...many, other, ...locations, ...functions, ...texts]));
    const exact = 9n * (2n ** 53n + 1n);
    expect(profile.exactValues[0]).toBeUndefined();
    expect(
      BigInt(profile.exactValues[1]?.high[0] ?? 0) * 2n ** 32n + BigInt(profile.exactValues[1]?.low[0] ?? 0),
    ).toBe(exact);
    expect(profileTotal(profile, 1)).toBe(Number(exact + 3n));
    expect(functionTotals(profile, 1)).toEqual([
      { function: "shop/cart.Add", flat: Number(exact), cum: Number(exact + 3n) },
      { function: "main.main", flat: 3, cum: 3 },
    ]);
  });

  it("passes over fields that it does not know, in every message", () => {
    const unknown: readonly Field[] = [
      [15, 1],
      [99, "later"],
      [100, 2n ** 64n - 1n],
    ];
    const fixed = Uint8Array.from([
      ...varint(101 * 8 + 1),
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      ...varint(102 * 8 + 5),
      1,
      2,
      3,
      4,
    ]);
    const body = message([
      ...unknown,
      [1, [...valueType(3, 4), ...unknown]],
      [2, [...unknown, [1, packed(1)], [2, packed(7)], ...unknown]],
      [4, [...unknown, ...location(1, [1, 41])]],
      [5, [...functionOf(1, 5, 6), ...unknown]],
      [3, [[1, 1], ...unknown]],
      [13, packed(1, 2, 3)],
      [7, 5],
      [8, 5],
      ...texts,
    ]);
    const profile = whole(feed(pprofParser("x"), Buffer.concat([fixed, body, fixed])));
    expect(stacks(profile)).toEqual(["7 shop/cart.Add:41"]);
  });

  it("reads ids that are addresses, and more locations than 16 bits number", () => {
    const wide = [0xffff_ffff_ff60_0000n, 2n ** 53n + 1n, 2n ** 53n + 2n, 70_000];
    const profile = whole(
      parse([
        [1, valueType(3, 4)],
        ...wide.map((id, index) => sample([2, index + 1], [1, packed(1, id, 1)])),
        [4, location(1, [0x7fff_0000_0000n, 1])],
        ...wide.map((id, index): Field => [4, location(id, [0x7fff_0000_0000n, 100 + index])]),
        [5, functionOf(0x7fff_0000_0000n, 5, 6)],
        ...texts,
      ]),
    );
    expect(stacks(profile)).toEqual(
      wide.map((_, index) => `${index + 1} shop/cart.Add:1 < shop/cart.Add:${100 + index} < shop/cart.Add:1`),
    );
  });

  it("reads profiles of more than 65,536 locations in one stack and across stacks", () => {
    const count = 70_000;
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const profile = whole(
      parse([
        [1, valueType(3, 4)],
        sample([2, 1], [1, packed(...ids.slice(0, 60_000))]),
        sample([2, 1], [1, packed(...ids.slice(60_000))]),
        ...ids.map((id): Field => [4, location(id, [1, id])]),
        [5, functionOf(1, 5, 6)],
        ...texts,
      ]),
    );
    expect(stackOf(profile, 0).map(({ line }) => line)).toEqual(ids.slice(0, 60_000));
    expect(stackOf(profile, 1).map(({ line }) => line)).toEqual(ids.slice(60_000));
  });

  it("reads short ids whose locations come after 65,536 others", () => {
    const ids = Array.from({ length: 66_000 }, (_, index) => 66_000 - index);
    const profile = whole(
      parse([
        [1, valueType(3, 4)],
        ...ids.map((id): Field => [4, location(id, [1, id])]),
        sample([2, 1], [1, packed(200, 300, 5, 400, 66_000)]),
        [5, functionOf(1, 5, 6)],
        ...texts,
      ]),
    );
    expect(stackOf(profile, 0).map(({ line }) => line)).toEqual([200, 300, 5, 400, 66_000]);
  });

  it("names a location without a function by its mapping, as go tool pprof does", () => {
    const profile = whole(
      parse([
        [1, valueType(3, 4)],
        sample([2, 1], [1, packed(1, 2, 3)]),
        [
          3,
          [
            [1, 4],
            [5, 9],
          ],
        ],
        [
          4,
          [
            [1, 1],
            [2, 4],
            [3, 0x7f00],
          ],
        ],
        [
          4,
          [
            [1, 2],
            [3, 0x7f01],
          ],
        ],
        [
          4,
          [
            [1, 3],
            [2, 4],
            [
              4,
              [
                [1, 1],
                [2, 3],
              ],
            ],
          ],
        ],
        [5, functionOf(1, 0, 0)],
        ...texts,
        ...strings("/usr/lib/libc.so.6"),
      ]),
    );
    expect(stackOf(profile, 0).map((frame) => frame.function)).toEqual([
      "[libc.so.6]",
      "<unknown>",
      "[libc.so.6]",
    ]);
  });

  it("counts a sample without a stack in the total alone", () => {
    const profile = whole(parse([...types, sample([2, packed(4, 8)]), ...texts]));
    expect(stacks(profile)).toEqual(["4,8 "]);
    expect(profileTotal(profile, 0)).toBe(4);
    expect(functionTotals(profile, 0)).toEqual([]);
  });

  it("keeps names that are not ASCII, and replaces bytes that are not UTF-8", () => {
    const bad = Uint8Array.from([0x66, 0xff, 0x66]);
    const profile = whole(
      parse([
        [1, valueType(3, 4)],
        sample([2, 1], [1, packed(1, 2)]),
        [4, location(1, [1, 1])],
        [4, location(2, [2, 1])],
        [5, functionOf(1, 9, 6)],
        [5, functionOf(2, 10, 6)],
        ...texts,
        ...strings("größe.Wärme"),
        [6, bad],
      ]),
    );
    expect(stackOf(profile, 0).map((frame) => frame.function)).toEqual(["größe.Wärme", "f\ufffdf"]);
  });
});

describe("pprofParser, on damage", () => {
  const good = [
    ...types,
    sample([2, packed(3, 900)], [1, packed(1, 2)]),
    ...locations,
    ...functions,
    ...texts,
  ];

  it("says empty of nothing, and not-this-format of text", () => {
    expect(failure(parse([])).code).toBe("empty");
    for (const text of [
      "heap profile: 1: 2 [3: 4] @ heap/1048576\n",
      "goroutine 1 [running]:\n",
      "{}",
      "\n\n\n",
    ]) {
      expect(failure(feed(pprofParser("x"), text)).code, text).toBe("not-this-format");
    }
  });

  it("keeps nothing when it breaks off before the string table, and says where", () => {
    const bytes = message(good);
    const table = message(texts).length;
    expect(failure(feed(pprofParser("x"), bytes.subarray(0, bytes.length - table - 3)))).toEqual({
      code: "damaged",
      message: "the file breaks off in the middle of a field, before the string table, so no name is known",
      at: { unit: "offset", value: bytes.length - table - 3 },
    });
    expect(failure(feed(pprofParser("x"), bytes.subarray(0, bytes.length - table))).message).toBe(
      "the string table is missing, so no name is known",
    );
  });

  it("keeps what has a name when it breaks off within the string table", () => {
    const bytes = message(good);
    const result = feed(pprofParser("x"), bytes.subarray(0, bytes.length - 4));
    if (!result.ok) throw new Error(result.error.message);
    expect(result.damage?.code).toBe("damaged");
    expect(stacks(result.value)).toEqual(["3,900 shop/cart.Add:41 < main.main:12"]);
    const less = feed(pprofParser("x"), bytes.subarray(0, bytes.length - 20));
    if (!less.ok) throw new Error(less.error.message);
    expect(less.damage?.message).toBe("the names of 1 frame are referred to, but not in the file");
    expect(stacks(less.value)).toEqual(["3,900 shop/cart.Add:41 < <unknown>:12"]);
  });

  it("leaves out a broken sample and keeps the others", () => {
    const broken: Field = [2, Uint8Array.from([0x0a, 0x05, 0x01])];
    const result = parse([...types, broken, ...good.slice(2)]);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.damage).toEqual({
      code: "damaged",
      message: "a field is longer than what holds it",
      at: { unit: "offset", value: message(types).length + 4 },
    });
    expect(stacks(result.value)).toEqual(["3,900 shop/cart.Add:41 < main.main:12"]);
  });

  it("says so when samples do not fit the sample types", () => {
    const result = parse([types[0] ?? [1, ""], ...good.slice(2)]);
    expect(failure(result).message).toBe("samples have 2 values for 1 sample types");
    const mixed = parse([...good, sample([2, 1], [1, 1])]);
    if (!mixed.ok) throw new Error(mixed.error.message);
    expect(mixed.damage?.message).toBe("a sample has 1 values where others have 2");
    expect(mixed.value.sampleCount).toBe(1);
  });

  it("says what is referred to and missing", () => {
    const result = parse([...types, sample([2, packed(1, 2)], [1, packed(1, 5)]), ...locations, ...texts]);
    if (!result.ok) throw new Error(result.error.message);
    expect(stacks(result.value)).toEqual(["1,2 <unknown>:41 < <unknown>:0"]);
    expect(result.damage?.message).toBe(
      "1 location and the names of 2 frames are referred to, but not in the file",
    );
  });

  it("stops at its bounds: a long field, a deep stack, stacks of deep locations", () => {
    const long = [...varint(6 * 8 + 2), ...varint(17 * 1024 * 1024)];
    expect(failure(feed(pprofParser("x"), Buffer.from([...message(types), ...long])))).toEqual({
      code: "too-large",
      message: "a field of more than 16777216 bytes",
      at: { unit: "offset", value: message(types).length },
    });

    const deep = Buffer.alloc(70_000, 1);
    expect(failure(parse([...types, sample([1, deep], [2, packed(1, 1)]), ...texts])).message).toBe(
      "a stack deeper than 65536 locations",
    );

    const lines = Array.from({ length: 9_000 }, () => [1, 1] as const);
    const bomb = [
      [1, valueType(3, 4)],
      sample([1, deep.subarray(0, 60_000)], [2, packed(1)]),
      [4, location(1, ...lines)],
      [5, functionOf(1, 5, 6)],
      ...texts,
    ] as const;
    expect(failure(parse(bomb)).code).toBe("too-large");
  });

  it("gives up on a file of broken fields instead of noting each", () => {
    const broken: Field = [2, Uint8Array.from([0x0a, 0x05])];
    const result = parse([...types, ...Array.from({ length: 2_000 }, () => broken), ...texts]);
    expect(failure(result).code).toBe("damaged");
  });
});
