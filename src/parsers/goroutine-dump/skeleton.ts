import { ascii, type HeaderFields, isDigit, standsAt } from "./header.ts";
import { flagBelow, flaggedByte, lineFeedAt } from "./word-scan.ts";

/** The traceback may go on behind the bytes at hand. */
export const unfinished = -1;
/** The lines do not alternate as in a traceback: the skeleton does not tell what this goroutine is. */
export const irregular = -2;

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const openParenthesis = 0x28;
const dot = 0x2e;

const creatorIdWord = ascii(" in goroutine ");
const foreignWord = ascii("non-Go function at pc=");
const ancestorWord = ascii("[originating from goroutine ");
const registersWord = ascii(" fp=0x");

/** Go prints at most 100 calls; C frames come on top. */
const maxCalls = 512;
/** Shorter names are mixed byte by byte. */
const wordedName = 8;
/** `:123456 +0x12345` and what stands before it. A function lies in one file, so the end of its place tells all. */
const placeTail = 16;
/** By how many bytes two places in one function differ in length at most: digits of the line and of the offset. */
const placeVaries = 24;

/** Odd multipliers with well spread bits: the golden ratio, and primes of xxHash. */
const mixA = 0x9e3779b1 | 0;
const mixB = 0x85ebca77 | 0;
const mixC = 0xc2b2ae3d | 0;
const mixD = 0x27d4eb2f | 0;

/** A power of two. Every distinct beginning of a stack wants a slot; sharing one only costs time. */
const expectations = 4096;

/**
 * The part of a goroutine's text that is the same for all goroutines of a group, as a 64-bit hash taken straight from
 * the bytes: state, function names, ends of source places, creator. Arguments, ids, ages, labels, registers and
 * ancestors are passed over. Two goroutines with equal skeletons belong to one group; a group can have several
 * skeletons, because the offset in the function counts here.
 *
 * By the birthday bound, 10^5 distinct skeletons collide with a probability below 10^-9.
 *
 * What followed a state and calls once follows them again, mostly. So the lengths of the next name and place are
 * remembered by the hash up to there: the ends are looked for at the expected distance first, and paths, the largest
 * part of a dump, are not looked at but for their ends. A wrong expectation costs a search, not correctness.
 */
export class Skeleton {
  hashA = 0;
  hashB = 0;
  /** How many line feeds stand in the lines read. */
  lines = 0;
  callCount = 0;
  /** Offset at which the name of call `i` ends: its opening parenthesis. A creator counts as a call. */
  readonly nameEnds = new Int32Array(maxCalls);

  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  /**
   * Four numbers per slot: the hash up to there, the length of the name, its last three bytes with the one behind it,
   * the length of the place.
   */
  readonly #expected = new Int32Array(4 * expectations);

  /**
   * Reads the lines behind a header from `start` on. Returns where the goroutine ends (the blank line behind it),
   * `unfinished` or `irregular`.
   */
  read(bytes: Uint8Array, view: DataView, header: HeaderFields, start: number, to: number): number {
    this.#bytes = bytes;
    this.#view = view;
    this.hashA = 0;
    this.hashB = 0;
    this.lines = 0;
    this.callCount = 0;
    this.#mixBytes(header.stateStart, header.stateEnd);

    let at = start;
    while (at >= 0 && at < to) {
      const first = bytes[at] ?? 0;
      if (first === lineFeed || first === carriageReturn) return at;
      const isCall =
        first > dot && first !== 0x5b && (first !== 0x6e || !standsAt(bytes, at, to, foreignWord));
      at = isCall ? this.#readCalls(at, to, header.withRegisters) : this.#readOther(first, at, to);
    }
    return at < 0 ? at : unfinished;
  }

