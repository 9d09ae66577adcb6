import { grownUint32 } from "./growable.ts";
import { BadField } from "./wire.ts";

/** Ids below this are looked up in an array, all others (some producers use addresses) in a map. */
export const directIds = 1 << 20;

/** Ids of at most two bytes on the wire, nearly all ids of real profiles, always have a place in `direct`. */
const twoByteIds = 1 << 14;

/**
 * Small numbers for the ids of a profile, which may be anything up to 2^64: 1, 2, 3, ... in the order in which ids
 * are first met. An id may be met before it is defined: profiles may name a location before they describe it.
 */
export class IdSlots {
  /** Slot by id; 0 for ids that were not met. */
  direct: Uint32Array<ArrayBuffer>;
  /** One more than the largest slot. */
  size = 1;

  readonly #what: string;
  readonly #most: number;
  readonly #mapped = new Map<number | bigint, number>();

  /** `direct` is where slots are kept, at least `twoByteIds` of them. */
  constructor(what: string, most: number, direct = new Uint32Array(twoByteIds)) {
    this.#what = what;
    this.#most = most;
    this.direct = direct;
  }

  /** Slot of the id whose 64 bits are `high` and `low`, as WireReader has them. */
  slotOf(low: number, high: number): number {
    if (high === 0 && low >= 0 && low < directIds) {
      if (low >= this.direct.length) this.direct = grownUint32(this.direct, low + 1);
      const known = this.direct[low] ?? 0;
      if (known !== 0) return known;
      const slot = this.#next();
      this.direct[low] = slot;
      return slot;
    }
    const id = exactId(low >>> 0, high >>> 0);
    const known = this.#mapped.get(id);
    if (known !== undefined) return known;
    const slot = this.#next();
    this.#mapped.set(id, slot);
    return slot;
  }

  #next(): number {
    if (this.size > this.#most) throw new BadField("too-large", `more than ${this.#most} ${this.#what}`, 0);
    return this.size++;
  }
}

function exactId(low: number, high: number): number | bigint {
  return high < 1 << 21 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
}
