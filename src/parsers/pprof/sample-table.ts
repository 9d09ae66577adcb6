import type { Int64Values } from "../../domain/profiles/profile.ts";
import type { CompiledFields, SampleNumbers } from "./compiled-fields.ts";
import { grownInt32, grownUint16, grownUint32 } from "./growable.ts";
import type { IdSlots } from "./id-slots.ts";
import { limits } from "./limits.ts";
import { BadField, type WireReader } from "./wire.ts";

/** Tags of the message Sample. Lists come packed and not. */
const locationId = 0x08;
const locationIds = 0x0a;
const value = 0x10;
const values = 0x12;

/** Four bytes, read little-endian, that are two varints of two bytes each. */
const twoIdsMask = 0x80808080 | 0;
const twoIds = 0x00800080;

/** Slots from here on do not fit into 16 bits. */
const wideSlots = 1 << 16;

/** Longest walk through the hash table. Stacks made to collide are kept apart instead, which changes no sum. */
const longestProbe = 32;

/** 2^53: up to here every sum of integers is exact in a number. */
const exactLimit = Number.MAX_SAFE_INTEGER;

/** The samples of a profile, equal stacks added up while they are read. */
export class SampleTable {
  /** Slot of every location on every distinct stack, leaf first. In 16 bits until a slot needs more. */
  locations: Uint16Array | Uint32Array;
  /** `locations[starts[s] .. starts[s + 1]]` is the stack of sample `s`. */
  starts: Uint32Array<ArrayBuffer>;
  count = 0;
  fileCount = 0;
  /** Values per sample; -1 before the first sample. */
  valuesPerSample = -1;

  readonly #slots: IdSlots;
  readonly #compiled: CompiledFields | undefined;
  #low: Uint32Array<ArrayBuffer>;
  #high: Int32Array<ArrayBuffer>;
  /** Sum of absolute values by sample type: tells whether sums can leave 53 bits. */
  readonly #magnitude: Float64Array;
  #hashes: Uint32Array<ArrayBuffer>;
  /** Open addressing; holds sample + 1. */
  #buckets: Int32Array<ArrayBuffer>;
  /** Values of the sample being read. */
  readonly #newLow = new Uint32Array(limits.sampleTypes);
  readonly #newHigh = new Int32Array(limits.sampleTypes);
  #newValues = 0;
  /** Where the next location of the stack being read goes. */
  #write = 0;
  #hash = 0;

  /** With `compiled`, the tables stand where that can read and write them, until one of them has to grow. */
  constructor(slots: IdSlots, compiled?: CompiledFields) {
    this.#slots = slots;
    this.#compiled = compiled;
    const arrays = compiled?.samples;
    this.locations = arrays?.locations ?? new Uint16Array(16 * 1024);
    this.starts = arrays?.starts ?? new Uint32Array(1024);
    this.#low = arrays?.low ?? new Uint32Array(1024);
    this.#high = arrays?.high ?? new Int32Array(1024);
    this.#magnitude = arrays?.magnitude ?? new Float64Array(limits.sampleTypes);
    this.#hashes = arrays?.hashes ?? new Uint32Array(1024);
    this.#buckets = arrays?.buckets ?? new Int32Array(4096);
  }

  /**
   * Prepares for a profile of about this many bytes, so that it is not copied while it grows. A location takes one or
   * two bytes of the file, a sample of a large profile more than a hundred; untouched room costs no memory.
   */
  expect(bytes: number): void {
    this.#reserve(Math.min(Math.ceil(bytes / 2), limits.stackLocations));
    while (this.#buckets.length < bytes / 128 && this.#buckets.length < limits.distinctStacks) this.#rehash();
  }

  /** Makes room for this many locations in all. */
  #reserve(locations: number): void {
    if (locations <= this.locations.length) return;
    this.#compiled?.leave();
    this.locations =
      this.locations instanceof Uint16Array
        ? grownUint16(this.locations, locations)
        : grownUint32(this.locations, locations);
  }

