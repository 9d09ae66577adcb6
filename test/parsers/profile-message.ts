/**
 * Writes protobuf messages for the tests of the pprof reader, in every way in which they may be written: by itself,
 * so that a misreading of the format in the reader is not repeated in the test.
 */

/** Written as varint (numbers; negative ones in ten bytes) or length-delimited (everything else). */
export type FieldValue = number | bigint | string | Uint8Array | readonly Field[];
export type Field = readonly [number: number, value: FieldValue];

export function varint(value: number | bigint): number[] {
  if (value >= 0 && value < 0x80) return [Number(value)];
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export function message(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [number, value] of fields) {
    if (typeof value === "number" || typeof value === "bigint") {
      bytes.push(...varint(number * 8), ...varint(value));
      continue;
    }
    const inner =
      typeof value === "string" ? Buffer.from(value) : value instanceof Uint8Array ? value : message(value);
    bytes.push(...varint(number * 8 + 2), ...varint(inner.length));
    for (const byte of inner) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A repeated number as one field. */
export function packed(...values: readonly (number | bigint)[]): Uint8Array {
  return Uint8Array.from(values.flatMap(varint));
}

export function valueType(type: number, unit: number): readonly Field[] {
  return [
    [1, type],
    [2, unit],
  ];
}

export function location(
  id: number | bigint,
  ...lines: readonly (readonly [functionId: number | bigint, line: number])[]
): readonly Field[] {
  return [
    [1, id],
    ...lines.map(
      ([functionId, line]): Field => [
        4,
        [
          [1, functionId],
          [2, line],
        ],
      ],
    ),
  ];
}

export function functionOf(id: number | bigint, name: number, file: number): readonly Field[] {
  return [
    [1, id],
    [2, name],
    [3, name],
    [4, file],
  ];
}

export function strings(...texts: readonly string[]): readonly Field[] {
  return texts.map((text): Field => [6, text]);
}
