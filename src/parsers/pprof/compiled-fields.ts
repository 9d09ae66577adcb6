import { CompiledCode, type CompiledMemory, growTo } from "../compiled-code.ts";
import { directIds } from "./id-slots.ts";
import { limits } from "./limits.ts";
import { readFieldsCode } from "./read-fields-code.ts";

/** What read-fields.as exports. */
interface Exports {
  readonly memory: CompiledMemory;
  readonly freeFrom: Counter;
  readonly sampleCount: Counter;
  readonly fileSampleCount: Counter;
  readonly locationCount: Counter;
  readonly functionCount: Counter;
  readonly allLines: Counter;
  readonly stringCount: Counter;
  readonly locationSlots: Counter;
  readonly functionSlots: Counter;
  layOutIds(ofLocations: number, ofFunctions: number, ids: number): void;
  layOutStacks(locations: number, room: number, buckets: number, count: number): void;
  layOutSamples(starts: number, hashes: number, room: number): void;
  layOutValues(low: number, high: number, room: number, magnitude: number): void;
  layOutLocations(firstLine: number, lineCount: number, mappingOf: number): void;
  layOutLines(functions: number, numbers: number, room: number): void;
  layOutFunctions(names: number, files: number): void;
  layOutStrings(bytes: number, byteRoom: number, starts: number, room: number): void;
  readFields(from: number, to: number, valuesPerSample: number): number;
  layOutNumbers(numbers: number, apart: number, types: number, sums: number): void;
  writeValues(types: number, valuesPerSample: number): void;
}

interface Counter {
  value: number;
}

/** The tables of a SampleTable, which says what is in them. */
export interface SampleArrays {
  readonly locations: Uint16Array;
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly hashes: Uint32Array<ArrayBuffer>;
  readonly low: Uint32Array<ArrayBuffer>;
  readonly high: Int32Array<ArrayBuffer>;
  readonly buckets: Int32Array<ArrayBuffer>;
  readonly magnitude: Float64Array;
}

/** The tables of a LocationTable, which says what is in them. */
export interface LocationArrays {
  readonly firstLine: Uint32Array<ArrayBuffer>;
  readonly lineCount: Uint32Array<ArrayBuffer>;
  readonly mappingOf: Uint32Array<ArrayBuffer>;
  readonly lineFunction: Uint32Array<ArrayBuffer>;
  readonly lineNumber: Uint32Array<ArrayBuffer>;
  readonly functionName: Uint32Array<ArrayBuffer>;
  readonly functionFile: Uint32Array<ArrayBuffer>;
}

/** The tables of a StringTable, which says what is in them. */
export interface StringArrays {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
}

/** How far the tables are filled. */
export interface FilledTables {
  readonly samples: SampleCounts;
  readonly locations: { locationCount: number; functionCount: number; lines: number };
  readonly locationSlots: { size: number };
  readonly functionSlots: { size: number };
  readonly strings: { count: number };
}

/** The values of one sample type, and their sum where it was made on the way. */
export interface SampleNumbers {
  readonly values: Float64Array;
  readonly sum?: number;
}

/** What of a SampleTable changes from sample to sample. */
export interface SampleCounts {
  count: number;
  fileCount: number;
  readonly valuesPerSample: number;
}

const code = new CompiledCode<Exports>(readFieldsCode);

/** Below this, making the code ready takes as long as it saves. */
const fewestBytes = 256 * 1024;
/** Above this, the memory might not be had. */
const mostBytes = 256 * 1024 * 1024;
/** Input that is held at once. */
const inputBytes = 128 * 1024;
/** As in profiles of memory; most others have two. */
const usualValues = 4;
/** Slots of locations and of functions that there is room for: more do not fit into 16 bits. */
const slots = 1 << 16;
/** Function calls of all locations, inlined ones included. */
const lines = 4 * slots;

/**
 * The reading of fields in read-fields.as, with tables of a fixed size for a profile of about `expectedBytes`
 * (docs/decisions/0027-compiled-samples.md). Undefined where it cannot be had, or is not worth it.
 */
export function compiledFields(expectedBytes: number): CompiledFields | undefined {
  if (expectedBytes < fewestBytes || expectedBytes > mostBytes) return undefined;
  return code.instance((exports) => new CompiledFields(exports, expectedBytes));
}

export class CompiledFields {
  /** Slots by id, for IdSlots. */
  readonly locationSlots: Uint32Array<ArrayBuffer>;
  readonly functionSlots: Uint32Array<ArrayBuffer>;
  readonly samples: SampleArrays;
  readonly locations: LocationArrays;
  readonly strings: StringArrays;
  readonly #exports: Exports;
  readonly #input: Uint8Array<ArrayBuffer>;
  /** Room for the values of `usualValues` sample types as numbers, one type after the other. */
  readonly #numbers: Float64Array<ArrayBuffer>;
  /** Of these, by sample type. */
  readonly #sums: Float64Array<ArrayBuffer>;
  #left = false;

