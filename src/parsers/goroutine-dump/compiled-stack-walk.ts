import type { HeaderFields } from "./header.ts";
import type { InputMemory } from "./input-memory.ts";
import { pieceBytes } from "./input-window.ts";
import { type DumpLimits, dumpLimits } from "./limits.ts";
import { maxCalls, type StackWalk } from "./stack-walk.ts";
import { stackWalkCode } from "./stack-walk-code.ts";

/** What stack-walk.as exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly results: { readonly value: number };
  readonly inputStart: { readonly value: number };
  layOut(inputBytes: number, maxTexts: number, maxTextBytes: number, maxNodes: number): number;
  reset(maxTexts: number, maxTextBytes: number, maxNodes: number): void;
  walk(start: number, to: number, stateStart: number, stateEnd: number, withRegisters: number): number;
  keep(value: number): void;
}

/** The part of the WebAssembly JavaScript API that is used here: Node's types do not have it. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

const pageBytes = 64 * 1024;
/** Room for the longest goroutine and a piece behind it. */
const inputBytes = dumpLimits.maxGoroutineBytes + 2 * pieceBytes;

let module: object | undefined;
let unavailable = false;
/** Instances that nobody uses. One is enough unless several dumps are read in turns. */
const idle: CompiledStackWalk[] = [];
const mostIdle = 2;

/**
 * The walk of stack-walk.as: it needs no warming up and looks at 16 bytes at a time, which saves a third of the time that
 * a large dump takes (docs/decisions/0007-compiled-stack-walk.md). Undefined where it cannot be had: without SIMD or
 * memory for it, or for larger limits.
 */
export function compiledStackWalk(limits: DumpLimits): StackWalk | undefined {
  if (unavailable || limits.maxGoroutineBytes > dumpLimits.maxGoroutineBytes) return undefined;
  let walk = idle.pop();
  if (walk === undefined) {
    try {
      module ??= new WebAssembly.Module(Buffer.from(stackWalkCode, "base64"));
      walk = new CompiledStackWalk(new WebAssembly.Instance(module).exports);
    } catch {
      unavailable = true;
      return undefined;
    }
  }
  walk.begin(limits);
  return walk;
}

class CompiledStackWalk implements StackWalk {
  readonly memory: InputMemory;
  readonly callStarts: Int32Array;
  readonly nameEnds: Int32Array;
  readonly placeEnds: Int32Array;
  readonly texts: Int32Array;
  readonly #exports: Exports;
  /** Lines, plain, call count, value. */
  readonly #results: Int32Array;

  constructor(exports: Exports) {
    this.#exports = exports;
    const { memory } = exports;
    const needed = exports.layOut(
      inputBytes,
      dumpLimits.maxTexts,
      dumpLimits.maxTextBytes,
      dumpLimits.maxNodes,
    );
    // Pages that are never touched take up no memory.
    memory.grow(Math.ceil(needed / pageBytes) - memory.buffer.byteLength / pageBytes);
    const { buffer } = memory;
    const results = exports.results.value;
    const ofCalls = (index: number) => new Int32Array(buffer, results + 16 + 4 * index * maxCalls, maxCalls);
    this.#results = new Int32Array(buffer, results, 4);
    this.callStarts = ofCalls(0);
    this.nameEnds = ofCalls(1);
    this.placeEnds = ofCalls(2);
    this.texts = ofCalls(3);
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

  begin({ maxTexts, maxTextBytes, maxNodes }: DumpLimits): void {
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

  keep(value: number): void {
    this.#exports.keep(value);
  }

  release(): void {
    if (idle.length < mostIdle && !idle.includes(this)) idle.push(this);
  }
}
