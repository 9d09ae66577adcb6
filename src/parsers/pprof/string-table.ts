import type { CompiledFields } from "./compiled-fields.ts";
import { grownUint8, grownUint32 } from "./growable.ts";
import { limits } from "./limits.ts";
import { BadField } from "./wire.ts";

/**
 * The string table as bytes. Most strings of a labelled profile are label values that nobody asks for, so a string
 * becomes a JavaScript string only when it is named.
 */
export class StringTable {
  count = 0;

  readonly #compiled: CompiledFields | undefined;
  #bytes: Buffer;
  /** `#bytes[#starts[i] .. #starts[i + 1]]` is string `i`. */
  #starts: Uint32Array<ArrayBuffer>;
  readonly #decoded = new Map<number, string>();

  /** With `compiled`, the table stands where that can read and write it, until it has to grow. */
  constructor(compiled?: CompiledFields) {
    this.#compiled = compiled;
    const arrays = compiled?.strings;
    this.#bytes = arrays === undefined ? Buffer.alloc(32 * 1024) : asBuffer(arrays.bytes);
    this.#starts = arrays?.starts ?? new Uint32Array(2048);
  }

  add(source: Uint8Array, at: number, end: number): void {
    const start = this.#starts[this.count] ?? 0;
    const stop = start + (end - at);
    if (this.count >= limits.strings) throw tooLarge(`more than ${limits.strings} strings`, at);
    if (stop > limits.stringBytes) throw tooLarge(`more than ${limits.stringBytes} bytes of strings`, at);
    if (stop > this.#bytes.length) {
      this.#compiled?.leave();
      this.#bytes = asBuffer(grownUint8(this.#bytes, stop));
    }
    const bytes = this.#bytes;
    if (end - at > 64) bytes.set(source.subarray(at, end), start);
    else for (let i = at, to = start; i < end; i++, to++) bytes[to] = source[i] ?? 0;
    this.count++;
    if (this.count >= this.#starts.length) {
      this.#compiled?.leave();
      this.#starts = grownUint32(this.#starts, this.count + 1);
    }
    this.#starts[this.count] = stop;
  }

  /** Undefined when the table has no such index: it broke off before. */
  text(index: number): string | undefined {
    if (index < 0 || index >= this.count) return undefined;
    let text = this.#decoded.get(index);
    if (text === undefined) {
      const start = this.#starts[index] ?? 0;
      const end = Math.min(this.#starts[index + 1] ?? start, start + limits.nameBytes);
      // Lossy on purpose: a name with a broken byte is still the best name there is.
      text = this.#bytes.toString("utf8", start, end);
      this.#decoded.set(index, text);
    }
    return text;
  }
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function tooLarge(message: string, offset: number): BadField {
  return new BadField("too-large", message, offset);
}
