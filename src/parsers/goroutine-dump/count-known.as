// AssemblyScript. `npm run wasm` compiles this and stack-walk.as into stack-walk-code.ts.
//
// Counts goroutines whose stacks are known, one after another, without leaving compiled code. What is anything else than
// the most usual is left to JavaScript (goroutine-counter.ts): this stops in front of it. Both must count the same in every
// input (test/parsers/goroutine-dump-differential.test.ts).

import {
  behindWalk,
  callCount,
  irregular,
  lineFeed,
  lines,
  nameEndOf,
  results,
  standsAt,
  unfinished,
  valueWalked,
  walkFrom,
} from "./stack-walk";

export { inputStart, keep, layOut, reset, results, walk } from "./stack-walk";

const space: i32 = 0x20;
const comma: i32 = 0x2c;
const zero: i32 = 0x30;
const colon: i32 = 0x3a;
const openBracket: i32 = 0x5b;
const closeBracket: i32 = 0x5d;
const closeParenthesis: i32 = 0x29;
const questionMark: i32 = 0x3f;
const letterL: i32 = 0x6c;
const letterX: i32 = 0x78;

// "goroutine ", "running", " minutes", "locked to thread"
const headerWord = memory.data<u8>([103, 111, 114, 111, 117, 116, 105, 110, 101, 32]);
const runningWord = memory.data<u8>([114, 117, 110, 110, 105, 110, 103]);
const minutesWord = memory.data<u8>([32, 109, 105, 110, 117, 116, 101, 115]);
const lockedWord = memory.data<u8>([108, 111, 99, 107, 101, 100, 32, 116, 111, 32, 116, 104, 114, 101, 97, 100]);

/** Digits of a number that surely fits into 31 bits. */
const mostDigits: i32 = 9;
/** 13 hexadecimal digits are exact in a double; no user-space address is longer. */
const mostHexDigits: i32 = 13;
const mainGoroutine: i32 = 1;

/**
 * Per value kept: how many goroutines, how many of them locked to a thread, fewest and most minutes waited, minutes up to
 * which none is wanted as an example, and the call whose receiver is the mutex waited for (-1 for none).
 */
const tallyBytes: i32 = 24;
/** Mutexes noted before they must be fetched: value and, behind it, address. */
const mostNoted: i32 = 4096;
/** See live-words.ts. */
const mostWords: i32 = 256;
const lowestPointer: i64 = 0x1000;
const noteBytes: i32 = 16;
/** Mutexes noted before, a slot each by the lowest bits of their address: value + 1 (0: free), how often again, and address. */
const mutexSlots: i32 = 1024;
const mutexBytes: i32 = 16;
/** See seen-ids.ts: a 64-bit float a slot, by the lowest bits of an id. */
const idSlots: i32 = 32 * 1024;

let tallies: i32 = 0;
let notes: i32 = 0;
let ids: i32 = 0;
let mutexes: i32 = 0;

/** Lays out what is counted, behind the tables of the walk. Returns how many bytes of memory all may come to need. */
export function layOutTallies(maxValues: i32): i32 {
  notes = behindWalk;
  ids = notes + noteBytes * mostNoted;
  mutexes = ids + 8 * idSlots;
  tallies = mutexes + mutexBytes * mutexSlots;
  return tallies + tallyBytes * maxValues;
}

/** Where the tally of a value is. */
export function tallyOf(value: i32): i32 {
  return tallies + tallyBytes * value;
}

/** Where the mutexes noted by the last `countKnown` are, or the words by the last `noteLiveWords`. */
export function notesStart(): i32 {
  return notes;
}

/** Where the mutexes noted before are. */
export function mutexesStart(): i32 {
  return mutexes;
}

/** Where the ids seen are. */
export function idsStart(): i32 {
  return ids;
}

// ---- the header at hand

