/** Reads what it can of `bytes[from .. to]` and returns where it stopped. `last` when nothing will follow. */
export type Consume = (bytes: Uint8Array, from: number, to: number, last: boolean) => number;

/** Smaller chunks are gathered before they are looked at, so that bytes that come one by one cost no more. */
const gatherBytes = 16 * 1024;

const smallestBuffer = 1024;

/**
 * Feeds chunks to a reader that wants the things it reads in one piece. What is left of a chunk is carried over to
 * the next one; everything else is read where it lies. Each byte is looked at a bounded number of times: after a
 * failed attempt the next one waits until twice as much is there.
 */
export class CarryOver {
  readonly #consume: Consume;
  #buffer = new Uint8Array(0);
  #carried = 0;
  /** How much must be there before the next attempt. */
  #wanted = gatherBytes;

  constructor(consume: Consume) {
    this.#consume = consume;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (this.#carried > 0 || chunk.length - at < gatherBytes) {
      if (at === chunk.length) return;
      const before = this.#carried;
      const taken = Math.min(chunk.length - at, Math.max(0, this.#wanted - before));
      this.#append(chunk, at, at + taken);
      at += taken;
      if (this.#carried < this.#wanted) return;
      const read = this.#consume(this.#buffer, 0, this.#carried, false);
      if (read >= before && at < chunk.length) {
        // What is left was only just copied out of the chunk: go on there.
        at -= this.#carried - read;
        this.#carried = 0;
        this.#wanted = gatherBytes;
        break;
      }
      this.#keep(read);
    }
    if (at >= chunk.length) return;
    const read = this.#consume(chunk, at, chunk.length, false);
    this.#append(chunk, read, chunk.length);
    this.#wanted = Math.max(gatherBytes, 2 * this.#carried);
  }

  end(): void {
    const read = this.#consume(this.#buffer, 0, this.#carried, true);
    this.#keep(read);
  }

  #keep(read: number): void {
    this.#buffer.copyWithin(0, read, this.#carried);
    this.#carried -= read;
    this.#wanted = Math.max(gatherBytes, 2 * this.#carried);
  }

  #append(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#carried + to - from;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length, smallestBuffer));
      grown.set(this.#buffer.subarray(0, this.#carried));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk.subarray(from, to), this.#carried);
    this.#carried = needed;
  }
}
