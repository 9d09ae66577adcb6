import type { HeaderFields } from "./header.ts";
import type { InputMemory } from "./input-memory.ts";

/** The traceback may go on behind the bytes at hand. */
export const unfinished = -1;
/** The lines do not alternate as in a traceback, or there are too many distinct ones. */
export const irregular = -2;

/** Go prints at most 100 calls; C frames come on top. */
export const maxCalls = 512;

/**
 * Walks along the lines of goroutines and recognises stacks that were walked before. The fields tell about the last
 * walk.
 */
export interface StackWalk {
  /** Where the input is. */
  readonly memory: InputMemory;
  /** How many line feeds stand in the lines read. */
  readonly lines: number;
  /** Whether these were calls with their places, and the creator, only. */
  readonly plain: boolean;
  /** The value kept for the stack, or -1. */
  readonly value: number;
  /** Calls read; a creator counts as one. */
  readonly callCount: number;
  /** Offset of the first byte of call `i`. */
  readonly callStarts: Int32Array;
  /** Offset at which the name of call `i` ends: its opening parenthesis. */
  readonly nameEnds: Int32Array;
  /** Offset behind the place of call `i`, its registers left out. */
  readonly placeEnds: Int32Array;
  /** The number of call `i` as a text: equal calls have equal numbers. */
  readonly texts: Int32Array;

  /**
   * Walks along the lines behind a header, from `start` on. Returns where the goroutine ends (the blank line behind
   * it), `unfinished` or `irregular`.
   */
  walk(header: HeaderFields, start: number, to: number): number;

  /** Keeps a value (0 or more) for the stack that was walked last. */
  keep(value: number): void;

  /** To be called when nothing more will be walked. */
  release(): void;
}

export interface WalkLimits {
  /** Distinct calls as they are written. */
  readonly maxTexts: number;
  readonly maxTextBytes: number;
  /** Distinct beginnings of stacks. */
  readonly maxNodes: number;
}
