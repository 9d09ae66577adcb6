// AssemblyScript. `npm run wasm` compiles this into read-fields-code.ts.
//
// Reads samples, locations, functions and strings, one after another, without leaving compiled code, into the tables of
// sample-table.ts, location-table.ts and string-table.ts, which say what they are and why. What is anything else than the most
// usual is left to JavaScript: this stops in front of it, having changed nothing that counts but the slots of ids, which
// JavaScript would give in the same order. Both must read the same in every input (test/parsers/pprof-compiled.test.ts).
// Addresses are offsets in the one memory, in which the input and the tables stand.

const irregular: i32 = -1;

/** Of the message Profile. */
const sampleTag: u8 = 0x12;
const locationTag: u8 = 0x22;
const functionTag: u8 = 0x2a;
const stringTag: u8 = 0x32;
/** Of the message Sample. */
const locationIdTag: u8 = 0x08;
const locationIdsTag: u8 = 0x0a;
const valueTag: u8 = 0x10;
const valuesTag: u8 = 0x12;
const labelTag: u8 = 0x1a;
/** Of the messages Location, Line and Function: all of them have an id first. */
const idTag: u8 = 0x08;
const mappingTag: u8 = 0x10;
const addressTag: u8 = 0x18;
const lineTag: u8 = 0x22;
const foldedTag: u8 = 0x28;
const lineNumberTag: u8 = 0x10;
const columnTag: u8 = 0x18;
const nameTag: u8 = 0x10;
const systemNameTag: u8 = 0x18;
const fileTag: u8 = 0x20;
const startLineTag: u8 = 0x28;

const twoIdsMask: i32 = 0x80808080;
const twoIds: i32 = 0x00800080;

/** Slots from here on do not fit into 16 bits: there is no room for what they stand for. */
const wideSlots: u32 = 1 << 16;
/** A length or an id of more bytes is none of the usual. */
const mostNumberBytes: i32 = 4;
/** Bytes of 64 bits as a varint. */
const mostVarintBytes: i32 = 10;
const mostValues: i32 = 64;
/** Of one stack. */
const mostDepth: i32 = 1 << 16;
/** As in limits.ts. */
const mostLocations: i32 = 1 << 20;
const mostFunctions: i32 = 1 << 20;
const longestProbe: i32 = 32;
/** Numbers of 64 bits in a page of memory, 4 KiB on the usual processors. */
const pageNumbers: i32 = 512;

/** Values of the sample at hand. */
const newValues = memory.data(8 * 64);

// ---- where the tables are and how much they hold, set by layOut

let locationSlotOf: i32 = 0;
let functionSlotOf: i32 = 0;
let directIds: u32 = 0;
let locations: i32 = 0;
let locationRoom: i32 = 0;
let starts: i32 = 0;
let hashes: i32 = 0;
let sampleRoom: i32 = 0;
let low: i32 = 0;
let high: i32 = 0;
let valueRoom: i32 = 0;
let buckets: i32 = 0;
let bucketCount: i32 = 0;
let magnitude: i32 = 0;
let numbers: i32 = 0;
let numbersApart: i32 = 0;
let numberedTypes: i32 = 0;
let sums: i32 = 0;
let firstLine: i32 = 0;
let lineCount: i32 = 0;
let mappingOf: i32 = 0;
let lineFunction: i32 = 0;
let lineNumber: i32 = 0;
let lineRoom: i32 = 0;
let functionName: i32 = 0;
let functionFile: i32 = 0;
let stringBytes: i32 = 0;
let stringByteRoom: i32 = 0;
let stringStarts: i32 = 0;
let stringRoom: i32 = 0;

// ---- how far the tables are filled: set before reading, told after it

/** Distinct stacks, and samples read. */
export let sampleCount: i32 = 0;
export let fileSampleCount: i32 = 0;
/** Locations, functions and lines read. */
export let locationCount: i32 = 0;
export let functionCount: i32 = 0;
export let allLines: i32 = 0;
export let stringCount: i32 = 0;
/** One more than the largest slot. */
export let locationSlots: u32 = 1;
export let functionSlots: u32 = 1;

/** Behind this, memory is free. */
export const freeFrom: i32 = __heap_base as i32;

/** Slots by id. */
export function layOutIds(ofLocations: i32, ofFunctions: i32, ids: i32): void {
  locationSlotOf = ofLocations;
  functionSlotOf = ofFunctions;
  directIds = ids;
}

export function layOutStacks(locationsAt: i32, room: i32, bucketsAt: i32, allBuckets: i32): void {
  locations = locationsAt;
  locationRoom = room;
  buckets = bucketsAt;
  bucketCount = allBuckets;
}

