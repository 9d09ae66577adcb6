import { CompiledCode, type CompiledMemory, growTo } from "../compiled-code.ts";
import type { HeaderFields } from "./header.ts";
import type { InputMemory } from "./input-memory.ts";
import { pieceBytes } from "./input-window.ts";
import { type DumpLimits, dumpLimits } from "./limits.ts";
import type { LiveWord } from "./live-words.ts";
import { idSlots } from "./seen-ids.ts";
import { type KnownTallies, maxCalls, type StackWalk, type Tally } from "./stack-walk.ts";
import { stackWalkCode } from "./stack-walk-code.ts";

/** What count-known.as and stack-walk.as export. */
interface Exports {
  readonly memory: CompiledMemory;
  readonly results: { readonly value: number };
  readonly inputStart: { readonly value: number };
  layOut(inputBytes: number, maxTexts: number, maxTextBytes: number, maxNodes: number): void;
  layOutTallies(maxValues: number): number;
  reset(maxTexts: number, maxTextBytes: number, maxNodes: number): void;
  walk(start: number, to: number, stateStart: number, stateEnd: number, withRegisters: number): number;
  keep(value: number): void;
  countKnown(from: number, to: number, longest: number): number;
  noteLiveWords(calls: number, to: number): number;
  tallyOf(value: number): number;
  notesStart(): number;
  mutexesStart(): number;
  idsStart(): number;
}

/** Room for the longest goroutine and a piece behind it. */
const inputBytes = dumpLimits.maxGoroutineBytes + 2 * pieceBytes;

const code = new CompiledCode<Exports>(stackWalkCode);
/** Instances that nobody uses. One is enough unless several dumps are read in turns. */
const idle: CompiledStackWalk[] = [];
const mostIdle = 2;
/** Mutexes that are remembered, see count-known.as. */
const mutexSlots = 1024;

/**
 * The walk of stack-walk.as: it needs no warming up and looks at 16 bytes at a time, which saves a third of the time that
 * a large dump takes (docs/decisions/0007-compiled-stack-walk.md). Undefined where it cannot be had: without SIMD or
 * memory for it, or for larger limits.
 */
export function compiledStackWalk(limits: DumpLimits): StackWalk | undefined {
  if (limits.maxGoroutineBytes > dumpLimits.maxGoroutineBytes) return undefined;
  const walk = idle.pop() ?? code.instance((exports) => new CompiledStackWalk(exports));
  if (walk === undefined) return undefined;
  walk.begin(limits);
  return walk;
}

class CompiledStackWalk implements StackWalk {
  readonly memory: InputMemory;
  readonly callStarts: Int32Array;
  readonly nameEnds: Int32Array;
  readonly placeEnds: Int32Array;
  readonly texts: Int32Array;
  readonly idSlots: Float64Array;
  readonly tallies: CompiledTallies;
  readonly #exports: Exports;
  #limits: DumpLimits = dumpLimits;
  /** Lines, plain, call count, value. */
  readonly #results: Int32Array;

  constructor(exports: Exports) {
    this.#exports = exports;
    const { memory } = exports;
    const { maxTexts, maxTextBytes, maxNodes } = dumpLimits;
    exports.layOut(inputBytes, maxTexts, maxTextBytes, maxNodes);
    growTo(memory, exports.layOutTallies(maxNodes));
    const { buffer } = memory;
    const results = exports.results.value;
    const ofCalls = (index: number) => new Int32Array(buffer, results + 32 + 4 * index * maxCalls, maxCalls);
    this.#results = new Int32Array(buffer, results, 4);
    this.callStarts = ofCalls(0);
    this.nameEnds = ofCalls(1);
    this.placeEnds = ofCalls(2);
    this.texts = ofCalls(3);
    this.idSlots = new Float64Array(buffer, exports.idsStart(), idSlots);
    this.tallies = new CompiledTallies(exports);
    this.memory = {
      bytes: new Uint8Array(buffer),
      view: new DataView(buffer),
      start: exports.inputStart.value,
      capacity: inputBytes,
      // All of it is there from the beginning.
      reserve: () => undefined,
    };
  }

  get lines(): number {
    return this.#results[0] ?? 0;
  }

  get plain(): boolean {
    return this.#results[1] === 1;
  }

  get callCount(): number {
    return this.#results[2] ?? 0;
  }

  get value(): number {
    return this.#results[3] ?? -1;
  }

