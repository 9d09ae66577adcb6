// AssemblyScript. `npm run wasm` compiles this and count-known.as into stack-walk-code.ts.
//
// The same walk as in stack-tree.ts, 16 bytes at a time; that file says what it does and why. Both must find the same
// in every input (test/parsers/goroutine-compiled-walk.test.ts). Addresses are offsets in the one memory, and so are
// the offsets of bytes: the input is copied to `inputStart`.

export const unfinished: i32 = -1;
export const irregular: i32 = -2;

const tab: i32 = 0x09;
export const lineFeed: i32 = 0x0a;
const carriageReturn: i32 = 0x0d;
const space: i32 = 0x20;
const openParenthesis: i32 = 0x28;
const dot: i32 = 0x2e;
const openBracket: i32 = 0x5b;
const letterN: i32 = 0x6e;

const maxCalls: i32 = 512;
const placeTailBytes: i32 = 24;
const mostProbes: i32 = 256;
const fewestSlots: i32 = 4096;

// "non-Go function at pc=", "[originating from goroutine ", " in goroutine ", " fp=0x"
const foreignWord = memory.data<u8>([110, 111, 110, 45, 71, 111, 32, 102, 117, 110, 99, 116, 105, 111, 110, 32, 97, 116, 32, 112, 99, 61]);
const ancestorWord = memory.data<u8>([91, 111, 114, 105, 103, 105, 110, 97, 116, 105, 110, 103, 32, 102, 114, 111, 109, 32, 103, 111, 114, 111, 117, 116, 105, 110, 101, 32]);
const creatorIdWord = memory.data<u8>([32, 105, 110, 32, 103, 111, 114, 111, 117, 116, 105, 110, 101, 32]);
const registersWord = memory.data<u8>([32, 102, 112, 61, 48, 120]);

// ---- where things are, set by layOut

/**
 * Lines, plain, callCount, value; four numbers of `countKnown`. Behind them callStarts, nameEnds,
 * placeEnds, texts.
 */
export let results: i32 = 0;
export let inputStart: i32 = 0;

/** Per text: arena address, name bytes, place bytes, tail bytes, hash. */
const textBytes: i32 = 20;
let textTable: i32 = 0;
let textSlots: i32 = 0;
let textMask: i32 = fewestSlots - 1;
let arena: i32 = 0;
/** Per node: parent, text, text seen last behind it, node that this leads to, value plus one, hash. */
const nodeBytes: i32 = 24;
let nodeTable: i32 = 0;
let nodeSlots: i32 = 0;
let nodeMask: i32 = fewestSlots - 1;
/** Where the tables end. */
export let behindWalk: i32 = 0;

let textCount: i32 = 0;
let textLimit: i32 = 0;
let arenaUsed: i32 = 0;
let arenaLimit: i32 = 0;
let nodeCount: i32 = 1;
let nodeLimit: i32 = 0;

// ---- the walk at hand

export let lines: i32 = 0;
let plain: i32 = 1;
export let callCount: i32 = 0;
let node: i32 = 0;

function aligned(address: i32): i32 {
  return (address + 63) & ~63;
}

/** A power of two of which `count` fill half at most. */
function slotsFor(count: i32): i32 {
  let slots = fewestSlots;
  while (slots < 2 * count) slots *= 2;
  return slots;
}

/** Lays the tables out behind the static data. */
export function layOut(inputBytes: i32, maxTexts: i32, maxTextBytes: i32, maxNodes: i32): void {
  results = 4096;
  inputStart = aligned(callsStart() + 16 * maxCalls);
  textTable = aligned(inputStart + inputBytes);
  textSlots = aligned(textTable + textBytes * maxTexts);
  arena = aligned(textSlots + 4 * slotsFor(maxTexts));
  nodeTable = aligned(arena + maxTextBytes);
  nodeSlots = aligned(nodeTable + nodeBytes * maxNodes);
  behindWalk = aligned(nodeSlots + 4 * slotsFor(maxNodes));
}