/** `starts` has one element more than there are samples. */
export function layOutSamples(startsAt: i32, hashesAt: i32, room: i32): void {
  starts = startsAt;
  hashes = hashesAt;
  sampleRoom = room;
}

export function layOutValues(lowAt: i32, highAt: i32, room: i32, magnitudeAt: i32): void {
  low = lowAt;
  high = highAt;
  valueRoom = room;
  magnitude = magnitudeAt;
}

/**
 * Values as 64-bit floats of so many sample types at most: those of a type one after another, `apart` bytes behind those of the
 * type before. And their sums.
 */
export function layOutNumbers(at: i32, apart: i32, types: i32, sumsAt: i32): void {
  numbers = at;
  numbersApart = apart;
  numberedTypes = types;
  sums = sumsAt;
}

/** Each has an element for every slot up to `wideSlots`. */
export function layOutLocations(firstLineAt: i32, lineCountAt: i32, mappingAt: i32): void {
  firstLine = firstLineAt;
  lineCount = lineCountAt;
  mappingOf = mappingAt;
}

export function layOutLines(functionAt: i32, numberAt: i32, room: i32): void {
  lineFunction = functionAt;
  lineNumber = numberAt;
  lineRoom = room;
}

/** Each has an element for every slot up to `wideSlots`. */
export function layOutFunctions(nameAt: i32, fileAt: i32): void {
  functionName = nameAt;
  functionFile = fileAt;
}

/** `startsAt` has one element more than there are strings. */
export function layOutStrings(bytesAt: i32, byteRoom: i32, startsAt: i32, room: i32): void {
  stringBytes = bytesAt;
  stringByteRoom = byteRoom;
  stringStarts = startsAt;
  stringRoom = room;
}

// ---- the field at hand

let numberRead: u32 = 0;

/**
 * Reads fields from the one at `from` on. Returns where the first one begins that is none of the four, not whole before `to`,
 * or anything but the most usual: a sample with more or fewer than `valuesPerSample` values or with locations that were not
 * described yet, fields that are unknown or broken, or no room in the tables.
 */
export function readFields(from: i32, to: i32, valuesPerSample: i32): i32 {
  let at = from;
  while (at < to) {
    const start = readNumber(at + 1, to);
    if (start == irregular || numberRead > ((to - start) as u32)) break;
    const end = start + numberRead;
    const tag = load<u8>(at);
    if (tag == sampleTag) {
      if (!readSample(start, end, valuesPerSample)) break;
    } else if (tag == locationTag) {
      if (!readLocation(start, end)) break;
    } else if (tag == functionTag) {
      if (!readFunction(start, end)) break;
    } else if (tag != stringTag || !readString(start, end)) break;
    at = end;
  }
  return at;
}

/** Reads a varint that is not long. Returns where it ends. */
function readNumber(from: i32, end: i32): i32 {
  let at = from;
  let number: u32 = 0;
  for (let shift = 0; at < end && at - from < mostNumberBytes; shift += 7) {
    const byte: u32 = load<u8>(at++);
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      numberRead = number;
      return at;
    }
  }
  return irregular;
}

/** Passes over a varint. */
function endOfVarint(from: i32, end: i32): i32 {
  for (let at = from; at < end && at - from < mostVarintBytes; at++) {
    if (load<u8>(at) < 0x80) return at + 1;
  }
  return irregular;
}

/** Passes over the length at `from` and the bytes behind it. */
function endOfBytes(from: i32, end: i32): i32 {
  const at = readNumber(from, end);
  return at == irregular || numberRead > ((end - at) as u32) ? irregular : at + numberRead;
}

// ---- locations, functions and strings

let slotRead: u32 = 0;

/** Reads an id, and finds its slot or gives it the next one, as IdSlots does. Returns where it ends. */
function readLocationId(from: i32, end: i32): i32 {
  const at = readNumber(from, end);
  if (at == irregular || numberRead >= directIds) return irregular;
  slotRead = load<u32>(locationSlotOf + 4 * numberRead);
  if (slotRead == 0) {
    if (locationSlots >= wideSlots) return irregular;
    slotRead = locationSlots++;
    store<u32>(locationSlotOf + 4 * numberRead, slotRead);
  }
  return slotRead < wideSlots ? at : irregular;
}

function readFunctionId(from: i32, end: i32): i32 {
  const at = readNumber(from, end);
  if (at == irregular || numberRead >= directIds) return irregular;
  slotRead = load<u32>(functionSlotOf + 4 * numberRead);
  if (slotRead == 0) {
    if (functionSlots >= wideSlots) return irregular;
    slotRead = functionSlots++;
    store<u32>(functionSlotOf + 4 * numberRead, slotRead);
  }
  return slotRead < wideSlots ? at : irregular;
}

