import type { HeaderFields } from "./header.ts";
import type { InputMemory } from "./input-memory.ts";
import type { LiveWord } from "./live-words.ts";

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
  /** The ids of the goroutines counted, in slots: see `SeenIds`. */
  readonly idSlots: Float64Array;
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

  /** The live words in the arguments of the first `calls` calls of the last walk, which ended at `to`: see `addLiveWords`. */
  liveWords(calls: number, to: number): LiveWord[];

  /** Keeps a value (0 or more; each value once) for the stack that was walked last. */
  keep(value: number): void;

  /** Forgets all stacks and values. */
  forget(): void;

  /** Counts known goroutines faster than one by one. */
  readonly tallies?: KnownTallies;

  /** To be called when nothing more will be walked. */
  release(): void;
}

/**
 * Counts goroutines whose stacks have values in the order in which they stand, by value and without leaving compiled code. It
 * keeps to the most usual form of a header; whatever it stops at is the caller's.
 */
export interface KnownTallies {
  /** Goroutines that the last `count` counted, and the lines (with blank ones) that it passed. */
  readonly counted: number;
  readonly lines: number;
  /** How many mutexes the last `count` noted: addresses that counted goroutines wait for, most of them only the first time. */
  readonly noted: number;
  /** Whether the last `count` stopped at a goroutine that is not whole before `to`, and may be with more bytes. */
  readonly wantsMore: boolean;

  /**
   * Counts from the line start `from` on, and returns the line start where it stopped: at a line that begins no goroutine, or at
   * one that is not whole before `to`, longer than `longest` bytes, older than its value allows, the main one, running, seen before,
   * or unknown; or when it can note no more mutexes.
   */
  count(from: number, to: number, longest: number): number;

  /** The value of the goroutine that waits for the mutex noted at `index`, and its address. */
  notedValue(index: number): number;
  notedAddress(index: number): number;

  /** How often mutexes that were noted came again without being noted. */
  mutexesAgain(): readonly { readonly value: number; readonly address: number; readonly count: number }[];

  /** Begins to count a value. Its goroutines wait for the receiver of `lockCall`, -1 for none. */
  open(value: number, lockCall: number): void;
  /** From now on goroutines of the value that waited longer than so many minutes are left to the caller. */
  leaveOlder(value: number, minutes: number): void;
  /** What was counted for a value. */
  of(value: number): Tally;
}

export interface Tally {
  readonly count: number;
  readonly lockedToThread: number;
  /** Meaningless while `count` is 0. */
  readonly minWaitMinutes: number;
  readonly maxWaitMinutes: number;
}

export interface WalkLimits {
  /** Distinct calls as they are written. */
  readonly maxTexts: number;
  readonly maxTextBytes: number;
  /** Distinct beginnings of stacks. */
  readonly maxNodes: number;
}
