import type { ParseErrorCode } from "../../domain/parse-result.ts";

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

/** Wire types (protobuf.dev/programming-guides/encoding); groups (3, 4) are not used by profile.proto. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads one message out of `bytes[at..end]`. One instance is used over and over: no object per field.
 * Methods throw BadField when the message ends early or is not protobuf.
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  /** Of `bytes`, for reading several at once. */
  view = new DataView(this.bytes.buffer);
  at = 0;
  end = 0;
  /** Field number and wire type of the field that `next` found. */
  field = 0;
  type = 0;
  /** The 64 bits that `readVarint` found. */
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
    const tag = this.readNumber();
    this.type = tag % 8;
    this.field = Math.floor(tag / 8);
    if (this.field === 0) throw new BadField("damaged", "field number 0", this.at);
    return true;
  }

  /** Reads up to ten bytes into `low` and `high` (both unsigned). */
  readVarint(): void {
    const { bytes, end } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end) throw new BadField("damaged", "a number breaks off", this.at);
      if (shift > 63) throw new BadField("damaged", "a number is longer than 64 bits", this.at);
      const byte = bytes[at++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
    }
    this.at = at;
    this.low = low >>> 0;
    this.high = high >>> 0;
  }

  /** An unsigned varint; exact below 2^53, which no index, id of a Go profile or length exceeds. */
  readNumber(): number {
    const byte = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0x80;
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    this.readVarint();
    return this.high * 0x1_0000_0000 + this.low;
  }

  /** A signed 64-bit varint; exact between -2^53 and 2^53. */
  readSigned(): number {
    this.readVarint();
    return (this.high | 0) * 0x1_0000_0000 + this.low;
  }

  /** The end of the length-delimited value that starts at `at`. */
  readLength(): number {
    const length = this.readNumber();
    const stop = this.at + length;
    if (stop > this.end) throw new BadField("damaged", "a field is longer than what holds it", this.at);
    return stop;
  }

  expect(type: number): void {
    if (this.type !== type) {
      throw new BadField("damaged", `field ${this.field} has wire type ${this.type}`, this.at);
    }
  }

  /** Passes over the value of a field that is not wanted. */
  skip(): void {
    let stop = this.at;
    if (this.type === wireType.varint) {
      this.readVarint();
      return;
    }
    if (this.type === wireType.bytes) stop = this.readLength();
    else if (this.type === wireType.fixed64) stop += 8;
    else if (this.type === wireType.fixed32) stop += 4;
    else throw new BadField("damaged", `unknown wire type ${this.type}`, this.at);
    if (stop > this.end) throw new BadField("damaged", "a field is longer than what holds it", this.at);
    this.at = stop;
  }
}
