import { BadField } from "./wire.ts";

/**
 * Ids below this are their own slot: Go numbers locations and functions from 1 without holes. Far more than a large
 * service's profile has, and few enough to leave a table of this size mostly empty when ids are sparse.
 */
const denseIds = 1 << 18;

/**
 * Small numbers for the ids of a profile, which may be anything up to 2^64 (other producers use addresses).
 * Slots can be handed out before the id is defined: profiles may name a location before they describe it.
 */
export class IdSlots {
  readonly #what: string;
  readonly #most: number;
  readonly #sparse = new Map<number | bigint, number>();
  #dense = 0;

  constructor(what: string, most: number) {
    this.#what = what;
    this.#most = most;
  }

  /** One more than the largest slot handed out. */
  get size(): number {
    return this.#sparse.size === 0 ? this.#dense : denseIds + this.#sparse.size;
  }

  /** Slot of the id `high * 2^32 + low`. */
  slotOf(low: number, high: number): number {
    if (high === 0 && low < denseIds) {
      if (low >= this.#dense) this.#dense = low + 1;
      return low;
    }
    const id = high < 1 << 21 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
    let slot = this.#sparse.get(id);
    if (slot === undefined) {
      if (this.#sparse.size >= this.#most) {
        throw new BadField("too-large", `more than ${this.#most} ${this.#what}`, 0);
      }
      slot = denseIds + this.#sparse.size;
      this.#sparse.set(id, slot);
    }
    return slot;
  }
}
