import type { Int64Values } from "../../domain/profile.ts";
import { grownInt32, grownUint32 } from "./growable.ts";
import type { IdSlots } from "./id-slots.ts";
import { limits } from "./limits.ts";
import { BadField, WireReader, wireType } from "./wire.ts";

const locationIdField = 1;
const valueField = 2;

/** Ids below this have at most two bytes on the wire, nearly all ids of real profiles. */
const twoByteIds = 1 << 14;

/** Longest walk through the hash table. Stacks made to collide are kept apart instead, which changes no sum. */
const longestProbe = 32;

/** 2^53: up to here every sum of integers is exact in a number. */
const exactLimit = Number.MAX_SAFE_INTEGER;

/** The samples of a profile, equal stacks added up while they are read. */
export class SampleTable {
  /** Slot of every location on every distinct stack, leaf first. */
  locations = new Uint32Array(16 * 1024);
  /** `locations[starts[s] .. starts[s + 1]]` is the stack of sample `s`. */
  starts = new Uint32Array(1024);
  count = 0;
  fileCount = 0;
  /** Values per sample; -1 before the first sample. */
  valuesPerSample = -1;

  readonly #slots: IdSlots;
  readonly #reader = new WireReader();
  #low = new Uint32Array(1024);
  #high = new Int32Array(1024);
  /** Sum of absolute values by sample type: tells whether sums can leave 53 bits. */
  readonly #magnitude = new Float64Array(limits.sampleTypes);
  #hashes = new Uint32Array(1024);
  /** Open addressing; holds sample + 1. */
  #buckets = new Int32Array(4096);
  /** Values of the sample being read. */
  readonly #newLow = new Uint32Array(limits.sampleTypes);
  readonly #newHigh = new Int32Array(limits.sampleTypes);
  #newValues = 0;
  /** Where the next location of the stack being read goes. */
  #write = 0;
  #hash = 0;

  constructor(slots: IdSlots) {
    this.#slots = slots;
  }

  /** Makes room for this many locations in all; a large reservation up front saves copying while it grows. */
  reserve(locations: number): void {
    if (locations > this.locations.length) this.locations = grownUint32(this.locations, locations);
  }

  /** Reads the Sample message in `bytes[at..end]`. Fields come in any order: Go writes values before locations. */
  read(bytes: Uint8Array, at: number, end: number): void {
    const reader = this.#reader;
    const first = this.starts[this.count] ?? 0;
    this.#write = first;
    this.#hash = 0;
    this.#newValues = 0;
    // One byte of the message is at least what one location takes.
    this.reserve(first + (end - at));
    reader.open(bytes, at, end);
    while (reader.next()) {
      if (reader.field === locationIdField) this.#readLocations(reader);
      else if (reader.field === valueField) this.#readValues(reader);
      else reader.skip();
    }
    const depth = this.#write - first;
    if (depth > limits.stackDepth) {
      throw new BadField("too-large", `a stack deeper than ${limits.stackDepth} locations`, at);
    }
    if (this.valuesPerSample === -1) this.valuesPerSample = this.#newValues;
    else if (this.valuesPerSample !== this.#newValues) {
      throw new BadField(
        "damaged",
        `a sample has ${this.#newValues} values where others have ${this.valuesPerSample}`,
        at,
      );
    }
    this.fileCount++;
    this.#keep(first, depth, at);
  }

  #readLocations(reader: WireReader): void {
    if (reader.type === wireType.varint) {
      reader.readVarint();
      this.#addLocation(this.#slots.slotOf(reader.low, reader.high));
      return;
    }
    reader.expect(wireType.bytes);
    const stop = reader.readLength();
    const { bytes } = reader;
    const { locations } = this;
    let { at } = reader;
    let write = this.#write;
    let hash = this.#hash;
    let largest = 0;
    while (at < stop) {
      let slot = bytes[at] ?? 0;
      if (slot < 0x80) at++;
      else {
        const second = at + 1 < stop ? (bytes[at + 1] ?? 0) : 0x80;
        if (second < 0x80) {
          slot = (slot & 0x7f) | (second << 7);
          at += 2;
        } else {
          reader.at = at;
          reader.readVarint();
          slot = this.#slots.slotOf(reader.low, reader.high);
          at = reader.at;
        }
      }
      if (slot > largest) largest = slot;
      locations[write++] = slot;
      hash = Math.imul(hash ^ slot, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    if (at !== stop) throw new BadField("damaged", "a list of locations breaks off", at);
    if (largest < twoByteIds) this.#slots.slotOf(largest, 0);
    reader.at = stop;
    this.#write = write;
    this.#hash = hash;
  }

  #addLocation(slot: number): void {
    this.locations[this.#write++] = slot;
    const hash = Math.imul(this.#hash ^ slot, 0x9e3779b1);
    this.#hash = hash ^ (hash >>> 15);
  }

  #readValues(reader: WireReader): void {
    if (reader.type === wireType.varint) {
      this.#readValue(reader);
      return;
    }
    reader.expect(wireType.bytes);
    const stop = reader.readLength();
    while (reader.at < stop) this.#readValue(reader);
    if (reader.at !== stop) throw new BadField("damaged", "a list of values breaks off", reader.at);
  }

  #readValue(reader: WireReader): void {
    reader.readVarint();
    const index = this.#newValues++;
    if (index >= limits.sampleTypes) {
      throw new BadField("too-large", `more than ${limits.sampleTypes} values in a sample`, reader.at);
    }
    this.#newLow[index] = reader.low;
    this.#newHigh[index] = reader.high;
  }

