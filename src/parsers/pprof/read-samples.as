// AssemblyScript. `npm run wasm` compiles this into read-samples-code.ts.
//
// Reads samples, one after another, without leaving compiled code, into the tables of sample-table.ts, which says what they
// are and why. What is anything else than the most usual is left to JavaScript: this stops in front of it, having changed
// nothing that counts. Both must read the same in every input (test/parsers/pprof-compiled.test.ts). Addresses are offsets
// in the one memory, in which the input and the tables stand.

const irregular: i32 = -1;

const sampleTag: u8 = 0x12;
/** Of the message Sample. */
const locationIdTag: u8 = 0x08;
const locationIdsTag: u8 = 0x0a;
const valueTag: u8 = 0x10;
const valuesTag: u8 = 0x12;
const labelTag: u8 = 0x1a;

const twoIdsMask: i32 = 0x80808080;
const twoIds: i32 = 0x00800080;

/** Slots from here on do not fit into 16 bits. */
const wideSlots: u32 = 1 << 16;
/** A length or an id of more bytes is none of the usual. */
const mostNumberBytes: i32 = 4;
/** Bytes of 64 bits as a varint. */
const mostValueBytes: i32 = 10;
const mostValues: i32 = 64;
const mostLocations: i32 = 1 << 16;
const longestProbe: i32 = 32;

/** Values of the sample at hand. */
const newValues = memory.data(8 * 64);

// ---- where the tables are and how much they hold, set by layOut

let direct: i32 = 0;
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

/** How many samples are in the tables, and how many were read: set before reading, told after it. */
export let count: i32 = 0;
export let fileCount: i32 = 0;

/** Behind this, memory is free. */
export const freeFrom: i32 = __heap_base as i32;

export function layOutIds(directAt: i32, ids: i32): void {
  direct = directAt;
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

// ---- the sample at hand

/** Where the next location of the stack goes. */
let write: i32 = 0;
let hash: i32 = 0;
let valueCount: i32 = 0;
let numberRead: u32 = 0;

/**
 * Reads samples from the field at `from` on. Returns where the first field begins that is no sample, not whole before `to`,
 * or anything but the most usual: with more or fewer than `valuesPerSample` values, with locations that were not described
 * yet, with fields that are unknown or broken, or with no room in the tables.
 */
export function readSamples(from: i32, to: i32, valuesPerSample: i32): i32 {
  let at = from;
  while (at < to && load<u8>(at) == sampleTag) {
    const start = readNumber(at + 1, to);
    if (start == irregular || numberRead > ((to - start) as u32)) break;
    const end = start + numberRead;
    if (!readSample(start, end, valuesPerSample)) break;
    at = end;
  }
  return at;
}

function readSample(from: i32, end: i32, valuesPerSample: i32): bool {
  const first = load<u32>(starts + 4 * count);
  // One byte of the message is at least what one location takes.
  if (end - from > min(mostLocations, locationRoom - (first as i32))) return false;
  write = locations + 2 * first;
  hash = 0;
  valueCount = 0;
  let at = from;
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag == valuesTag) at = readValues(at, end);
    else if (tag == locationIdsTag) at = readLocations(at, end);
    else if (tag == valueTag) at = readValue(at, end);
    else if (tag == locationIdTag) at = readLocation(at, end);
    else if (tag == labelTag) at = endOfBytes(at, end);
    else return false;
    if (at == irregular) return false;
  }
  return valueCount == valuesPerSample && keep(first, (write - locations) / 2 - first);
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

/** Passes over the length at `from` and the bytes behind it. */
function endOfBytes(from: i32, end: i32): i32 {
  const at = readNumber(from, end);
  return at == irregular || numberRead > ((end - at) as u32) ? irregular : at + numberRead;
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
  for (let shift: i64 = 0; at < end && at - from < mostValueBytes; shift += 7) {
    const byte: i64 = load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      store<i64>(newValues + 8 * valueCount++, value);
      return at;
    }
  }
  return irregular;
}

function readLocation(from: i32, end: i32): i32 {
  const at = readNumber(from, end);
  if (at == irregular || numberRead >= directIds) return irregular;
  const slot = load<u32>(direct + 4 * numberRead);
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
        const slot = load<u32>(direct + 4 * ((four & 0x7f) | ((four >>> 1) & 0x3f80)));
        const next = load<u32>(direct + 4 * (((four >>> 16) & 0x7f) | ((four >>> 17) & 0x3f80)));
        if (slot == 0 || next == 0 || (slot | next) >= wideSlots) return irregular;
        store<u32>(write, slot | (next << 16));
        write += 4;
        at += 4;
        hash = hash * 31 + four;
        continue;
      }
    }
    at = readLocation(at, stop);
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
      fileCount++;
      addValues(sample);
      return true;
    }
    bucket = (bucket + 1) & mask;
  }
  if (count >= sampleRoom || (count + 1) * valueCount > valueRoom || (count + 1) * 2 > bucketCount) return false;
  store<u32>(hashes + 4 * count, mixedHash);
  store<u32>(starts + 4 * (count + 1), first + depth);
  fileCount++;
  addValues(count);
  count++;
  if (load<i32>(buckets + 4 * bucket) == 0) store<i32>(buckets + 4 * bucket, count);
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

/** Writes the values of one sample type as 64-bit floats, as SampleTable.values does. */
export function writeValues(type: i32, valuesPerSample: i32, to: i32): void {
  let at = 4 * type;
  for (let sample = 0; sample < count; sample++, at += 4 * valuesPerSample) {
    const value = (load<i32>(high + at) as f64) * 4294967296.0 + (load<u32>(low + at) as f64);
    store<f64>(to + 8 * sample, value);
  }
}

function mixed(bits: u32): u32 {
  bits = (bits ^ (bits >> 16)) * 0x85ebca6b;
  bits = (bits ^ (bits >> 13)) * 0xc2b2ae35;
  return bits ^ (bits >> 16);
}