@inline
function callsStart(): i32 {
  return results + 32;
}

/** Forgets everything. The limits must not be larger than those that the tables were laid out for. */
export function reset(maxTexts: i32, maxTextBytes: i32, maxNodes: i32): void {
  memory.fill(textSlots, 0, 4 * (textMask + 1));
  memory.fill(nodeSlots, 0, 4 * (nodeMask + 1));
  memory.fill(nodeTable, 0, nodeBytes * nodeCount);
  // Tables begin small: pages of memory that are touched here and there are slow to get.
  textMask = fewestSlots - 1;
  nodeMask = fewestSlots - 1;
  textCount = 0;
  arenaUsed = 0;
  nodeCount = 1;
  textLimit = maxTexts;
  arenaLimit = maxTextBytes;
  nodeLimit = maxNodes;
}

/** See StackTree.walk. Writes `results`. */
export function walk(start: i32, to: i32, stateStart: i32, stateEnd: i32, withRegisters: i32): i32 {
  const end = walkFrom(start, to, stateStart, stateEnd, withRegisters);
  store<i32>(results, lines);
  store<i32>(results, plain, 4);
  store<i32>(results, callCount, 8);
  store<i32>(results, valueWalked(), 12);
  return end;
}

/** The value kept for the stack that was walked last, or -1. */
export function valueWalked(): i32 {
  return load<i32>(nodeTable + nodeBytes * node, 16) - 1;
}

/** Where the name of a call of the stack that was walked last ends. */
export function nameEndOf(call: i32): i32 {
  return load<i32>(callsStart() + 4 * call, 4 * maxCalls);
}

/** Keeps a value (0 or more) for the stack that was walked last. */
export function keep(value: i32): void {
  store<i32>(nodeTable + nodeBytes * node, value + 1, 16);
  store<i32>(results, value, 12);
}

export function walkFrom(start: i32, to: i32, stateStart: i32, stateEnd: i32, withRegisters: i32): i32 {
  lines = 0;
  plain = 1;
  callCount = 0;
  node = 0;
  if (follow(stateStart, stateEnd, stateEnd, stateEnd) == -1) return irregular;
  let at = start;
  while (at < to) {
    const first: i32 = load<u8>(at);
    if (first == lineFeed || first == carriageReturn) return at;
    const isCall =
      first > dot && first != openBracket && (first != letterN || !standsAt(at, to, foreignWord as i32, 22));
    at = isCall ? readCall(at, to, withRegisters) : readOther(first, at, to);
    if (at < 0) return at;
  }
  return unfinished;
}

@inline
function readCall(at: i32, to: i32, withRegisters: i32): i32 {
  const from = nodeTable + nodeBytes * node;
  const next = load<i32>(from, 12);
  let text = load<i32>(from, 8);
  const record = textTable + textBytes * text;
  const textStart = load<i32>(record);
  const nameBytes = load<i32>(record, 4);
  const expected = next != 0 && at + nameBytes <= to && sameBytes(at, textStart, nameBytes);
  const nameEnd = expected ? at + nameBytes - 1 : endOfName(at, to);
  if (nameEnd < 0) return nameEnd;

  const end = lineFeedAt(nameEnd, to);
  if (end == -1 || end + 1 >= to) return unfinished;
  const place = end + 1;
  if (load<u8>(place) != tab || callCount == maxCalls) return irregular;

  const tailBytes = load<i32>(record, 12);
  let placeEnd = place + load<i32>(record, 8);
  let tailEnd = placeEnd;
  if (
    expected &&
    placeEnd < to &&
    load<u8>(placeEnd) == lineFeed &&
    sameBytes(placeEnd - tailBytes, textStart + nameBytes, tailBytes)
  ) {
    node = next;
  } else {
    placeEnd = lineFeedAt(place, to);
    if (placeEnd == -1) return unfinished;
    tailEnd = withRegisters ? beforeRegisters(place, placeEnd) : placeEnd;
    text = follow(at, nameEnd + 1, place, tailEnd);
    if (text == -1) return irregular;
  }
  const call = callsStart() + 4 * callCount;
  store<i32>(call, at);
  store<i32>(call, nameEnd, 4 * maxCalls);
  store<i32>(call, tailEnd, 8 * maxCalls);
  store<i32>(call, text, 12 * maxCalls);
  callCount++;
  lines += 2;
  return placeEnd + 1;
}