  /** Adds the sample that was read to the one that has the same stack, or makes it a new one. */
  #keep(first: number, depth: number, at: number): void {
    const hash = (this.#hash ^ depth) >>> 0;
    const mask = this.#buckets.length - 1;
    let bucket = hash & mask;
    for (let probe = 0; probe < longestProbe; probe++) {
      const sample = (this.#buckets[bucket] ?? 0) - 1;
      if (sample === -1) break;
      if (this.#hashes[sample] === hash && this.#hasStack(sample, first, depth)) {
        this.#addValues(sample);
        return;
      }
      bucket = (bucket + 1) & mask;
    }
    if (first + depth > limits.stackLocations) {
      throw new BadField("too-large", `more than ${limits.stackLocations} locations in all stacks`, at);
    }
    if (this.count >= limits.distinctStacks) {
      throw new BadField("too-large", `more than ${limits.distinctStacks} distinct stacks`, at);
    }
    const sample = this.count;
    this.#makeRoomForSample(sample);
    this.#hashes[sample] = hash;
    this.starts[sample + 1] = first + depth;
    this.count = sample + 1;
    if (this.#buckets[bucket] === 0) this.#buckets[bucket] = sample + 1;
    this.#addValues(sample);
    if (this.count * 2 > this.#buckets.length) this.#rehash();
  }

  #hasStack(sample: number, first: number, depth: number): boolean {
    const start = this.starts[sample] ?? 0;
    if ((this.starts[sample + 1] ?? 0) - start !== depth) return false;
    const { locations } = this;
    for (let i = 0; i < depth; i++) if (locations[start + i] !== locations[first + i]) return false;
    return true;
  }

  #addValues(sample: number): void {
    const row = sample * this.valuesPerSample;
    for (let i = 0; i < this.#newValues; i++) {
      const low = this.#newLow[i] ?? 0;
      const high = this.#newHigh[i] ?? 0;
      const sum = (this.#low[row + i] ?? 0) + low;
      this.#low[row + i] = sum;
      this.#high[row + i] = (this.#high[row + i] ?? 0) + high + (sum > 0xffff_ffff ? 1 : 0);
      this.#magnitude[i] = (this.#magnitude[i] ?? 0) + Math.abs(high * 0x1_0000_0000 + low);
    }
  }

  #makeRoomForSample(sample: number): void {
    if (sample + 2 > this.starts.length) this.starts = grownUint32(this.starts, sample + 2);
    if (sample >= this.#hashes.length) this.#hashes = grownUint32(this.#hashes, sample + 1);
    const values = (sample + 1) * this.valuesPerSample;
    if (values > this.#low.length) {
      this.#low = grownUint32(this.#low, values);
      this.#high = grownInt32(this.#high, values);
    }
  }

  #rehash(): void {
    const buckets = new Int32Array(this.#buckets.length * 4);
    const mask = buckets.length - 1;
    for (let sample = 0; sample < this.count; sample++) {
      let bucket = (this.#hashes[sample] ?? 0) & mask;
      for (let probe = 0; probe < longestProbe && buckets[bucket] !== 0; probe++)
        bucket = (bucket + 1) & mask;
      if (buckets[bucket] === 0) buckets[bucket] = sample + 1;
    }
    this.#buckets = buckets;
  }

  /** The values of one sample type as numbers, and exactly when numbers may not do. */
  values(type: number): { numbers: Float64Array; exact: Int64Values | undefined } {
    const numbers = new Float64Array(this.count);
    const isWide = (this.#magnitude[type] ?? 0) > exactLimit;
    const low = new Uint32Array(isWide ? this.count : 0);
    const high = new Int32Array(isWide ? this.count : 0);
    for (let sample = 0; sample < this.count; sample++) {
      const at = sample * this.valuesPerSample + type;
      numbers[sample] = (this.#high[at] ?? 0) * 0x1_0000_0000 + (this.#low[at] ?? 0);
      if (isWide) {
        low[sample] = this.#low[at] ?? 0;
        high[sample] = this.#high[at] ?? 0;
      }
    }
    return { numbers, exact: isWide ? { low, high } : undefined };
  }
}
