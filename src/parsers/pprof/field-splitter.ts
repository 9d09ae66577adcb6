import type { ParseError } from "../../domain/evidence/parse-result.ts";
import { grownUint8 } from "./growable.ts";
import { limits } from "./limits.ts";
import { BadField, wireType } from "./wire.ts";

/** What is given to a FieldReader at once. */
export const heldBytes = 128 * 1024;

/** Longest tag and longest length, ten bytes each. */
const longestHead = 20;

/** Receives the top-level fields. */
export interface FieldReader {
  /** Takes the next bytes, at most `heldBytes`. Returns where they stand now, valid until the next ones come. */
  hold(bytes: Uint8Array): Uint8Array;
  /**
   * Reads what it can read without being given field by field, of the bytes held and from `at` on. Returns where the first
   * field begins that it has to be given.
   */
  readHeld(bytes: Uint8Array, at: number): number;
  /**
   * `tag` is number * 8 + wire type; the value is `bytes[at..end]`, valid during the call only. Throws BadField when
   * the value is broken; the splitter notes that and goes on with the next field.
   */
  readField(tag: number, bytes: Uint8Array, at: number, end: number): void;
}

/**
 * Cuts a protobuf message that arrives in chunks into its top-level fields. Fields are read where they stand in the
 * chunk; only one that a chunk's end cuts is copied.
 */
export class FieldSplitter {
  /** Bytes received. */
  offset = 0;
  /** The first field whose value was broken; it was left out. */
  firstBadField: ParseError | undefined;

  readonly #reader: FieldReader;
  #stopped: ParseError | undefined;
  #badFields = 0;
  /** Beginning of a field that continues in the next chunk. */
  #carry = new Uint8Array(1024);
  #carried = 0;
  /** What `#head` found: where the value of a field begins and ends; -1 when the head itself is not whole. */
  #tag = 0;
  #valueAt = 0;
  #valueEnd = 0;

  constructor(reader: FieldReader) {
    this.#reader = reader;
  }

  push(pushed: Uint8Array): void {
    for (let at = 0; at < pushed.length; at += heldBytes) {
      this.#split(this.#reader.hold(pushed.subarray(at, at + heldBytes)));
    }
  }

  #split(chunk: Uint8Array): void {
    const start = this.offset;
    this.offset += chunk.length;
    if (this.#stopped !== undefined) return;
    let at = this.#carried === 0 ? 0 : this.#finishCarried(chunk, start);
    while (at < chunk.length && this.#stopped === undefined) {
      at = this.#reader.readHeld(chunk, at);
      if (at === chunk.length) return;
      const next = this.#deliverAt(chunk, at, start);
      if (next === -1) {
        if (this.#stopped === undefined) this.#carryOn(chunk, at, chunk.length);
        return;
      }
      at = next;
    }
  }

  /** Delivers the field at `at`. Returns where the next one begins, or -1 when it is not whole or the reading stopped. */
  #deliverAt(chunk: Uint8Array, at: number, start: number): number {
    if (!this.#head(chunk, at, chunk.length, start) || this.#valueEnd > chunk.length) return -1;
    this.#deliver(chunk, start);
    return this.#valueEnd;
  }

  /** Why the reading ended before the input did, or in the middle of a field; undefined when all is well. */
  finish(): ParseError | undefined {
    if (this.#stopped === undefined && this.#carried > 0) {
      this.#stop("damaged", "the file breaks off in the middle of a field", this.offset - this.#carried);
    }
    return this.#stopped;
  }

  /** Completes the field that was carried over. Returns where in `chunk` the next one begins. */
  #finishCarried(chunk: Uint8Array, start: number): number {
    const before = this.#carried;
    const fieldStart = start - before;
    // Enough for the head first: until then the field's length is not known.
    let used = Math.min(chunk.length, Math.max(0, longestHead - before));
    this.#carryOn(chunk, 0, used);
    if (!this.#head(this.#carry, 0, this.#carried, fieldStart)) return used;
    const end = this.#valueEnd;
    if (end > this.#carried) {
      const more = Math.min(chunk.length, end - before);
      this.#carryOn(chunk, used, more);
      used = more;
      if (end > this.#carried) return used;
    }
    this.#deliver(this.#carry, fieldStart);
    this.#carried = 0;
    return end - before;
  }

  #carryOn(chunk: Uint8Array, from: number, to: number): void {
    if (to <= from) return;
    const size = this.#carried + (to - from);
    if (size > this.#carry.length) this.#carry = grownUint8(this.#carry, size);
    this.#carry.set(chunk.subarray(from, to), this.#carried);
    this.#carried = size;
  }

  /** Reads tag and length at `at`. False when they are not whole yet, or the input is no protobuf (then stopped). */
  #head(bytes: Uint8Array, at: number, end: number, base: number): boolean {
    const tag = this.#varint(bytes, at, end, base);
    if (tag < 0) return false;
    this.#tag = tag;
    if (tag < 8) return this.#stop("damaged", "a field has the number 0", base + at);
    const next = this.#valueAt;
    const type = tag % 8;
    if (type === wireType.bytes) {
      const length = this.#varint(bytes, next, end, base);
      if (length < 0) return false;
      if (length > limits.fieldBytes) {
        return this.#stop("too-large", `a field of more than ${limits.fieldBytes} bytes`, base + at);
      }
      this.#valueEnd = this.#valueAt + length;
      return true;
    }
    if (type === wireType.varint) {
      if (this.#varint(bytes, next, end, base) < 0) return false;
      this.#valueEnd = this.#valueAt;
    } else if (type === wireType.fixed64) this.#valueEnd = next + 8;
    else if (type === wireType.fixed32) this.#valueEnd = next + 4;
    else return this.#stop("damaged", `a field has the unknown wire type ${type}`, base + at);
    this.#valueAt = next;
    return true;
  }

  /** Reads a varint; `#valueAt` is behind it. -1 when it is not whole, or longer than ten bytes (then stopped). */
  #varint(bytes: Uint8Array, at: number, end: number, base: number): number {
    let value = 0;
    let scale = 1;
    for (let i = at; i < end; i++) {
      const byte = bytes[i] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#valueAt = i + 1;
        return value;
      }
      scale *= 128;
      if (i - at === 9) {
        this.#stop("damaged", "a number is longer than 64 bits", base + at);
        return -1;
      }
    }
    return -1;
  }

  #deliver(bytes: Uint8Array, base: number): void {
    try {
      this.#reader.readField(this.#tag, bytes, this.#valueAt, this.#valueEnd);
    } catch (error) {
      if (!(error instanceof BadField)) throw error;
      const { code, message } = error;
      this.firstBadField ??= { code, message, at: { unit: "offset", value: base + error.offset } };
      this.#badFields++;
      if (code === "too-large") this.#stop(code, message, base + this.#valueAt);
      else if (this.#badFields > limits.badFields) {
        this.#stop(code, `more than ${limits.badFields} broken fields`, base + this.#valueAt);
      }
    }
  }

  /** Ends the reading; later bytes are only counted. */
  #stop(code: "damaged" | "too-large", message: string, offset: number): false {
    this.#stopped = { code, message, at: { unit: "offset", value: offset } };
    return false;
  }
}
