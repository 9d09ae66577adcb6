import { CallTexts } from "./call-texts.ts";
import { ascii, type HeaderFields, standsAt } from "./header.ts";
import { type InputMemory, PlainMemory } from "./input-memory.ts";
import { addLiveWords, type LiveWord } from "./live-words.ts";
import { idSlots } from "./seen-ids.ts";
import { irregular, maxCalls, type StackWalk, unfinished, type WalkLimits } from "./stack-walk.ts";
import { flagBelow, flaggedByte, lineFeedAt, sameBytes } from "./word-scan.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const openParenthesis = 0x28;
const dot = 0x2e;
const openBracket = 0x5b;
const letterN = 0x6e;

const creatorIdWord = ascii(" in goroutine ");
const foreignWord = ascii("non-Go function at pc=");
const ancestorWord = ascii("[originating from goroutine ");
const registersWord = ascii(" fp=0x");

/**
 * The stacks of a dump as a tree that grows from the innermost calls: a goroutine is a walk from its state along its
 * calls to its creator, and goroutines that end at one node belong to one group. Arguments, ids, ages, labels,
 * registers and ancestors are passed over. Nothing is made for a goroutine whose stack is known.
 *
 * What followed a call once follows it again, mostly. So the call seen last behind each node is compared first; if it
 * is there, its name and the end of its place need one comparison each, and its path, the largest part of a dump, is
 * not looked at. Otherwise the ends of name and place are searched for.
 */
export class StackTree implements StackWalk {
  readonly memory: InputMemory = new PlainMemory();
  lines = 0;
  plain = true;
  callCount = 0;
  readonly callStarts = new Int32Array(maxCalls);
  readonly nameEnds = new Int32Array(maxCalls);
  readonly placeEnds = new Int32Array(maxCalls);
  readonly texts = new Int32Array(maxCalls);
  readonly idSlots = new Float64Array(idSlots);

  readonly #limits: WalkLimits;
  #texts: CallTexts;
  /** Per node: the text seen last behind it, the node that this leads to (0 for none), the value kept, plus one. */
  #nodes = new Int32Array(3 * 256);
  #nodeCount = 1;
  /** Open addressing: per edge the node it leads from, its text, and the node it leads to (0 for a free slot). */
  #edges = new Int32Array(3 * 512);
  /** Where the last walk ended. */
  #node = 0;

  constructor(limits: WalkLimits) {
    this.#limits = limits;
    this.#texts = new CallTexts(limits.maxTexts, limits.maxTextBytes);
  }

  get value(): number {
    return (this.#nodes[3 * this.#node + 2] ?? 0) - 1;
  }

  liveWords(calls: number, to: number): LiveWord[] {
    const words: LiveWord[] = [];
    for (let call = 0; call < calls; call++) {
      addLiveWords(words, call, this.memory.bytes, this.nameEnds[call] ?? 0, to);
    }
    return words;
  }

  keep(value: number): void {
    this.#nodes[3 * this.#node + 2] = value + 1;
  }

  forget(): void {
    this.#texts = new CallTexts(this.#limits.maxTexts, this.#limits.maxTextBytes);
    this.#nodes = new Int32Array(3 * 256);
    this.#nodeCount = 1;
    this.#edges = new Int32Array(3 * 512);
    this.#node = 0;
  }

  release(): void {
    // Nothing but memory, which goes with this object.
  }

  walk(header: HeaderFields, start: number, to: number): number {
    const { bytes } = this.memory;
    this.lines = 0;
    this.plain = true;
    this.callCount = 0;
    this.#node = 0;
    if (this.#follow(header.stateStart, header.stateEnd, header.stateEnd, header.stateEnd) === -1)
      return irregular;

    let at = start;
    while (at >= 0 && at < to) {
      const first = bytes[at] ?? 0;
      if (first === lineFeed || first === carriageReturn) return at;
      const isCall = beginsCall(first) || (first === letterN && !standsAt(bytes, at, to, foreignWord));
      at = isCall ? this.#readCalls(at, to, header.withRegisters) : this.#readOther(first, at, to);
    }
    return at < 0 ? at : unfinished;
  }

  /** Walks along calls with their places, and the creator, up to a line of another kind. */
  #readCalls(start: number, to: number, withRegisters: boolean): number {
    // V8 reads what belongs to the module or to `this` from memory each time.
    const bytes = this.memory.bytes;
    const view = this.memory.view;
    const { callStarts, nameEnds, placeEnds, texts } = this;
    const { numbers, arena } = this.#texts;
    const nodes = this.#nodes;
    const tab = 0x09;
    const lineFeed = 0x0a;
    let calls = this.callCount;
    let node = this.#node;
    let at = start;
    for (;;) {
      const text = 4 * (nodes[3 * node] ?? 0);
      const next = nodes[3 * node + 1] ?? 0;
      const textAt = numbers[text] ?? 0;
      const nameBytes = numbers[text + 1] ?? 0;
      const expected = next !== 0 && at + nameBytes <= to && sameBytes(view, at, arena, textAt, nameBytes);
      const nameEnd = expected ? at + nameBytes - 1 : this.#nameEnd(at, to);
      if (nameEnd < 0) return nameEnd;

      const end = lineFeedAt(bytes, view, nameEnd, to);
      if (end === -1 || end + 1 >= to) return unfinished;
      const place = end + 1;
      if (bytes[place] !== tab || calls === nameEnds.length) return irregular;
      callStarts[calls] = at;
      nameEnds[calls] = nameEnd;

      const tailBytes = numbers[text + 3] ?? 0;
      let placeEnd = place + (numbers[text + 2] ?? 0);
      if (
        expected &&
        placeEnd < to &&
        bytes[placeEnd] === lineFeed &&
        sameBytes(view, placeEnd - tailBytes, arena, textAt + nameBytes, tailBytes)
      ) {
        texts[calls] = text / 4;
        placeEnds[calls++] = placeEnd;
        node = next;
      } else {
        placeEnd = lineFeedAt(bytes, view, place, to);
        if (placeEnd === -1) return unfinished;
        const tailEnd = withRegisters ? this.#beforeRegisters(place, placeEnd) : placeEnd;
        this.#node = node;
        const followed = this.#follow(at, nameEnd + 1, place, tailEnd);
        texts[calls] = followed;
        placeEnds[calls++] = tailEnd;
        this.lines += 2 * (calls - this.callCount);
        this.callCount = calls;
        // New texts and nodes may have moved the tables: the loop begins anew.
        return followed === -1 ? irregular : placeEnd + 1;
      }

      at = placeEnd + 1;
      if (at >= to) return unfinished;
      if (!beginsCall(bytes[at] ?? 0)) break;
    }
    this.#node = node;
    this.lines += 2 * (calls - this.callCount);
    this.callCount = calls;
    return at;
  }

  /** Goes from the current node along a text, which may be new. Returns its number, or -1 without room for it. */
  #follow(name: number, nameEnd: number, place: number, placeEnd: number): number {
    const text = this.#texts.textOf(this.memory.view, name, nameEnd, place, placeEnd);
    if (text === -1) return -1;
    const next = this.#childOf(this.#node, text);
    if (next === -1) return -1;
    this.#nodes[3 * this.#node] = text;
    this.#nodes[3 * this.#node + 1] = next;
    this.#node = next;
    return text;
  }

