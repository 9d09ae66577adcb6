import { limits } from "./limits.ts";
import { wireType } from "./wire.ts";

/**
 * Wire type of each field of the message Profile by field number; 13 (comment) is a list and comes as both. Fields with
 * higher numbers are those of a later version of the format: they may stand anywhere but in front.
 */
const wireTypes = [-1, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0] as const;
const commentField = 13;
const newerTypes: ReadonlySet<number> = new Set(Object.values(wireType));

/**
 * True when the first bytes are fields of a pprof profile (uncompressed protobuf). Text is told apart by the control
 * characters that it never has: small field lengths and numbers.
 */
export function looksLikeProfile(head: Uint8Array): boolean {
  if (!head.subarray(0, 64).some((byte) => byte < 0x09)) return false;
  let fields = 0;
  let at = 0;
  while (at < head.length) {
    const tag = varint(head, at);
    if (tag === undefined) return fields > 0;
    const number = Math.floor(tag.value / 8);
    const type = tag.value % 8;
    if (number >= wireTypes.length) {
      if (fields === 0 || !newerTypes.has(type)) return false;
    } else if (wireTypes[number] !== type && !(number === commentField && type === 2)) return false;
    const fixedBytes = type === wireType.fixed64 ? 8 : type === wireType.fixed32 ? 4 : undefined;
    const value = fixedBytes === undefined ? varint(head, tag.end) : { value: 0, end: tag.end + fixedBytes };
    if (value === undefined) return fields > 0;
    if (type === 2 && value.value > limits.fieldBytes) return false;
    at = value.end + (type === 2 ? value.value : 0);
    // A first field that is longer than the head may be anything.
    if (at <= head.length) fields++;
  }
  return fields > 0;
}

function varint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return { value: Number.POSITIVE_INFINITY, end: at };
}