/** See LocationTable. Lines stand behind those that count until all of the location is read. */
function readLocation(from: i32, end: i32): bool {
  let slot: u32 = 0;
  let mapping: u32 = 0;
  let lines = 0;
  let at = from;
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag == idTag) {
      at = readLocationId(at, end);
      slot = slotRead;
    } else if (tag == mappingTag) {
      at = readNumber(at, end);
      mapping = numberRead;
    } else if (tag == addressTag || tag == foldedTag) at = endOfVarint(at, end);
    else if (tag == lineTag) {
      const stop = endOfBytes(at, end);
      if (stop == irregular || !readLine(stop - numberRead, stop, allLines + lines)) return false;
      lines++;
      at = stop;
    } else return false;
    if (at == irregular) return false;
  }
  if (slot == 0 || locationCount == mostLocations) return false;
  store<u32>(firstLine + 4 * slot, allLines + 1);
  store<u32>(lineCount + 4 * slot, lines);
  store<u32>(mappingOf + 4 * slot, mapping);
  allLines += lines;
  locationCount++;
  return true;
}

function readLine(from: i32, end: i32, index: i32): bool {
  if (index >= lineRoom) return false;
  let slot: u32 = 0;
  let line: u32 = 0;
  let at = from;
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag == idTag) {
      at = readFunctionId(at, end);
      slot = slotRead;
    } else if (tag == lineNumberTag) {
      at = readNumber(at, end);
      line = numberRead;
    } else if (tag == columnTag) at = endOfVarint(at, end);
    else return false;
    if (at == irregular) return false;
  }
  store<u32>(lineFunction + 4 * index, slot);
  store<u32>(lineNumber + 4 * index, line);
  return true;
}

function readFunction(from: i32, end: i32): bool {
  let slot: u32 = 0;
  let name: u32 = 0;
  let file: u32 = 0;
  let at = from;
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag == idTag) {
      at = readFunctionId(at, end);
      slot = slotRead;
    } else if (tag == nameTag) {
      at = readNumber(at, end);
      name = numberRead;
    } else if (tag == fileTag) {
      at = readNumber(at, end);
      file = numberRead;
    } else if (tag == systemNameTag || tag == startLineTag) at = endOfVarint(at, end);
    else return false;
    if (at == irregular) return false;
  }
  if (slot == 0 || functionCount == mostFunctions) return false;
  store<u32>(functionName + 4 * slot, name + 1);
  store<u32>(functionFile + 4 * slot, file);
  functionCount++;
  return true;
}

function readString(from: i32, end: i32): bool {
  const start: i32 = load<i32>(stringStarts + 4 * stringCount);
  if (end - from > stringByteRoom - start || stringCount >= stringRoom) return false;
  memory.copy(stringBytes + start, from, end - from);
  stringCount++;
  store<i32>(stringStarts + 4 * stringCount, start + (end - from));
  return true;
}

// ---- the sample at hand

/** Where the next location of the stack goes. */
let write: i32 = 0;
let hash: i32 = 0;
let valueCount: i32 = 0;

function readSample(from: i32, end: i32, valuesPerSample: i32): bool {
  const first = load<u32>(starts + 4 * sampleCount);
  // One byte of the message is at least what one location takes.
  if (end - from > min(mostDepth, locationRoom - (first as i32))) return false;
  write = locations + 2 * first;
  hash = 0;
  valueCount = 0;
  let at = from;
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag == valuesTag) at = readValues(at, end);
    else if (tag == locationIdsTag) at = readLocations(at, end);
    else if (tag == valueTag) at = readValue(at, end);
    else if (tag == locationIdTag) at = readKnownLocation(at, end);
    else if (tag == labelTag) at = endOfBytes(at, end);
    else return false;
    if (at == irregular) return false;
  }
  return valueCount == valuesPerSample && keep(first, (write - locations) / 2 - first);
}

function readValues(from: i32, end: i32): i32 {
  const stop = endOfBytes(from, end);
  if (stop == irregular) return irregular;
  let at = stop - numberRead;
  while (at < stop) {
    at = readValue(at, stop);
    if (at == irregular) return irregular;
  }
  return at;
}

function readValue(from: i32, end: i32): i32 {
  if (valueCount == mostValues) return irregular;
  let at = from;
  let value: i64 = 0;
  for (let shift: i64 = 0; at < end && at - from < mostVarintBytes; shift += 7) {
    const byte: i64 = load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      store<i64>(newValues + 8 * valueCount++, value);
      return at;
    }
  }
  return irregular;
}

/** An id of a location that was described before. */
function readKnownLocation(from: i32, end: i32): i32 {
  const at = readNumber(from, end);
  if (at == irregular || numberRead >= directIds) return irregular;
  const slot = load<u32>(locationSlotOf + 4 * numberRead);
  if (slot == 0 || slot >= wideSlots) return irregular;
  store<u16>(write, slot);
  write += 2;
  hash = hash * 31 + slot;
  return at;
}