  begin(limits: DumpLimits): void {
    this.#limits = limits;
    this.forget();
  }

  forget(): void {
    this.tallies.forget();
    const { maxTexts, maxTextBytes, maxNodes } = this.#limits;
    this.#exports.reset(
      Math.min(maxTexts, dumpLimits.maxTexts),
      Math.min(maxTextBytes, dumpLimits.maxTextBytes),
      Math.min(maxNodes, dumpLimits.maxNodes),
    );
  }

  walk(header: HeaderFields, start: number, to: number): number {
    const { stateStart, stateEnd, withRegisters } = header;
    return this.#exports.walk(start, to, stateStart, stateEnd, withRegisters ? 1 : 0);
  }

  liveWords(calls: number, to: number): LiveWord[] {
    const { tallies } = this;
    const words: LiveWord[] = [];
    const noted = this.#exports.noteLiveWords(calls, to);
    for (let note = 0; note < noted; note++) {
      words.push({ frame: tallies.notedValue(note), value: tallies.notedAddress(note) });
    }
    return words;
  }

  keep(value: number): void {
    this.#exports.keep(value);
  }

  release(): void {
    if (idle.length < mostIdle && !idle.includes(this)) idle.push(this);
  }
}

class CompiledTallies implements KnownTallies {
  readonly #exports: Exports;
  readonly #view: DataView;
  /** Counted, lines, noted, whether more bytes are wanted: behind what `walk` tells. */
  readonly #results: Int32Array;
  readonly #notes: number;
  /** Per slot of a mutex: value + 1, how often again, and two numbers of no meaning by themselves. */
  readonly #mutexes: Int32Array;
  /** The same memory: per slot one number of no meaning, and the address. */
  readonly #addresses: Float64Array;

  constructor(exports: Exports) {
    const { buffer } = exports.memory;
    this.#exports = exports;
    this.#view = new DataView(buffer);
    this.#results = new Int32Array(buffer, exports.results.value + 16, 4);
    this.#notes = exports.notesStart();
    this.#mutexes = new Int32Array(buffer, exports.mutexesStart(), 4 * mutexSlots);
    this.#addresses = new Float64Array(buffer, exports.mutexesStart(), 2 * mutexSlots);
  }

  forget(): void {
    this.#mutexes.fill(0);
  }

  get counted(): number {
    return this.#results[0] ?? 0;
  }

  get lines(): number {
    return this.#results[1] ?? 0;
  }

  get noted(): number {
    return this.#results[2] ?? 0;
  }

  get wantsMore(): boolean {
    return this.#results[3] === 1;
  }

  count(from: number, to: number, longest: number): number {
    return this.#exports.countKnown(from, to, longest);
  }

  notedValue(index: number): number {
    return this.#view.getInt32(this.#notes + 16 * index, true);
  }

  notedAddress(index: number): number {
    return this.#view.getFloat64(this.#notes + 16 * index + 8, true);
  }

  mutexesAgain(): { readonly value: number; readonly address: number; readonly count: number }[] {
    const found: { value: number; address: number; count: number }[] = [];
    for (let slot = 0; slot < mutexSlots; slot++) {
      const count = this.#mutexes[4 * slot + 1] ?? 0;
      if (count === 0) continue;
      const value = (this.#mutexes[4 * slot] ?? 0) - 1;
      found.push({ value, address: this.#addresses[2 * slot + 1] ?? 0, count });
    }
    return found;
  }

  open(value: number, lockCall: number): void {
    const at = this.#exports.tallyOf(value);
    this.#view.setInt32(at, 0, true);
    this.#view.setInt32(at + 4, 0, true);
    this.#view.setInt32(at + 8, 0x7fff_ffff, true);
    this.#view.setInt32(at + 12, 0, true);
    this.#view.setInt32(at + 16, -1, true);
    this.#view.setInt32(at + 20, lockCall, true);
  }

  leaveOlder(value: number, minutes: number): void {
    this.#view.setInt32(this.#exports.tallyOf(value) + 16, minutes, true);
  }

  of(value: number): Tally {
    const at = this.#exports.tallyOf(value);
    return {
      count: this.#view.getInt32(at, true),
      lockedToThread: this.#view.getInt32(at + 4, true),
      minWaitMinutes: this.#view.getInt32(at + 8, true),
      maxWaitMinutes: this.#view.getInt32(at + 12, true),
    };
  }
}
