import { sameBytes } from "./word-scan.ts";

/** `:123456 +0x12345` and what stands before it. */
export const placeTailBytes = 24;

const numbersPerText = 4;
const mostProbes = 256;
/** Odd multipliers with well spread bits: the golden ratio, and a prime of xxHash. */
const mixA = 0x9e3779b1 | 0;
const mixB = 0x85ebca77 | 0;

/**
 * The distinct calls of a dump as they are written: the name with the byte behind it, and the end of the place. A
 * function lies in one file and its places differ in line and offset, so the end of a place stands for all of it.
 * Equal texts have equal numbers; they are compared byte by byte.
 */
export class CallTexts {
  /** Per text: where it begins in `arena`, bytes of the name and the byte behind it, bytes of the place, of its tail. */
  numbers = new Int32Array(numbersPerText * 64);
  arena: DataView = new DataView(new ArrayBuffer(16 * 1024));
  #arenaUsed = 0;
  #count = 0;
  /** Open addressing: the number of a text plus one; 0 is free. */
  #slots = new Int32Array(256);
  readonly #maxTexts: number;
  readonly #maxBytes: number;

  constructor(maxTexts: number, maxBytes: number) {
    this.#maxTexts = maxTexts;
    this.#maxBytes = maxBytes;
  }

  /**
   * The number of the call whose name with the byte behind it is `view[name .. nameEnd]`, and whose place begins at
   * `place` and ends at `placeEnd`. -1 when there are too many texts.
   */
  textOf(view: DataView, name: number, nameEnd: number, place: number, placeEnd: number): number {
    const placeBytes = placeEnd - place;
    const tail = placeBytes > placeTailBytes ? placeEnd - placeTailBytes : place;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(view, name, nameEnd, tail, placeEnd) & mask;
    for (let probes = 0; ; probes++) {
      const text = (slots[slot] ?? 0) - 1;
      if (text === -1) break;
      // Half of the slots are free: only input that is made for it collides so often.
      if (probes === mostProbes) return -1;
      if (this.#isAt(text, view, name, nameEnd, placeBytes, tail, placeEnd)) return text;
      slot = (slot + 1) & mask;
    }
    const bytes = nameEnd - name + placeEnd - tail;
    if (this.#count === this.#maxTexts || this.#arenaUsed + bytes > this.#maxBytes) return -1;
    const text = this.#add(view, name, nameEnd, placeBytes, tail, placeEnd);
    slots[slot] = text + 1;
    if (2 * this.#count > slots.length) this.#growSlots();
    return text;
  }

  #isAt(
    text: number,
    view: DataView,
    name: number,
    nameEnd: number,
    placeBytes: number,
    tail: number,
    placeEnd: number,
  ): boolean {
    const at = numbersPerText * text;
    const { numbers, arena } = this;
    const start = numbers[at] ?? 0;
    const nameBytes = nameEnd - name;
    return (
      numbers[at + 1] === nameBytes &&
      numbers[at + 2] === placeBytes &&
      sameBytes(view, name, arena, start, nameBytes) &&
      sameBytes(view, tail, arena, start + nameBytes, placeEnd - tail)
    );
  }

  #add(
    view: DataView,
    name: number,
    nameEnd: number,
    placeBytes: number,
    tail: number,
    placeEnd: number,
  ): number {
    const text = this.#count++;
    const at = numbersPerText * text;
    if (at === this.numbers.length) {
      const grown = new Int32Array(2 * at);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers.set([this.#arenaUsed, nameEnd - name, placeBytes, placeEnd - tail], at);
    this.#copy(view, name, nameEnd);
    this.#copy(view, tail, placeEnd);
    return text;
  }

  #copy(view: DataView, from: number, to: number): void {
    const end = this.#arenaUsed + to - from;
    if (end > this.arena.byteLength) {
      const grown = new Uint8Array(2 * Math.max(end, this.arena.byteLength));
      grown.set(new Uint8Array(this.arena.buffer, 0, this.#arenaUsed));
      this.arena = new DataView(grown.buffer);
    }
    const bytes = new Uint8Array(view.buffer, view.byteOffset + from, to - from);
    new Uint8Array(this.arena.buffer).set(bytes, this.#arenaUsed);
    this.#arenaUsed = end;
  }

  #growSlots(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let text = 0; text < this.#count; text++) {
      const at = numbersPerText * text;
      const start = this.numbers[at] ?? 0;
      const nameEnd = start + (this.numbers[at + 1] ?? 0);
      const tailEnd = nameEnd + (this.numbers[at + 3] ?? 0);
      let slot = hashOf(this.arena, start, nameEnd, nameEnd, tailEnd) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = text + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(view: DataView, name: number, nameEnd: number, tail: number, tailEnd: number): number {
  const hash = mixBytes(mixBytes(nameEnd - name, view, name, nameEnd), view, tail, tailEnd);
  const spread = Math.imul(hash ^ (hash >>> 15), mixB);
  return spread ^ (spread >>> 13);
}

function mixBytes(seed: number, view: DataView, from: number, to: number): number {
  let hash = seed;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = mix(hash, view.getInt32(at, true));
  for (; at < to; at++) hash = mix(hash, view.getInt8(at));
  return hash;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, mixA);
  return (mixed << 15) | (mixed >>> 17);
}
