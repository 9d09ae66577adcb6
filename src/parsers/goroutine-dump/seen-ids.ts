/** Ids are told apart by so many of their lowest bits: as many as a slot for each comes to 256 KiB. */
export const idSlots = 32 * 1024;

const mainGoroutine = 1;

/**
 * Which goroutines a dump has shown, in memory that does not grow with it. Where two ids share a slot the first keeps
 * it, so an id may pass as new, never as seen: a dump that stands there twice shows at its first goroutines.
 *
 * Goroutine 0 is none: each thread has one, for the scheduler.
 */
export class SeenIds {
  readonly #slots: Float64Array;
  #main = false;

  /** `slots` are `idSlots` numbers. Compiled code may look at them and write them as well (count-known.as). */
  constructor(slots: Float64Array) {
    this.#slots = slots;
    slots.fill(0);
  }

  /** Goroutine 1 runs main (Go source: runtime/proc.go, main starts as the first goroutine). */
  get main(): boolean {
    return this.#main;
  }

  has(id: number): boolean {
    if (id === mainGoroutine) return this.#main;
    return id !== 0 && this.#slots[id % idSlots] === id;
  }

  add(id: number): void {
    if (id === mainGoroutine) this.#main = true;
    const slot = id % idSlots;
    if (this.#slots[slot] === 0) this.#slots[slot] = id;
  }
}