  /** Reads the Sample message that `reader` is open on. Its fields come in any order: Go writes values first. */
  read(reader: WireReader): void {
    const { at, end } = reader;
    const first = this.starts[this.count] ?? 0;
    this.#write = first;
    this.#hash = 0;
    this.#newValues = 0;
    // One byte of the message is at least what one location takes.
    this.#reserve(first + (end - at));
    while (reader.next()) {
      switch (reader.tag) {
        case values:
          this.#readValues(reader);
          break;
        case locationIds:
          this.#write = this.#readPacked(reader, reader.readLength());
          break;
        case value:
          this.#readValue(reader);
          break;
        case locationId:
          this.#readLocation(reader);
          break;
        default:
          reader.skip();
      }
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

  #readLocation(reader: WireReader): void {
    const slot = this.#readSlot(reader);
    this.locations[this.#write++] = slot;
    this.#hash = (Math.imul(this.#hash, 31) + slot) | 0;
  }

  /**
   * The hot loop: nearly all ids of real profiles have two bytes, and are read two at a time; nearly all others have
   * one. The hash depends on how ids are written, too: a stack written in two ways would be kept twice.
   */
  #readPacked(reader: WireReader, stop: number): number {
    const { view } = reader;
    const slots = this.#slots;
    if (slots.size > wideSlots) this.#widen();
    let { direct } = slots;
    let { locations } = this;
    let { at } = reader;
    let write = this.#write;
    let hash = this.#hash;
    while (at < stop) {
      const four = at + 4 <= stop ? view.getInt32(at, true) : 0;
      if ((four & twoIdsMask) === twoIds) {
        const id = (four & 0x7f) | ((four >>> 1) & 0x3f80);
        const next = ((four >>> 16) & 0x7f) | ((four >>> 17) & 0x3f80);
        const slot = direct[id] ?? 0;
        const nextSlot = direct[next] ?? 0;
        if (slot !== 0 && nextSlot !== 0) {
          locations[write] = slot;
          locations[write + 1] = nextSlot;
          write += 2;
          at += 4;
          hash = (Math.imul(hash, 31) + four) | 0;
          continue;
        }
      }
      reader.at = at;
      const slot = this.#readSlot(reader);
      at = reader.at;
      locations = this.locations;
      direct = slots.direct;
      locations[write++] = slot;
      hash = (Math.imul(hash, 31) + slot) | 0;
    }
    if (at !== stop) throw new BadField("damaged", "a list of locations breaks off", at);
    this.#hash = hash;
    reader.at = stop;
    return write;
  }

  /** Reads an id of any size, and makes room for slots that 16 bits do not hold. */
  #readSlot(reader: WireReader): number {
    reader.readVarint();
    const slot = this.#slots.slotOf(reader.low, reader.high);
    if (slot >= wideSlots) this.#widen();
    return slot;
  }

  #widen(): void {
    if (!(this.locations instanceof Uint16Array)) return;
    this.#compiled?.leave();
    this.locations = new Uint32Array(this.locations);
  }

  #readValues(reader: WireReader): void {
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
    const hash = mixed(this.#hash ^ depth);
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
    if (sample + 2 > this.starts.length) {
      this.#compiled?.leave();
      this.starts = grownUint32(this.starts, sample + 2);
    }
    if (sample >= this.#hashes.length) this.#hashes = grownUint32(this.#hashes, sample + 1);
    const values = (sample + 1) * this.valuesPerSample;
    if (values > this.#low.length) {
      this.#compiled?.leave();
      this.#low = grownUint32(this.#low, values);
      this.#high = grownInt32(this.#high, values);
    }
  }

  #rehash(): void {
    this.#compiled?.leave();
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

  /** The values of the first `types` sample types as numbers. */
  numbers(types: number): SampleNumbers[] {
    const written = this.#compiled?.numbers(types, this) ?? [];
    return Array.from({ length: types }, (_, type) => written[type] ?? { values: this.#numbersOf(type) });
  }

  #numbersOf(type: number): Float64Array {
    const values = new Float64Array(this.count);
    for (let sample = 0, at = type; sample < this.count; sample++, at += this.valuesPerSample) {
      values[sample] = (this.#high[at] ?? 0) * 0x1_0000_0000 + (this.#low[at] ?? 0);
    }
    return values;
  }

  /** The values of one sample type in 64 bits, when sums of them may not fit into a number. */
  exactValues(type: number): Int64Values | undefined {
    if ((this.#magnitude[type] ?? 0) <= exactLimit) return undefined;
    const low = new Uint32Array(this.count);
    const high = new Int32Array(this.count);
    for (let sample = 0, at = type; sample < this.count; sample++, at += this.valuesPerSample) {
      low[sample] = this.#low[at] ?? 0;
      high[sample] = this.#high[at] ?? 0;
    }
    return { low, high };
  }
}

/** Spreads what a product of small numbers leaves in the lower bits (finalizer of MurmurHash3, public domain). */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
