import type {
  ByteParser,
  ParseError,
  ParseErrorCode,
  ParseResult,
} from "../../domain/evidence/parse-result.ts";
import type { Profile, ValueType } from "../../domain/profiles/profile.ts";
import { type CompiledFields, compiledFields, type FilledTables } from "./compiled-fields.ts";
import { type FieldReader, FieldSplitter } from "./field-splitter.ts";
import { IdSlots } from "./id-slots.ts";
import { limits } from "./limits.ts";
import { LocationTable } from "./location-table.ts";
import { SampleTable } from "./sample-table.ts";
import { StringTable } from "./string-table.ts";
import { BadField, WireReader } from "./wire.ts";

export interface PprofOptions {
  /** How many bytes will be pushed, when known: saves copying while a large profile grows. Only a hint. */
  readonly expectedBytes?: number;
  /** Whether the compiled reading of fields may be used, where there is one. Default true. */
  readonly compiled?: boolean;
}

/** Tags of the message Profile (github.com/google/pprof proto/profile.proto), as far as they are read. */
const tag = {
  sampleType: 0x0a,
  sample: 0x12,
  mapping: 0x1a,
  location: 0x22,
  function: 0x2a,
  stringTable: 0x32,
  timeNanos: 0x48,
  durationNanos: 0x50,
  periodType: 0x5a,
  period: 0x60,
  defaultSampleType: 0x70,
} as const;

/** Tags of the message ValueType. */
const typeTag = 0x08;
const unitTag = 0x10;

/** A ValueType before its strings are known. */
interface UnnamedType {
  readonly type: number;
  readonly unit: number;
}

/**
 * Reads a pprof profile (uncompressed protobuf) as it arrives, in one pass. Memory grows with distinct stacks and
 * names, not with the input: samples that differ in labels only are added up, labels are passed over.
 *
 * A broken field is left out and reported as damage. When the file breaks off, what came before is kept as long as
 * its names are known: Go writes the string table last, so a profile cut before it tells nothing and is an error.
 * Unlike `go tool pprof`, `drop_frames` and `keep_frames` are not applied; Go never writes them
 * (Go source: runtime/pprof/proto.go, build).
 */
export function pprofParser(artifact: string, options: PprofOptions = {}): ByteParser<Profile> {
  const { expectedBytes = 0, compiled = true } = options;
  const reading = new ProfileReading(artifact, compiled ? compiledFields(expectedBytes) : undefined);
  reading.samples.expect(expectedBytes);
  const splitter = new FieldSplitter(reading);
  return {
    push(chunk) {
      splitter.push(chunk);
    },
    end() {
      return reading.finish(splitter);
    },
  };
}

class ProfileReading implements FieldReader {
  readonly samples: SampleTable;
  readonly #artifact: string;
  readonly #compiled: CompiledFields | undefined;
  readonly #locations: LocationTable;
  readonly #strings: StringTable;
  readonly #tables: FilledTables;
  readonly #reader = new WireReader();
  readonly #sampleTypes: UnnamedType[] = [];
  #periodType: UnnamedType | undefined;
  #period = 0;
  #timeMs = 0;
  #durationMs = 0;
  #defaultSampleType = 0;
  #rewritten = false;

  constructor(artifact: string, compiled: CompiledFields | undefined) {
    this.#artifact = artifact;
    this.#compiled = compiled;
    const locationSlots = new IdSlots("locations", limits.locations, compiled?.locationSlots);
    const functionSlots = new IdSlots("functions", limits.functions, compiled?.functionSlots);
    const samples = new SampleTable(locationSlots, compiled);
    const locations = new LocationTable(locationSlots, functionSlots, compiled);
    const strings = new StringTable(compiled);
    this.samples = samples;
    this.#locations = locations;
    this.#strings = strings;
    this.#tables = { samples, locations, locationSlots, functionSlots, strings };
  }

  hold(bytes: Uint8Array): Uint8Array {
    // Buffers and what is carried over must be of one class: the reading functions are compiled for one.
    return this.#compiled?.hold(bytes) ?? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  readHeld(bytes: Uint8Array, at: number): number {
    return this.#compiled?.read(at, bytes.length, this.#tables) ?? at;
  }