  constructor(exports: Exports, expectedBytes: number) {
    this.#exports = exports;
    // A location takes one or two bytes of the file, a sample of a large profile more than a hundred.
    const locations = Math.min(Math.ceil(expectedBytes / 2), limits.stackLocations);
    const samples = Math.ceil(expectedBytes / 64);
    const values = samples * usualValues;
    const buckets = 2 ** Math.ceil(Math.log2(2 * samples));
    const stringBytes = Math.min(expectedBytes, limits.stringBytes);
    const strings = Math.min(Math.ceil(expectedBytes / 8), limits.strings);
    let end = exports.freeFrom.value;
    /** Where an array of `length` elements goes. */
    function place(length: number, elementBytes: number): number {
      const at = Math.ceil(end / 8) * 8;
      end = at + length * elementBytes;
      return at;
    }
    const at = {
      input: place(inputBytes, 1),
      locationSlots: place(directIds, 4),
      functionSlots: place(directIds, 4),
      magnitude: place(limits.sampleTypes, 8),
      sums: place(usualValues, 8),
      starts: place(samples + 1, 4),
      hashes: place(samples, 4),
      low: place(values, 4),
      high: place(values, 4),
      numbers: place(values, 8),
      buckets: place(buckets, 4),
      locations: place(locations, 2),
      firstLine: place(slots, 4),
      lineCount: place(slots, 4),
      mappingOf: place(slots, 4),
      lineFunction: place(lines, 4),
      lineNumber: place(lines, 4),
      functionName: place(slots, 4),
      functionFile: place(slots, 4),
      stringStarts: place(strings + 1, 4),
      stringBytes: place(stringBytes, 1),
    };
    growTo(exports.memory, end);
    exports.layOutIds(at.locationSlots, at.functionSlots, directIds);
    exports.layOutStacks(at.locations, locations, at.buckets, buckets);
    exports.layOutSamples(at.starts, at.hashes, samples);
    exports.layOutValues(at.low, at.high, values, at.magnitude);
    exports.layOutNumbers(at.numbers, 8 * samples, usualValues, at.sums);
    exports.layOutLocations(at.firstLine, at.lineCount, at.mappingOf);
    exports.layOutLines(at.lineFunction, at.lineNumber, lines);
    exports.layOutFunctions(at.functionName, at.functionFile);
    exports.layOutStrings(at.stringBytes, stringBytes, at.stringStarts, strings);
    const { buffer } = exports.memory;
    this.#input = new Uint8Array(buffer, at.input, inputBytes);
    this.#numbers = new Float64Array(buffer, at.numbers, values);
    this.#sums = new Float64Array(buffer, at.sums, usualValues);
    this.locationSlots = new Uint32Array(buffer, at.locationSlots, directIds);
    this.functionSlots = new Uint32Array(buffer, at.functionSlots, directIds);
    this.samples = {
      locations: new Uint16Array(buffer, at.locations, locations),
      starts: new Uint32Array(buffer, at.starts, samples + 1),
      hashes: new Uint32Array(buffer, at.hashes, samples),
      low: new Uint32Array(buffer, at.low, values),
      high: new Int32Array(buffer, at.high, values),
      buckets: new Int32Array(buffer, at.buckets, buckets),
      magnitude: new Float64Array(buffer, at.magnitude, limits.sampleTypes),
    };
    this.locations = {
      firstLine: new Uint32Array(buffer, at.firstLine, slots),
      lineCount: new Uint32Array(buffer, at.lineCount, slots),
      mappingOf: new Uint32Array(buffer, at.mappingOf, slots),
      lineFunction: new Uint32Array(buffer, at.lineFunction, lines),
      lineNumber: new Uint32Array(buffer, at.lineNumber, lines),
      functionName: new Uint32Array(buffer, at.functionName, slots),
      functionFile: new Uint32Array(buffer, at.functionFile, slots),
    };
    this.strings = {
      bytes: new Uint8Array(buffer, at.stringBytes, stringBytes),
      starts: new Uint32Array(buffer, at.stringStarts, strings + 1),
    };
  }

  /** A table stands elsewhere from now on: all that follows is read in JavaScript. */
  leave(): void {
    this.#left = true;
  }

  /** Copies at most `inputBytes` of input to where they can be read, until the next ones come. */
  hold(bytes: Uint8Array): Uint8Array {
    this.#input.set(bytes);
    return this.#input.subarray(0, bytes.length);
  }

  /** Reads fields of the bytes held, from `at` on. Returns where the first one begins that is left to the tables themselves. */
  read(at: number, end: number, tables: FilledTables): number {
    if (this.#left) return at;
    const { samples, locations, locationSlots, functionSlots, strings } = tables;
    const exports = this.#exports;
    exports.sampleCount.value = samples.count;
    exports.fileSampleCount.value = samples.fileCount;
    exports.locationCount.value = locations.locationCount;
    exports.functionCount.value = locations.functionCount;
    exports.allLines.value = locations.lines;
    exports.stringCount.value = strings.count;
    exports.locationSlots.value = locationSlots.size;
    exports.functionSlots.value = functionSlots.size;
    const { byteOffset } = this.#input;
    const stop = exports.readFields(byteOffset + at, byteOffset + end, samples.valuesPerSample);
    samples.count = exports.sampleCount.value;
    samples.fileCount = exports.fileSampleCount.value;
    locations.locationCount = exports.locationCount.value;
    locations.functionCount = exports.functionCount.value;
    locations.lines = exports.allLines.value;
    strings.count = exports.stringCount.value;
    locationSlots.size = exports.locationSlots.value;
    functionSlots.size = exports.functionSlots.value;
    return stop - byteOffset;
  }

  /** See `SampleTable.numbers`: of the first sample types, as far as there is room for them. */
  numbers(types: number, { count, valuesPerSample }: SampleCounts): SampleNumbers[] {
    if (this.#left) return [];
    const written = Math.min(types, usualValues);
    const room = this.#numbers.length / usualValues;
    this.#exports.sampleCount.value = count;
    this.#exports.writeValues(written, valuesPerSample);
    return Array.from(this.#sums.subarray(0, written), (sum, type) => ({
      values: this.#numbers.subarray(type * room, type * room + count),
      sum,
    }));
  }
}