function readOther(first: i32, start: i32, to: i32): i32 {
  if (first == openBracket) {
    return standsAt(start, to, ancestorWord as i32, 28) ? passAncestors(start, to) : irregular;
  }
  const end = lineFeedAt(start, to);
  if (end == -1) return unfinished;
  lines++;
  plain = 0;
  return follow(start, end + 1, end, end) == -1 ? irregular : end + 1;
}

function passAncestors(start: i32, to: i32): i32 {
  plain = 0;
  let at = start;
  while (at < to && load<u8>(at) != lineFeed && load<u8>(at) != carriageReturn) {
    const end = lineFeedAt(at, to);
    if (end == -1) return unfinished;
    lines++;
    at = end + 1;
  }
  return at;
}

function beforeRegisters(start: i32, end: i32): i32 {
  for (let at = end - 6; at > start; at--) {
    if (load<u8>(at) == space && standsAt(at, end, registersWord as i32, 6)) return at;
  }
  return end;
}

function endOfName(start: i32, to: i32): i32 {
  const limit = i8x16.splat(0x29);
  let at = start;
  while (at < to) {
    if (at + 16 <= to) {
      const below = i8x16.bitmask(i8x16.lt_u(v128.load(at), limit));
      if (below == 0) {
        at += 16;
        continue;
      }
      at += ctz(below);
    }
    const byte: i32 = load<u8>(at);
    if (byte == lineFeed || byte == carriageReturn) return at;
    if (byte == openParenthesis && load<u8>(at - 1) != dot) return at;
    if (byte == space && standsAt(at, to, creatorIdWord as i32, 14)) return at;
    if (byte < space) return irregular;
    at++;
  }
  return unfinished;
}

// ---- texts and nodes

function follow(name: i32, nameEnd: i32, place: i32, placeEnd: i32): i32 {
  const text = textOf(name, nameEnd, place, placeEnd);
  if (text == -1) return -1;
  const next = childOf(node, text);
  if (next == -1) return -1;
  const from = nodeTable + nodeBytes * node;
  store<i32>(from, text, 8);
  store<i32>(from, next, 12);
  node = next;
  return text;
}

function textOf(name: i32, nameEnd: i32, place: i32, placeEnd: i32): i32 {
  const nameBytes = nameEnd - name;
  const placeBytes = placeEnd - place;
  const tail = placeBytes > placeTailBytes ? placeEnd - placeTailBytes : place;
  const tailBytes = placeEnd - tail;
  const wide = mixed(mixed(nameBytes, name, nameEnd), tail, placeEnd);
  const hash = (wide ^ (wide >> 32)) as i32;
  let slot = hash & textMask;
  for (let probes = 0; ; probes++) {
    const text = load<i32>(textSlots + 4 * slot) - 1;
    if (text == -1) break;
    if (probes == mostProbes) return -1;
    const known = textTable + textBytes * text;
    const start = load<i32>(known);
    if (
      load<i32>(known, 4) == nameBytes &&
      load<i32>(known, 8) == placeBytes &&
      sameBytes(name, start, nameBytes) &&
      sameBytes(tail, start + nameBytes, tailBytes)
    ) {
      return text;
    }
    slot = (slot + 1) & textMask;
  }
  if (textCount == textLimit || arenaUsed + nameBytes + tailBytes > arenaLimit) return -1;
  const added = textCount++;
  const record = textTable + textBytes * added;
  const start = arena + arenaUsed;
  store<i32>(record, start);
  store<i32>(record, nameBytes, 4);
  store<i32>(record, placeBytes, 8);
  store<i32>(record, tailBytes, 12);
  store<i32>(record, hash, 16);
  memory.copy(start, name, nameBytes);
  memory.copy(start + nameBytes, tail, tailBytes);
  arenaUsed += nameBytes + tailBytes;
  store<i32>(textSlots + 4 * slot, added + 1);
  if (2 * textCount > textMask) {
    textMask = 2 * textMask + 1;
    placeAgain(textSlots, textMask, textTable, textBytes, 16, 0, textCount, 1);
  }
  return added;
}