  #childOf(node: number, text: number): number {
    const slot = freeOrEqual(this.#edges, node, text);
    const child = this.#edges[slot + 2] ?? 0;
    if (child !== 0) return child;
    if (this.#nodeCount === this.#limits.maxNodes) return -1;
    const added = this.#nodeCount++;
    if (3 * added === this.#nodes.length) this.#nodes = grown(this.#nodes);
    this.#edges.set([node, text, added], slot);
    if (6 * added > this.#edges.length) this.#growEdges();
    return added;
  }

  #growEdges(): void {
    const edges = new Int32Array(2 * this.#edges.length);
    for (let slot = 0; slot < this.#edges.length; slot += 3) {
      if (this.#edges[slot + 2] === 0) continue;
      const free = freeOrEqual(edges, this.#edges[slot] ?? 0, this.#edges[slot + 1] ?? 0);
      edges.set(this.#edges.subarray(slot, slot + 3), free);
    }
    this.#edges = edges;
  }

  /** Looks for the end of a name: its arguments, the creator's id, or the line feed. */
  #nameEnd(start: number, to: number): number {
    const bytes = this.memory.bytes;
    let at = start;
    while (at < to) {
      if (at + 4 <= to) {
        const flags = flagBelow(this.memory.view.getInt32(at, true), openParenthesis + 1);
        if (flags === 0) {
          at += 4;
          continue;
        }
        at += flaggedByte(flags);
      }
      const byte = bytes[at] ?? 0;
      if (byte === lineFeed || byte === carriageReturn) return at;
      if (byte === openParenthesis && bytes[at - 1] !== dot) return at;
      if (byte === space && standsAt(bytes, at, to, creatorIdWord)) return at;
      if (byte < space) return irregular;
      at++;
    }
    return unfinished;
  }

  /** Reads one line that is neither a call nor a place. */
  #readOther(first: number, start: number, to: number): number {
    if (first === openBracket) {
      return standsAt(this.memory.bytes, start, to, ancestorWord)
        ? this.#passAncestors(start, to)
        : irregular;
    }
    const end = lineFeedAt(this.memory.bytes, this.memory.view, start, to);
    if (end === -1) return unfinished;
    this.lines++;
    this.plain = false;
    return this.#follow(start, end + 1, end, end) === -1 ? irregular : end + 1;
  }

  /** Passes over the stacks of ancestors up to the blank line. */
  #passAncestors(start: number, to: number): number {
    this.plain = false;
    let at = start;
    while (at < to && this.memory.bytes[at] !== lineFeed && this.memory.bytes[at] !== carriageReturn) {
      const end = lineFeedAt(this.memory.bytes, this.memory.view, at, to);
      if (end === -1) return unfinished;
      this.lines++;
      at = end + 1;
    }
    return at;
  }

  #beforeRegisters(start: number, end: number): number {
    for (let at = end - registersWord.length; at > start; at--) {
      if (this.memory.bytes[at] === space && standsAt(this.memory.bytes, at, end, registersWord)) return at;
    }
    return end;
  }
}

/** A letter, or what else a name can begin with; "n" may begin the line of a C frame. */
function beginsCall(first: number): boolean {
  return first > dot && first !== openBracket && first !== letterN;
}

function freeOrEqual(edges: Int32Array, node: number, text: number): number {
  const count = edges.length / 3;
  const hash = Math.imul(node ^ Math.imul(text, 0x85ebca77), 0x9e3779b1);
  for (let index = (hash ^ (hash >>> 15)) & (count - 1); ; index = (index + 1) & (count - 1)) {
    const slot = 3 * index;
    if (edges[slot + 2] === 0 || (edges[slot] === node && edges[slot + 1] === text)) return slot;
  }
}

function grown(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
