import type { ParseErrorCode } from "../../domain/evidence/parse-result.ts";

/**
 * Thrown inside the pprof reader only, and caught at its edge: bad input ends the field, or the reading.
 * `offset` is where in the bytes at hand it was noticed.
 */
export class BadField extends Error {
  readonly code: Extract<ParseErrorCode, "damaged" | "too-large">;
  readonly offset: number;

  constructor(code: "damaged" | "too-large", message: string, offset: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/**
 * Wire types (protobuf.dev/programming-guides/encoding). A field's tag is its number * 8 + its wire type. Groups
 * (3, 4) are not used by profile.proto.
 */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads one message out of `bytes[at..end]`. One instance is used over and over: no object per field. Its few
 * functions are all that a profile of any size runs through, so that they are compiled soon.
 *
 * Methods throw BadField when the message ends early or is not protobuf.
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  /** Of `bytes`, for reading several at once. */
  view = new DataView(this.bytes.buffer);
  at = 0;
  end = 0;
  /** Tag of the field that `next` found. */
  tag = 0;
  /**
   * The 64 bits that `readVarint` found, both halves as signed 32-bit numbers: the engine keeps these without a box,
   * which it needs for larger ones.
   */
  low = 0;
  high = 0;

  open(bytes: Uint8Array, at: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.at = at;
    this.end = end;
  }

  /** Moves to the next field's value; false at the end of the message. */
  next(): boolean {
    if (this.at >= this.end) return false;
    this.tag = this.readNumber();
    if (this.tag < 8) throw new BadField("damaged", "a field has the number 0", this.at);
    return true;
  }

  /** An unsigned varint; exact below 2^53, which no index or length exceeds. */
  readNumber(): number {
    const byte = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0x80;
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    this.readVarint();
    return this.high === 0 && this.low >= 0 ? this.low : (this.high >>> 0) * 0x1_0000_0000 + (this.low >>> 0);
  }

  /** A signed 64-bit varint; exact between -2^53 and 2^53. */
  readSigned(): number {
    this.readVarint();
    return this.high * 0x1_0000_0000 + (this.low >>> 0);
  }

  /** Reads up to ten bytes into `low` and `high`. */
  readVarint(): void {
    const { bytes } = this;
    let { at } = this;
    let byte = bytes[at++] ?? 0;
    let low = byte & 0x7f;
    let high = 0;
    // Behind the end of the message stand other bytes or none: noticed below.
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[at++] ?? 0;
      low |= (byte & 0x7f) << shift;
    }
    if (byte >= 0x80) {
      byte = bytes[at++] ?? 0;
      low |= byte << 28;
      high = (byte & 0x7f) >>> 4;
      for (let shift = 3; byte >= 0x80 && shift < 32; shift += 7) {
        byte = bytes[at++] ?? 0;
        high |= (byte & 0x7f) << shift;
      }
    }
    if (at > this.end) throw new BadField("damaged", "a number breaks off", this.at);
    if (byte >= 0x80) throw new BadField("damaged", "a number is longer than 64 bits", this.at);
    this.at = at;
    this.low = low;
    this.high = high;
  }

  /** The end of the length-delimited value that starts at `at`. */
  readLength(): number {
    const length = this.readNumber();
    const stop = this.at + length;
    if (stop > this.end) throw tooLong(this.at);
    return stop;
  }

  /** Passes over the value of a field that is not wanted. */
  skip(): void {
    const type = this.tag % 8;
    if (type === wireType.bytes) this.at = this.readLength();
    else if (type === wireType.varint) this.readVarint();
    else {
      if (type !== wireType.fixed64 && type !== wireType.fixed32) {
        throw new BadField("damaged", `a field has the unknown wire type ${type}`, this.at);
      }
      const stop = this.at + (type === wireType.fixed64 ? 8 : 4);
      if (stop > this.end) throw tooLong(this.at);
      this.at = stop;
    }
  }
}

function tooLong(offset: number): BadField {
  return new BadField("damaged", "a field is longer than what holds it", offset);
}
