import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { errorCode, PortError } from "../../domain/errors.ts";
import { redacted } from "./redact-text.ts";

/** Field numbers of google/pprof's profile.proto that hold string numbers, by the message they are in. */
const field = { sampleType: 1, sample: 2, mapping: 3, function: 5, stringTable: 6, periodType: 11 } as const;
const sampleLabel = 3;
const label = { key: 1, text: 2, unit: 4 } as const;
const otherStrings: Readonly<Record<number, readonly number[]>> = {
  [field.sampleType]: [1, 2],
  [field.periodType]: [1, 2],
  [field.mapping]: [5, 6],
  [field.function]: [2, 3, 4],
};
/** drop_frames, keep_frames, comment (not packed), default_sample_type, doc_url. */
const ownStrings: readonly number[] = [7, 8, 13, 14, 15];
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
/** A sample with a stack of 10,000 frames has 50 KiB. */
const largestField = 16 << 20;

/**
 * A gzip-compressed pprof profile whose labels keep their names and lose their texts: each text becomes
 * "redacted-NUMBER", so that samples that differed still do. A text that is also the name of a function, a file or a
 * label stays. Relies on the strings standing behind the samples, as Go writes them (runtime/pprof/proto.go, build);
 * PortError `bad-response` for anything else: it cannot be redacted, so it is not kept.
 */
export async function* redactProfile(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const gzip = createGzip();
  const piped = pipeline(fields(inflated(source, file), file), gzip);
  // Its failure comes out of the loop; on its own it must not end the process.
  piped.catch(() => {});
  yield* gzip;
  await piped;
}

async function* inflated(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const piped = pipeline(source, gunzip);
  piped.catch(() => {});
  try {
    yield* gunzip;
    await piped;
  } catch (error) {
    // zlib's own; everything else is the source's.
    throw errorCode(error).startsWith("Z_") ? unreadable(file, error) : error;
  }
}

/** Hands the profile's fields on as soon as they are whole. */
async function* fields(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const strings = new StringUse(file);
  let pending = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    const kept: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const next = fieldAt(pending, at, file);
      if (next === undefined) break;
      kept.push(strings.see(next) ?? pending.subarray(at, next.end));
      at = next.end;
    }
    pending = pending.subarray(at);
    if (pending.length > largestField) throw unreadable(file);
    if (kept.length > 0) yield Buffer.concat(kept);
  }
  if (pending.length > 0) throw unreadable(file);
}

interface Field {
  readonly number: number;
  /** Of a varint. */
  readonly value: number;
  /** Of a message or a string. */
  readonly content: Uint8Array;
  readonly end: number;
}

/** What is known of the string table before it comes. */
class StringUse {
  readonly #file: string;
  readonly #labelTexts = new Set<number>();
  readonly #others = new Set<number>();
  #strings = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** What stands in the field's place; undefined leaves it as it is. */
  see({ number, value, content }: Field): Uint8Array | undefined {
    if (number === field.stringTable) {
      const index = this.#strings++;
      if (!this.#labelTexts.has(index) || this.#others.has(index)) return undefined;
      const text = Buffer.from(`${redacted}-${index}`);
      return Buffer.concat([Buffer.from([(field.stringTable << 3) | wire.bytes, text.length]), text]);
    }
    if (number === field.sample) this.#seeSample(content);
    if (ownStrings.includes(number)) this.#others.add(value);
    for (const inner of otherStrings[number] ?? []) {
      for (const part of parts(content, this.#file)) if (part.number === inner) this.#others.add(part.value);
    }
    return undefined;
  }

  #seeSample(sample: Uint8Array): void {
    for (const part of parts(sample, this.#file)) {
      if (part.number !== sampleLabel) continue;
      if (this.#strings > 0) throw unreadable(this.#file); // its text may be out already
      for (const { number, value } of parts(part.content, this.#file)) {
        if (number === label.text && value > 0) this.#labelTexts.add(value);
        else if (number === label.key || number === label.unit) this.#others.add(value);
      }
    }
  }
}

function* parts(message: Uint8Array, file: string): Generator<Field> {
  for (let at = 0; at < message.length; ) {
    const part = fieldAt(message, at, file);
    if (part === undefined) throw unreadable(file);
    yield part;
    at = part.end;
  }
}

const nothing = new Uint8Array(0);

/** Undefined while the field is not whole. */
function fieldAt(bytes: Uint8Array, start: number, file: string): Field | undefined {
  const tag = varintAt(bytes, start, file);
  if (tag === undefined) return undefined;
  const number = Math.floor(tag.value / 8);
  switch (tag.value % 8) {
    case wire.varint: {
      const value = varintAt(bytes, tag.end, file);
      return value === undefined
        ? undefined
        : { number, value: value.value, content: nothing, end: value.end };
    }
    case wire.bytes: {
      const length = varintAt(bytes, tag.end, file);
      if (length === undefined) return undefined;
      if (length.value > largestField) throw unreadable(file);
      const end = length.end + length.value;
      return end > bytes.length
        ? undefined
        : { number, value: 0, content: bytes.subarray(length.end, end), end };
    }
    case wire.fixed64:
    case wire.fixed32: {
      const end = tag.end + (tag.value % 8 === wire.fixed64 ? 8 : 4);
      return end > bytes.length ? undefined : { number, value: 0, content: nothing, end };
    }
    default:
      throw unreadable(file);
  }
}

/** Exact below 2^53, which no string's number or length exceeds. */
function varintAt(
  bytes: Uint8Array,
  start: number,
  file: string,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let at = start; at < start + 10; at++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw unreadable(file);
}

function unreadable(file: string, cause?: unknown): PortError {
  const message = "this is no profile as Go writes it: its labels cannot be taken out (artifacts.redact)";
  return new PortError("bad-response", file, message, cause === undefined ? {} : { cause });
}
