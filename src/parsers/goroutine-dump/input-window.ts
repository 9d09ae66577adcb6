import type { InputMemory } from "./input-memory.ts";

/** Reads what it can of the memory's `[from .. to]` and returns where it stopped. `last` when nothing will follow. */
export type Consume = (from: number, to: number, last: boolean) => number;

/** Smaller chunks are gathered before they are looked at, so that bytes that come one by one cost no more. */
const gatherBytes = 16 * 1024;
/** Larger chunks are copied in pieces that stay in a fast cache. */
export const pieceBytes = 64 * 1024;

/** What is read into `room` at once: few enough to stay in a fast cache, many enough for few calls of the system. */
const roomBytes = 256 * 1024;

/**
 * Feeds chunks to a reader that wants the things it reads in one piece: what it leaves is kept in front of the next
 * chunk. After a failed attempt the next one waits until twice as much is there, so each byte is looked at a bounded
 * number of times.
 */
export class InputWindow {
  readonly #memory: InputMemory;
  readonly #consume: Consume;
  /** What was not read yet stands in the memory's `[#from .. #to]`. */
  #from: number;
  #to: number;
  /** How much must be there before the next attempt. */
  #wanted = gatherBytes;

  constructor(memory: InputMemory, consume: Consume) {
    this.#memory = memory;
    this.#consume = consume;
    this.#from = memory.start;
    this.#to = memory.start;
  }

  /** Memory behind what is kept: bytes that are there already when they are pushed are not copied. Valid until then. */
  room(): Uint8Array {
    this.#moveToStart();
    const used = this.#to - this.#memory.start;
    const length = Math.min(roomBytes, this.#memory.capacity - used);
    this.#memory.reserve(used + length);
    return this.#memory.bytes.subarray(this.#to, this.#to + length);
  }

  /** Takes a chunk, or as much of it as is wanted before `until` says so, and returns how much was taken. */
  push(chunk: Uint8Array, until: () => boolean = never): number {
    let at = 0;
    while (at < chunk.length) {
      const isHere = this.#isHere(chunk, at);
      const piece = isHere ? chunk.length : Math.max(pieceBytes, this.#wanted - this.#kept);
      const taken = Math.min(chunk.length - at, piece, this.#memory.capacity - this.#kept);
      if (!isHere) this.#copy(chunk.subarray(at, at + taken));
      this.#to += taken;
      at += taken;
      if (this.#kept < this.#wanted) break;
      this.#read(false);
      if (until()) break;
    }
    return at;
  }

  end(): void {
    this.#read(true);
  }

  /** Takes out what was not read yet. */
  takeRest(): Uint8Array {
    const rest = this.#memory.bytes.slice(this.#from, this.#to);
    this.#from = this.#memory.start;
    this.#to = this.#from;
    this.#wanted = gatherBytes;
    return rest;
  }

  get #kept(): number {
    return this.#to - this.#from;
  }

  /** Whether the chunk's byte at `at` stands right behind what is kept. */
  #isHere(chunk: Uint8Array, at: number): boolean {
    const { bytes } = this.#memory;
    return chunk.buffer === bytes.buffer && chunk.byteOffset + at === bytes.byteOffset + this.#to;
  }

  #copy(part: Uint8Array): void {
    this.#moveToStart();
    this.#memory.reserve(this.#kept + part.length);
    this.#memory.bytes.set(part, this.#to);
  }

  #moveToStart(): void {
    const { bytes, start } = this.#memory;
    if (this.#from === start) return;
    bytes.copyWithin(start, this.#from, this.#to);
    this.#to = start + this.#kept;
    this.#from = start;
  }

  #read(last: boolean): void {
    this.#from = this.#consume(this.#from, this.#to, last);
    this.#wanted = Math.min(this.#memory.capacity, Math.max(gatherBytes, 2 * this.#kept));
  }
}

function never(): boolean {
  return false;
}