  /** Index of the first call whose function ends with `suffix` (ASCII), or -1. */
  callOf(suffix: string): number {
    const word = ascii(suffix);
    for (let call = 0; call < this.callCount; call++) {
      const end = this.nameEnds[call] ?? 0;
      if (standsAt(this.#bytes, end - word.length, end, word)) return call;
    }
    return -1;
  }

  /** The id behind the name of the creator, which is the last call; 0 when there is none. */
  creatorId(): number {
    const nameEnd = this.nameEnds[this.callCount - 1] ?? 0;
    if (!standsAt(this.#bytes, nameEnd, this.#bytes.length, creatorIdWord)) return 0;
    let id = 0;
    for (let at = nameEnd + creatorIdWord.length; isDigit(this.#bytes[at]); at++) {
      id = id * 10 + (this.#bytes[at] ?? 0) - 0x30;
    }
    return id;
  }

  /** Reads calls with their places, and the creator, up to a line of another kind. Returns where that begins. */
  #readCalls(start: number, to: number, withRegisters: boolean): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const expected = this.#expected;
    const nameEnds = this.nameEnds;
    let calls = this.callCount;
    let a = this.hashA;
    let b = this.hashB;
    let at = start;
    for (;;) {
      const slot = 4 * ((a ^ (a >>> 15)) & (expectations - 1));
      const seenBefore = expected[slot] === b;

      let nameEnd = seenBefore ? at + (expected[slot + 1] ?? 0) : at;
      if (nameEnd === at || nameEnd >= to || view.getInt32(nameEnd - 3, true) !== expected[slot + 2]) {
        nameEnd = this.#nameEnd(at, to);
        if (nameEnd < 0) return nameEnd;
      }
      const end = lineFeedAt(bytes, view, nameEnd, to);
      if (end === -1 || end + 1 >= to) return unfinished;
      const place = end + 1;
      if (bytes[place] !== tab || calls === maxCalls) return irregular;
      nameEnds[calls++] = nameEnd;

      const length = seenBefore && !withRegisters ? (expected[slot + 3] ?? 0) : 0;
      let placeEnd = place + length;
      if (length === 0 || placeEnd >= to || bytes[placeEnd] !== lineFeed || !isOneLine(view, placeEnd)) {
        placeEnd = lineFeedAt(bytes, view, place, to);
        if (placeEnd === -1) return unfinished;
      }
      expected[slot] = b;
      expected[slot + 1] = nameEnd - at;
      expected[slot + 2] = view.getInt32(nameEnd - 3, true);
      expected[slot + 3] = placeEnd - place >= placeVaries && !withRegisters ? placeEnd - place : 0;

      a ^= nameEnd - at;
      let word = at;
      for (; word <= nameEnd - wordedName; word += 8) {
        const one = view.getInt32(word, true);
        const two = view.getInt32(word + 4, true);
        a = rotate(Math.imul(a ^ one, mixA) + Math.imul(two, mixC));
        b = rotate(Math.imul(b ^ two, mixB) + Math.imul(one, mixD));
      }
      for (; word < nameEnd; word++) {
        const byte = bytes[word] ?? 0;
        a = rotate(Math.imul(a ^ byte, mixA));
        b = rotate(Math.imul(b ^ byte, mixB));
      }
      const tailEnd = withRegisters ? this.#beforeRegisters(place, placeEnd) : placeEnd;
      if (tailEnd - place >= placeTail) {
        for (let tail = tailEnd - placeTail; tail < tailEnd; tail += 8) {
          const one = view.getInt32(tail, true);
          const two = view.getInt32(tail + 4, true);
          a = rotate(Math.imul(a ^ one, mixA) + Math.imul(two, mixC));
          b = rotate(Math.imul(b ^ two, mixB) + Math.imul(one, mixD));
        }
      } else {
        for (let tail = place; tail < tailEnd; tail++) {
          const byte = bytes[tail] ?? 0;
          a = rotate(Math.imul(a ^ byte, mixA));
          b = rotate(Math.imul(b ^ byte, mixB));
        }
      }

      at = placeEnd + 1;
      if (at >= to) return unfinished;
      const first = bytes[at] ?? 0;
      if (first <= dot || first === 0x5b || first === 0x6e) break;
    }
    this.lines += 2 * (calls - this.callCount);
    this.callCount = calls;
    this.hashA = a;
    this.hashB = b;
    return at;
  }

  /** Looks for the end of a name: its arguments, the creator's id, or the line feed. */
  #nameEnd(start: number, to: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (at + 4 <= to) {
      const flags = flagBelow(this.#view.getInt32(at, true), openParenthesis + 1);
      if (flags === 0) {
        at += 4;
        continue;
      }
      at += flaggedByte(flags);
      const byte = bytes[at] ?? 0;
      if (byte === space ? standsAt(bytes, at, to, creatorIdWord) : endsName(bytes, at)) return at;
      if (byte < space) return irregular;
      at++;
    }
    return unfinished;
  }

  /** Reads one line that is neither a call nor a place. */
  #readOther(first: number, start: number, to: number): number {
    if (first === 0x5b) {
      return standsAt(this.#bytes, start, to, ancestorWord) ? this.#passAncestors(start, to) : irregular;
    }
    const end = lineFeedAt(this.#bytes, this.#view, start, to);
    if (end === -1) return unfinished;
    this.#mixBytes(start, end + 1);
    this.lines++;
    return end + 1;
  }

  /** Passes over the stacks of ancestors up to the blank line. */
  #passAncestors(start: number, to: number): number {
    this.#mixBytes(start, start + 1);
    let at = start;
    while (at < to && this.#bytes[at] !== lineFeed && this.#bytes[at] !== carriageReturn) {
      const end = lineFeedAt(this.#bytes, this.#view, at, to);
      if (end === -1) return unfinished;
      this.lines++;
      at = end + 1;
    }
    return at;
  }

  #beforeRegisters(start: number, end: number): number {
    for (let at = end - registersWord.length; at > start; at--) {
      if (this.#bytes[at] === space && standsAt(this.#bytes, at, end, registersWord)) return at;
    }
    return end;
  }

  #mixBytes(start: number, end: number): void {
    let a = this.hashA;
    let b = this.hashB;
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] ?? 0;
      a = rotate(Math.imul(a ^ byte, mixA));
      b = rotate(Math.imul(b ^ byte, mixB));
    }
    this.hashA = a;
    this.hashB = b;
  }
}

/** Whether a name can end at `at`: it is followed by arguments (not by a receiver), a space, or nothing. */
function endsName(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (byte === openParenthesis) return bytes[at - 1] !== dot;
  return byte === space || byte === lineFeed || byte === carriageReturn;
}

/** Whether no line ends within the last bytes before `end`: an expected place can be wrong only by so many. */
function isOneLine(view: DataView, end: number): boolean {
  let flags = 0;
  for (let at = end - placeVaries; at < end; at += 4)
    flags |= flagBelow(view.getInt32(at, true), lineFeed + 1);
  return flags === 0;
}

function rotate(word: number): number {
  return (word << 15) | (word >>> 17);
}