let stateStart: i32 = 0;
let stateEnd: i32 = 0;
let waitMinutes: i32 = 0;
let lockedToThread: i32 = 0;
let idRead: i32 = 0;

/**
 * Passes over blank lines and counts known goroutines from the line start `from` on. Returns where the first line stands
 * that is neither, or a goroutine that is longer than `longest`, not whole before `to`, wanted as an example, the main one,
 * running, or seen before: with such a one another dump may begin. Writes how many goroutines, lines and mutexes that were, and
 * whether more bytes are all that it stopped for.
 */
export function countKnown(from: i32, to: i32, longest: i32): i32 {
  let counted = 0;
  let linesPassed = 0;
  let noted = 0;
  let wantsMore = 0;
  let at = from;
  while (at < to && noted < mostNoted) {
    if (load<u8>(at) == lineFeed) {
      at++;
      linesPassed++;
      continue;
    }
    const body = readHeader(at, to);
    if (body == irregular) break;
    const idSlot = ids + 8 * (idRead & (idSlots - 1));
    const idThere = load<f64>(idSlot);
    if (idThere == (idRead as f64)) break;
    const end = walkFrom(body, min(to, at + longest), stateStart, stateEnd, 0);
    if (end < 0) {
      if (end == unfinished && to < at + longest) wantsMore = 1;
      break;
    }
    const value = valueWalked();
    if (value == -1) break;
    const tally = tallyOf(value);
    if (waitMinutes > load<i32>(tally, 16)) break;
    store<i32>(tally, load<i32>(tally) + 1);
    store<i32>(tally, load<i32>(tally, 4) + lockedToThread, 4);
    store<i32>(tally, min(load<i32>(tally, 8), waitMinutes), 8);
    store<i32>(tally, max(load<i32>(tally, 12), waitMinutes), 12);
    const lockCall = load<i32>(tally, 20);
    if (lockCall != -1 && lockCall < callCount) {
      const mutex = firstLiveWord(nameEndOf(lockCall) + 1, end);
      if (mutex != 0 && !isCountedAgain(value, mutex)) {
        store<i32>(notes + noteBytes * noted, value);
        store<f64>(notes + noteBytes * noted, mutex as f64, 8);
        noted++;
      }
    }
    if (idThere == 0) store<f64>(idSlot, idRead as f64);
    counted++;
    linesPassed += 1 + lines;
    at = end;
  }
  store<i32>(results, counted, 16);
  store<i32>(results, linesPassed, 20);
  store<i32>(results, noted, 24);
  store<i32>(results, wantsMore, 28);
  return at;
}

/**
 * Notes the live words in the arguments of the first `calls` calls of the goroutine walked last, which ends at `to`: the call
 * and, behind it, the word. See addLiveWords in live-words.ts. Returns how many there are.
 */
export function noteLiveWords(calls: i32, to: i32): i32 {
  let noted = 0;
  for (let call = 0; call < calls; call++) {
    let at = nameEndOf(call);
    while (at + 1 < to && noted < mostWords) {
      const byte: i32 = load<u8>(at);
      if (byte == lineFeed) break;
      if (byte != zero || load<u8>(at + 1) != letterX) {
        at++;
        continue;
      }
      const word = readWord(at + 2, to);
      at = wordEnd;
      if (word < lowestPointer || load<u8>(at) == questionMark) continue;
      store<i32>(notes + noteBytes * noted, call);
      store<f64>(notes + noteBytes * noted, word as f64, 8);
      noted++;
    }
  }
  return noted;
}

/** Counts a mutex that has a slot already, or gives it one that is free. False when it has to be noted. */
function isCountedAgain(value: i32, mutex: i64): bool {
  const slot = mutexes + mutexBytes * (((mutex >> 3) as i32 ^ value) & (mutexSlots - 1));
  const holder = load<i32>(slot) - 1;
  if (holder == -1) {
    store<i32>(slot, value + 1);
    store<f64>(slot, mutex as f64, 8);
    return false;
  }
  if (holder != value || load<f64>(slot, 8) != (mutex as f64)) return false;
  store<i32>(slot, load<i32>(slot, 4) + 1, 4);
  return true;
}

