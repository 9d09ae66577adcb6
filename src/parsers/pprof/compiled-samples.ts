import { CompiledCode, type CompiledMemory, growTo } from "../compiled-code.ts";
import { directIds } from "./id-slots.ts";
import { limits } from "./limits.ts";
import { readSamplesCode } from "./read-samples-code.ts";

/** What read-samples.as exports. */
interface Exports {
  readonly memory: CompiledMemory;
  readonly freeFrom: { readonly value: number };
  readonly count: { value: number };
  readonly fileCount: { value: number };
  layOutIds(direct: number, ids: number): void;
  layOutStacks(locations: number, room: number, buckets: number, count: number): void;
  layOutSamples(starts: number, hashes: number, room: number): void;
  layOutValues(low: number, high: number, room: number, magnitude: number): void;
  readSamples(from: number, to: number, valuesPerSample: number): number;
  writeValues(type: number, valuesPerSample: number, to: number): void;
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

const code = new CompiledCode<Exports>(readSamplesCode);

/** Below this, making the code ready takes as long as it saves. */
const fewestBytes = 256 * 1024;
/** Above this, the memory might not be had. */
const mostBytes = 256 * 1024 * 1024;
/** Input that is held at once. */
const inputBytes = 128 * 1024;
/** As in profiles of memory; most others have two. */
const usualValues = 4;

/**
 * The reading of samples in read-samples.as, with tables of a fixed size for a profile of about `expectedBytes`
 * (docs/decisions/0027-compiled-samples.md). Undefined where it cannot be had, or is not worth it.
 */
export function compiledSamples(expectedBytes: number): CompiledSamples | undefined {
  if (expectedBytes < fewestBytes || expectedBytes > mostBytes) return undefined;
  return code.instance((exports) => new CompiledSamples(exports, expectedBytes));
}

export class CompiledSamples {
  /** Slots by id, for IdSlots. */
  readonly direct: Uint32Array<ArrayBuffer>;
  readonly arrays: SampleArrays;
  readonly inputBytes = inputBytes;
  readonly #exports: Exports;
  readonly #input: Uint8Array<ArrayBuffer>;
  /** Room for the values of `usualValues` sample types as numbers, one type after the other. */
  readonly #numbers: Float64Array<ArrayBuffer>;

  constructor(exports: Exports, expectedBytes: number) {
    this.#exports = exports;
    // A location takes one or two bytes of the file, a sample of a large profile more than a hundred.
    const locations = Math.min(Math.ceil(expectedBytes / 2), limits.stackLocations);
    const samples = Math.ceil(expectedBytes / 64);
    const values = samples * usualValues;
    const buckets = 2 ** Math.ceil(Math.log2(2 * samples));
    let end = exports.freeFrom.value;
    /** Where an array of `length` elements goes. */
    function place(length: number, elementBytes: number): number {
      const at = Math.ceil(end / 8) * 8;
      end = at + length * elementBytes;
      return at;
    }
    const at = {
      input: place(inputBytes, 1),
      direct: place(directIds, 4),
      magnitude: place(limits.sampleTypes, 8),
      starts: place(samples + 1, 4),
      hashes: place(samples, 4),
      low: place(values, 4),
      high: place(values, 4),
      numbers: place(values, 8),
      buckets: place(buckets, 4),
      locations: place(locations, 2),
    };
    growTo(exports.memory, end);
    exports.layOutIds(at.direct, directIds);
    exports.layOutStacks(at.locations, locations, at.buckets, buckets);
    exports.layOutSamples(at.starts, at.hashes, samples);
    exports.layOutValues(at.low, at.high, values, at.magnitude);
    const { buffer } = exports.memory;
    this.#input = new Uint8Array(buffer, at.input, inputBytes);
    this.#numbers = new Float64Array(buffer, at.numbers, values);
    this.direct = new Uint32Array(buffer, at.direct, directIds);
    this.arrays = {
      locations: new Uint16Array(buffer, at.locations, locations),
      starts: new Uint32Array(buffer, at.starts, samples + 1),
      hashes: new Uint32Array(buffer, at.hashes, samples),
      low: new Uint32Array(buffer, at.low, values),
      high: new Int32Array(buffer, at.high, values),
      buckets: new Int32Array(buffer, at.buckets, buckets),
      magnitude: new Float64Array(buffer, at.magnitude, limits.sampleTypes),
    };
  }

  /** Copies at most `inputBytes` of input to where they can be read, until the next ones come. */
  hold(bytes: Uint8Array): Uint8Array {
    this.#input.set(bytes);
    return this.#input.subarray(0, bytes.length);
  }

  /** Reads samples of the bytes held, from `at` on. Returns where the first field begins that is left to SampleTable. */
  read(at: number, end: number, table: SampleCounts): number {
    const { count, fileCount } = this.#exports;
    const { byteOffset } = this.#input;
    count.value = table.count;
    fileCount.value = table.fileCount;
    const stop = this.#exports.readSamples(byteOffset + at, byteOffset + end, table.valuesPerSample);
    table.count = count.value;
    table.fileCount = fileCount.value;
    return stop - byteOffset;
  }

  /** See `SampleTable.values`. Undefined when there is no room for them. */
  values(type: number, { count, valuesPerSample }: SampleCounts): Float64Array | undefined {
    if (type >= usualValues) return undefined;
    const first = type * (this.#numbers.length / usualValues);
    const values = this.#numbers.subarray(first, first + count);
    this.#exports.count.value = count;
    this.#exports.writeValues(type, valuesPerSample, values.byteOffset);
    return values;
  }
}

/** What of a SampleTable changes from sample to sample. */
export interface SampleCounts {
  count: number;
  fileCount: number;
  readonly valuesPerSample: number;
}