function childOf(parent: i32, text: i32): i32 {
  const product = (parent ^ (text * 0x85ebca77)) * 0x9e3779b1;
  const hash = product ^ (product >>> 15);
  let slot = hash & nodeMask;
  for (;;) {
    const known = load<i32>(nodeSlots + 4 * slot);
    if (known == 0) break;
    const record = nodeTable + nodeBytes * known;
    if (load<i32>(record) == parent && load<i32>(record, 4) == text) return known;
    slot = (slot + 1) & nodeMask;
  }
  if (nodeCount == nodeLimit) return -1;
  const added = nodeCount++;
  const record = nodeTable + nodeBytes * added;
  store<i32>(record, parent);
  store<i32>(record, text, 4);
  store<i32>(record, hash, 20);
  store<i32>(nodeSlots + 4 * slot, added);
  if (2 * nodeCount > nodeMask) {
    nodeMask = 2 * nodeMask + 1;
    placeAgain(nodeSlots, nodeMask, nodeTable, nodeBytes, 20, 1, nodeCount, 0);
  }
  return added;
}

/** Fills grown slots anew with the numbers `from .. to` of the records of a table, each plus `plus`. */
function placeAgain(
  slots: i32,
  mask: i32,
  table: i32,
  recordBytes: i32,
  hashAt: i32,
  from: i32,
  to: i32,
  plus: i32,
): void {
  memory.fill(slots, 0, 4 * (mask + 1));
  for (let number = from; number < to; number++) {
    let slot = load<i32>(table + recordBytes * number + hashAt) & mask;
    while (load<i32>(slots + 4 * slot) != 0) slot = (slot + 1) & mask;
    store<i32>(slots + 4 * slot, number + plus);
  }
}

// ---- bytes

@inline
function lineFeedAt(from: i32, to: i32): i32 {
  const feeds = i8x16.splat(lineFeed as i8);
  let at = from;
  for (; at + 16 <= to; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), feeds));
    if (found != 0) return at + ctz(found);
  }
  for (; at < to; at++) {
    if (load<u8>(at) == lineFeed) return at;
  }
  return -1;
}

@inline
function sameBytes(a: i32, b: i32, length: i32): bool {
  if (length >= 16) {
    const last = length - 16;
    let different = v128.xor(v128.load(a + last), v128.load(b + last));
    for (let i = 0; i < last; i += 16) {
      different = v128.or(different, v128.xor(v128.load(a + i), v128.load(b + i)));
    }
    return !v128.any_true(different);
  }
  for (let i = 0; i < length; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

export function standsAt(at: i32, to: i32, word: i32, length: i32): bool {
  return at + length <= to && sameBytes(at, word, length);
}

/** Multiplier: the golden ratio in 64 bits. */
function mixed(seed: u64, from: i32, to: i32): u64 {
  let hash = seed;
  let at = from;
  for (; at + 8 <= to; at += 8) hash = rotl((hash ^ load<u64>(at)) * 0x9e3779b97f4a7c15, 29);
  for (; at < to; at++) hash = rotl((hash ^ (load<u8>(at) as u64)) * 0x9e3779b97f4a7c15, 29);
  return hash;
}
