import type { InputMemory } from "./input-memory.ts";

/** Reads what it can of the memory's `[from .. to]` and returns where it stopped. `last` when nothing will follow. */
export type Consume = (from: number, to: number, last: boolean) => number;

/** Smaller chunks are gathered before they are looked at, so that bytes that come one by one cost no more. */
const gatherBytes = 16 * 1024;
/** Larger chunks are taken in pieces that stay in a fast cache. */
export const pieceBytes = 64 * 1024;

/**
 * Feeds chunks to a reader that wants the things it reads in one piece: what it leaves is kept in front of the next
 * chunk. After a failed attempt the next one waits until twice as much is there, so each byte is looked at a bounded
 * number of times.
 */
export class InputWindow {
  readonly #memory: InputMemory;
  readonly #consume: Consume;
  #kept = 0;
  /** How much must be there before the next attempt. */
  #wanted = gatherBytes;

  constructor(memory: InputMemory, consume: Consume) {
    this.#memory = memory;
    this.#consume = consume;
  }

  /** Takes a chunk, or as much of it as is wanted before `until` says so, and returns how much was taken. */
  push(chunk: Uint8Array, until: () => boolean = never): number {
    let at = 0;
    while (at < chunk.length) {
      const piece = Math.max(pieceBytes, this.#wanted - this.#kept);
      const taken = Math.min(chunk.length - at, piece, this.#memory.capacity - this.#kept);
      this.#memory.reserve(this.#kept + taken);
      this.#memory.bytes.set(chunk.subarray(at, at + taken), this.#memory.start + this.#kept);
      this.#kept += taken;
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
    const { bytes, start } = this.#memory;
    const rest = bytes.slice(start, start + this.#kept);
    this.#kept = 0;
    this.#wanted = gatherBytes;
    return rest;
  }

  #read(last: boolean): void {
    const { start, capacity } = this.#memory;
    const end = start + this.#kept;
    const stopped = this.#consume(start, end, last);
    this.#memory.bytes.copyWithin(start, stopped, end);
    this.#kept = end - stopped;
    this.#wanted = Math.min(capacity, Math.max(gatherBytes, 2 * this.#kept));
  }
}

function never(): boolean {
  return false;
}