  /** Reads one field of the Profile message; `at..end` is its value. Unknown fields are passed over. */
  readField(field: number, bytes: Uint8Array, at: number, end: number): void {
    if (field === tag.stringTable) {
      this.#strings.add(bytes, at, end);
      return;
    }
    if (field > tag.stringTable && this.#strings.count > 0) this.#rewritten = true;
    const reader = this.#reader;
    reader.open(bytes, at, end);
    switch (field) {
      case tag.sample:
        this.samples.read(reader);
        break;
      case tag.location:
        this.#locations.readLocation(reader);
        break;
      case tag.function:
        this.#locations.readFunction(reader);
        break;
      case tag.mapping:
        this.#locations.readMapping(reader);
        break;
      case tag.sampleType:
        if (this.#sampleTypes.length >= limits.sampleTypes) {
          throw new BadField("too-large", `more than ${limits.sampleTypes} sample types`, at);
        }
        this.#sampleTypes.push(readType(reader));
        break;
      case tag.periodType:
        this.#periodType = readType(reader);
        break;
      case tag.period:
        this.#period = reader.readSigned();
        break;
      case tag.timeNanos:
        this.#timeMs = reader.readSigned() / 1e6;
        break;
      case tag.durationNanos:
        this.#durationMs = reader.readSigned() / 1e6;
        break;
      case tag.defaultSampleType:
        this.#defaultSampleType = reader.readNumber();
        break;
    }
  }

  finish(splitter: FieldSplitter): ParseResult<Profile> {
    const broken = splitter.finish();
    if (splitter.offset === 0) return failure("empty", "there are no bytes", 0);
    if (broken !== undefined && (broken.code !== "damaged" || this.#strings.count === 0)) {
      return this.#withoutNames(splitter, broken);
    }
    if (this.#sampleTypes.length === 0) {
      return splitter.firstBadField === undefined
        ? failure("not-this-format", "no sample type is declared, so this is no profile", 0)
        : { ok: false, error: { ...splitter.firstBadField, code: "not-this-format" } };
    }
    if (this.#strings.count === 0) {
      return failure("damaged", "the string table is missing, so no name is known", splitter.offset);
    }
    const { samples } = this;
    if (samples.count > 0 && samples.valuesPerSample !== this.#sampleTypes.length) {
      const message = `samples have ${samples.valuesPerSample} values for ${this.#sampleTypes.length} sample types`;
      return failure("damaged", message, splitter.offset);
    }
    return this.#profile(splitter, broken ?? splitter.firstBadField);
  }

  /** The reading stopped at a bound, or where no name was known yet. */
  #withoutNames(splitter: FieldSplitter, broken: ParseError): ParseResult<Profile> {
    if (broken.code === "too-large") return { ok: false, error: broken };
    // Nothing but a profile begins with two whole fields of one.
    const looksLikeProfile = this.#sampleTypes.length > 0 || this.samples.count > 0;
    if (!looksLikeProfile) return { ok: false, error: { ...broken, code: "not-this-format" } };
    const message = `${broken.message}, before the string table, so no name is known`;
    return failure("damaged", message, splitter.offset);
  }

  #profile(splitter: FieldSplitter, broken: ParseError | undefined): ParseResult<Profile> {
    const { samples } = this;
    const { missing, ...located } = this.#locations.frames(this.#strings);
    if (framesOfAllStacks(samples, located.locationStart) > limits.stackFrames) {
      return failure("too-large", `more than ${limits.stackFrames} frames in all stacks`, splitter.offset);
    }
    const sampleTypes = this.#sampleTypes.map((type) => this.#named(type));
    const defaultSampleType = this.#strings.text(this.#defaultSampleType) ?? "";
    const declared = sampleTypes.findIndex((type) => type.type === defaultSampleType);
    const binary = this.#locations.binary(this.#strings);
    const numbers = samples.numbers(this.#sampleTypes.length);
    const value: Profile = {
      artifact: this.#artifact,
      sampleTypes,
      // As google/pprof profile.SampleIndexByName("") decides.
      defaultSampleIndex: declared === -1 ? sampleTypes.length - 1 : declared,
      ...(defaultSampleType === "" ? {} : { defaultSampleType }),
      ...(this.#periodType === undefined ? {} : { periodType: this.#named(this.#periodType) }),
      period: this.#period,
      ...(this.#timeMs === 0 ? {} : { timeMs: this.#timeMs }),
      ...(this.#durationMs === 0 ? {} : { durationMs: this.#durationMs }),
      ...located,
      sampleCount: samples.count,
      fileSampleCount: samples.fileCount,
      sampleStart: samples.starts.subarray(0, samples.count + 1),
      sampleLocations: samples.locations.subarray(0, samples.starts[samples.count]),
      values: numbers.map(({ values }) => values),
      sums: numbers.map(({ sum }) => sum),
      exactValues: this.#sampleTypes.map((_, index) => samples.exactValues(index)),
      ...(this.#rewritten ? { rewritten: true as const } : {}),
      ...(binary === undefined ? {} : { binary }),
    };
    // A field that is left out names string 0 (proto/profile.proto: "string_table[0] must always be \"\"").
    const misnamed = this.#strings.text(0) !== "";
    const damage =
      broken ??
      (misnamed ? damaged("the first string is not empty, so what has no name shows it", 0) : undefined) ??
      (missing === undefined
        ? undefined
        : damaged(`${missing} are referred to, but not in the file`, splitter.offset));
    return { ok: true, value, ...(damage === undefined ? {} : { damage }) };
  }

  #named({ type, unit }: UnnamedType): ValueType {
    return { type: this.#strings.text(type) ?? "", unit: this.#strings.text(unit) ?? "" };
  }
}

/** How many frames all stacks have, inlined ones expanded; stops counting beyond the bound. */
function framesOfAllStacks(samples: SampleTable, locationStart: Uint32Array): number {
  let widest = 0;
  for (let location = 1; location < locationStart.length; location++) {
    widest = Math.max(widest, (locationStart[location] ?? 0) - (locationStart[location - 1] ?? 0));
  }
  const locations = samples.starts[samples.count] ?? 0;
  if (locations * widest <= limits.stackFrames) return locations * widest;
  let frames = 0;
  for (let i = 0; i < locations && frames <= limits.stackFrames; i++) {
    const location = samples.locations[i] ?? 0;
    frames += (locationStart[location + 1] ?? 0) - (locationStart[location] ?? 0);
  }
  return frames;
}

function failure(code: ParseErrorCode, message: string, offset: number): ParseResult<Profile> {
  return { ok: false, error: { code, message, at: { unit: "offset", value: offset } } };
}

function damaged(message: string, offset: number): ParseError {
  return { code: "damaged", message, at: { unit: "offset", value: offset } };
}

function readType(reader: WireReader): UnnamedType {
  let type = 0;
  let unit = 0;
  while (reader.next()) {
    if (reader.tag === typeTag) type = reader.readNumber();
    else if (reader.tag === unitTag) unit = reader.readNumber();
    else reader.skip();
  }
  return { type, unit };
}