/**
 * Reads `goroutine N [STATE(, N minutes)(, locked to thread)]:` as header.ts does, and returns where the next line begins.
 * `irregular` for anything else, for headers with more in them, for the main goroutine, and for running ones.
 */
function readHeader(start: i32, to: i32): i32 {
  if (!standsAt(start, to, headerWord as i32, 10)) return irregular;
  let at = endOfDigits(start + 10, to);
  if (at == irregular || numberRead == mainGoroutine) return irregular;
  idRead = numberRead;
  if (at + 2 >= to || load<u8>(at) != space || load<u8>(at + 1) != openBracket) return irregular;
  at += 2;
  stateStart = at;
  at = endOfState(at, to);
  if (at == irregular || standsAt(stateStart, at, runningWord as i32, 7)) return irregular;
  stateEnd = at;
  waitMinutes = 0;
  lockedToThread = 0;
  while (load<u8>(at) == comma) {
    at += 2;
    if (at >= to) return irregular;
    if (isDigit(load<u8>(at))) {
      at = endOfDigits(at, to);
      if (at == irregular) return irregular;
      if (standsAt(at, to, minutesWord as i32, 8)) waitMinutes = numberRead;
    } else if (standsAt(at, to, lockedWord as i32, 16)) {
      lockedToThread = 1;
      at += 16;
    }
    at = endOfState(at, to);
    if (at == irregular) return irregular;
  }
  if (at + 2 >= to || load<u8>(at + 1) != colon || load<u8>(at + 2) != lineFeed) return irregular;
  return at + 3;
}

let numberRead: i32 = 0;

/** Reads a number into `numberRead` and returns where it ends. `irregular` when it is not one that fits. */
function endOfDigits(start: i32, to: i32): i32 {
  let at = start;
  let number = 0;
  while (at < to && isDigit(load<u8>(at))) number = number * 10 + (load<u8>(at++) as i32) - zero;
  numberRead = number;
  return at == start || at - start > mostDigits ? irregular : at;
}

/** The comma or bracket behind a state or an attribute; `irregular` when labels may stand there, or none of them does. */
function endOfState(start: i32, to: i32): i32 {
  for (let at = start; at < to; at++) {
    const byte: i32 = load<u8>(at);
    if (byte == comma || byte == closeBracket) return at;
    if (byte == lineFeed || (byte == space && at + 1 < to && load<u8>(at + 1) == letterL)) return irregular;
  }
  return irregular;
}

@inline
function isDigit(byte: i32): bool {
  return ((byte - zero) as u32) < 10;
}

/** See firstLiveWord in live-words.ts. */
function firstLiveWord(from: i32, to: i32): i64 {
  if (from + 1 >= to || load<u8>(from) != zero || load<u8>(from + 1) != letterX) return 0;
  const word = readWord(from + 2, to);
  if (wordEnd >= to) return 0;
  const behind: i32 = load<u8>(wordEnd);
  return behind == comma || behind == closeParenthesis ? word : 0;
}

let wordEnd: i32 = 0;

/** Reads the hexadecimal digits from `from` on and puts where they end into `wordEnd`. 0 when there are too many. */
function readWord(from: i32, to: i32): i64 {
  let value: i64 = 0;
  let at = from;
  for (; at < to; at++) {
    const digit = hexDigit(load<u8>(at));
    if (digit == -1) break;
    value = value * 16 + digit;
  }
  wordEnd = at;
  return at - from > mostHexDigits ? 0 : value;
}

@inline
function hexDigit(byte: i32): i32 {
  if (isDigit(byte)) return byte - zero;
  return ((byte - 0x61) as u32) < 6 ? byte - 0x57 : -1;
}