/** Two ids of two bytes at once, as SampleTable does: the hash depends on it. */
function readLocations(from: i32, end: i32): i32 {
  const stop = endOfBytes(from, end);
  if (stop == irregular) return irregular;
  let at = stop - numberRead;
  while (at < stop) {
    if (at + 4 <= stop) {
      const four = load<i32>(at);
      if ((four & twoIdsMask) == twoIds) {
        const slot = load<u32>(locationSlotOf + 4 * ((four & 0x7f) | ((four >>> 1) & 0x3f80)));
        const next = load<u32>(locationSlotOf + 4 * (((four >>> 16) & 0x7f) | ((four >>> 17) & 0x3f80)));
        if (slot == 0 || next == 0 || (slot | next) >= wideSlots) return irregular;
        store<u32>(write, slot | (next << 16));
        write += 4;
        at += 4;
        hash = hash * 31 + four;
        continue;
      }
    }
    at = readKnownLocation(at, stop);
    if (at == irregular) return irregular;
  }
  return at;
}

/** See SampleTable. False when there is no room for a new stack. */
function keep(first: i32, depth: i32): bool {
  const mixedHash = mixed(hash ^ depth);
  const mask = bucketCount - 1;
  let bucket = mixedHash & mask;
  for (let probe = 0; probe < longestProbe; probe++) {
    const sample = load<i32>(buckets + 4 * bucket) - 1;
    if (sample == -1) break;
    if (load<u32>(hashes + 4 * sample) == mixedHash && hasStack(sample, first, depth)) {
      fileSampleCount++;
      addValues(sample);
      return true;
    }
    bucket = (bucket + 1) & mask;
  }
  if (sampleCount >= sampleRoom || (sampleCount + 1) * valueCount > valueRoom || (sampleCount + 1) * 2 > bucketCount) return false;
  store<u32>(hashes + 4 * sampleCount, mixedHash);
  store<u32>(starts + 4 * (sampleCount + 1), first + depth);
  fileSampleCount++;
  addValues(sampleCount);
  touchNumbers(sampleCount);
  sampleCount++;
  if (load<i32>(buckets + 4 * bucket) == 0) store<i32>(buckets + 4 * bucket, sampleCount);
  return true;
}

function hasStack(sample: i32, first: i32, depth: i32): bool {
  const start = load<u32>(starts + 4 * sample);
  if (load<u32>(starts + 4 * (sample + 1)) - start != depth) return false;
  let known = locations + 2 * start;
  let found = locations + 2 * first;
  const end = found + 2 * depth;
  for (; found + 8 <= end; found += 8, known += 8) if (load<u64>(known) != load<u64>(found)) return false;
  for (; found < end; found += 2, known += 2) if (load<u16>(known) != load<u16>(found)) return false;
  return true;
}

function addValues(sample: i32): void {
  const row = sample * valueCount;
  for (let i = 0; i < valueCount; i++) {
    const value = load<i64>(newValues + 8 * i);
    const at = 4 * (row + i);
    const sum = value + ((load<u32>(low + at) as i64) | ((load<i32>(high + at) as i64) << 32));
    store<i32>(low + at, sum as i32);
    store<i32>(high + at, (sum >> 32) as i32);
    store<f64>(magnitude + 8 * i, load<f64>(magnitude + 8 * i) + abs(value as f64));
  }
}

/** Writes the values of the first `types` sample types as numbers, as SampleTable.numbers does, and their sums. */
export function writeValues(types: i32, valuesPerSample: i32): void {
  memory.fill(sums, 0, 8 * types);
  for (let sample = 0, first = 0; sample < sampleCount; sample++, first += 4 * valuesPerSample) {
    let at = first;
    let number = numbers + 8 * sample;
    for (let type = 0; type < types; type++, at += 4, number += numbersApart) {
      const value = (load<i32>(high + at) as f64) * 4294967296.0 + (load<u32>(low + at) as f64);
      store<f64>(number, value);
      store<f64>(sums + 8 * type, load<f64>(sums + 8 * type) + value);
    }
  }
}

/**
 * Memory comes page by page when it is first written, which takes longer than to write it: the numbers' pages come along
 * with the samples, or the end of a large profile would hold up everything else.
 */
function touchNumbers(sample: i32): void {
  if ((sample & (pageNumbers - 1)) != 0) return;
  for (let type = 0; type < numberedTypes; type++) store<f64>(numbers + type * numbersApart + 8 * sample, 0);
}

function mixed(bits: u32): u32 {
  bits = (bits ^ (bits >> 16)) * 0x85ebca6b;
  bits = (bits ^ (bits >> 13)) * 0xc2b2ae35;
  return bits ^ (bits >> 16);
}
