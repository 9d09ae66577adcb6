/** A table from 64-bit hashes to small numbers, without an object per entry. */
export class SkeletonMemo {
  /** Three numbers per slot: both halves of the hash, and the value plus one (0 for a free slot). */
  #slots = new Int32Array(3 * 1024);
  #mask = 1023;
  #size = 0;
  readonly #maxSize: number;

  /** When it holds `maxSize` entries, further ones are not kept. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** The value kept for a hash, or -1. */
  get(hashA: number, hashB: number): number {
    return (this.#slots[this.#find(hashA, hashB) + 2] ?? 0) - 1;
  }

  /** Keeps a value (0 or more) for a hash that is not there yet. */
  add(hashA: number, hashB: number, value: number): void {
    if (this.#size === this.#maxSize) return;
    if (++this.#size * 2 > this.#mask) this.#grow();
    const slot = this.#find(hashA, hashB);
    this.#slots[slot] = hashA;
    this.#slots[slot + 1] = hashB;
    this.#slots[slot + 2] = value + 1;
  }

  /** Where the hash is, or the free slot where it would be. */
  #find(hashA: number, hashB: number): number {
    const slots = this.#slots;
    for (let index = (hashA ^ (hashA >>> 16) ^ hashB) & this.#mask; ; index = (index + 1) & this.#mask) {
      const slot = 3 * index;
      if (slots[slot + 2] === 0 || (slots[slot] === hashA && slots[slot + 1] === hashB)) return slot;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    this.#mask = 2 * this.#mask + 1;
    for (let slot = 0; slot < old.length; slot += 3) {
      if (old[slot + 2] === 0) continue;
      const free = this.#find(old[slot] ?? 0, old[slot + 1] ?? 0);
      this.#slots.set(old.subarray(slot, slot + 3), free);
    }
  }
}
