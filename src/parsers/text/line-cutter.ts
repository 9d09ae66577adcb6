/**
 * - `whole`: ended by a line feed (a carriage return before it is left out).
 * - `unterminated`: the input ended within it, so its last word may be cut.
 * - `too-long`: longer than the bound; only the beginning is there.
 */
export type LineShape = "whole" | "unterminated" | "too-long";

/** Receives `bytes[start .. end]`, valid only during the call. `line` is 1-based. */
export type OnLine = (bytes: Buffer, start: number, end: number, line: number, shape: LineShape) => void;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts a stream of bytes into lines without copying those that lie within one chunk. A line that spans chunks is
 * gathered in one buffer of at most `maxLineBytes`, however small the chunks are.
 */
export class LineCutter {
  readonly #onLine: OnLine;
  readonly #maxLineBytes: number;
  #carry = Buffer.allocUnsafe(0);
  #carried = 0;
  #tooLong = false;
  #lines = 0;
  #bytes = 0;

  constructor(maxLineBytes: number, onLine: OnLine) {
    this.#maxLineBytes = maxLineBytes;
    this.#onLine = onLine;
  }

  /** Lines delivered so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Bytes received so far. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    // Buffer.indexOf reaches memchr: four times as fast as the same search on a plain Uint8Array.
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#bytes += bytes.length;
    let start = 0;
    for (;;) {
      const feed = bytes.indexOf(lineFeed, start);
      if (feed === -1) break;
      if (this.#carried > 0 || this.#tooLong) {
        this.#gather(bytes, start, feed);
        this.#deliverCarry("whole");
      } else {
        this.#deliver(bytes, start, feed, "whole");
      }
      start = feed + 1;
    }
    if (start < bytes.length) this.#gather(bytes, start, bytes.length);
  }

  /** Delivers what stands behind the last line feed, if anything. */
  end(): void {
    if (this.#carried > 0 || this.#tooLong) this.#deliverCarry("unterminated");
  }

  #gather(bytes: Buffer, start: number, end: number): void {
    const room = this.#maxLineBytes - this.#carried;
    const taken = Math.min(end - start, room);
    if (taken < end - start) this.#tooLong = true;
    const needed = this.#carried + taken;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxLineBytes, Math.max(4096, needed * 2)));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start, start + taken);
    this.#carried = needed;
  }

  #deliverCarry(shape: LineShape): void {
    const end = this.#carried;
    const tooLong = this.#tooLong;
    this.#carried = 0;
    this.#tooLong = false;
    this.#deliver(this.#carry, 0, end, tooLong ? "too-long" : shape);
  }

  #deliver(bytes: Buffer, start: number, end: number, shape: LineShape): void {
    this.#lines++;
    if (end - start > this.#maxLineBytes) {
      this.#onLine(bytes, start, start + this.#maxLineBytes, this.#lines, "too-long");
      return;
    }
    const cut = shape !== "too-long" && end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
    this.#onLine(bytes, start, cut, this.#lines, shape);
  }
}

/** The lines that stand whole in the first bytes of an input; the last one too when nothing but it is there. */
export function headLines(head: Uint8Array, most = 16): string[] {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 8192)).toString("utf8");
  const lines = text.split(/\r?\n/, most + 1);
  return lines.length > 1 ? lines.slice(0, -1) : lines;
}
