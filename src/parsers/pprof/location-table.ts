import type { Frame } from "../../domain/code/frame.ts";
import { counted } from "../../domain/units.ts";
import type { CompiledFields } from "./compiled-fields.ts";
import { grownUint32 } from "./growable.ts";
import type { IdSlots } from "./id-slots.ts";
import { limits } from "./limits.ts";
import type { StringTable } from "./string-table.ts";
import { BadField, type WireReader } from "./wire.ts";

/** Tags of the messages Location, Line, Function and Mapping, as far as they are read. */
const locationTag = { id: 0x08, mapping: 0x10, line: 0x22 } as const;
const lineTag = { function: 0x08, line: 0x10 } as const;
const functionTag = { id: 0x08, name: 0x10, file: 0x20 } as const;
const mappingTag = { id: 0x08, file: 0x28, buildId: 0x30 } as const;

/** What pprof prints for a location of which nothing is known (google/pprof internal/graph, NameComponents). */
const unknownName = "<unknown>";

/** Frames of a profile, and which of them each location stands for. */
export interface LocationFrames {
  readonly frames: Frame[];
  readonly locationStart: Uint32Array;
  readonly locationFrames: Uint32Array;
  /** What was referred to and is not in the file: words for the reader, or undefined. */
  readonly missing?: string;
}

/** Locations, functions and mappings of a profile, by the slots of their ids. */
export class LocationTable {
  /** Lines of all locations. */
  lines = 0;
  locationCount = 0;
  functionCount = 0;

  readonly #locationSlots: IdSlots;
  readonly #functionSlots: IdSlots;
  readonly #compiled: CompiledFields | undefined;
  /** By location slot: first line + 1 (0: not defined), how many, and the mapping's id. */
  #firstLine: Uint32Array<ArrayBuffer>;
  #lineCount: Uint32Array<ArrayBuffer>;
  #mappingOf: Uint32Array<ArrayBuffer>;
  /** In file order. */
  #lineFunction: Uint32Array<ArrayBuffer>;
  #lineNumber: Uint32Array<ArrayBuffer>;
  /** By function slot: name's string index + 1 (0: not defined), and file's string index. */
  #functionName: Uint32Array<ArrayBuffer>;
  #functionFile: Uint32Array<ArrayBuffer>;
  readonly #mappingFile = new Map<number, { readonly file: number; readonly buildId: number }>();

  /** With `compiled`, the tables stand where that can read and write them, until one of them has to grow. */
  constructor(locationSlots: IdSlots, functionSlots: IdSlots, compiled?: CompiledFields) {
    this.#locationSlots = locationSlots;
    this.#functionSlots = functionSlots;
    this.#compiled = compiled;
    const arrays = compiled?.locations;
    this.#firstLine = arrays?.firstLine ?? new Uint32Array(4096);
    this.#lineCount = arrays?.lineCount ?? new Uint32Array(4096);
    this.#mappingOf = arrays?.mappingOf ?? new Uint32Array(4096);
    this.#lineFunction = arrays?.lineFunction ?? new Uint32Array(8192);
    this.#lineNumber = arrays?.lineNumber ?? new Uint32Array(8192);
    this.#functionName = arrays?.functionName ?? new Uint32Array(4096);
    this.#functionFile = arrays?.functionFile ?? new Uint32Array(4096);
  }

  /** Reads the Location message that `reader` is open on. A second definition of an id replaces the first. */
  readLocation(reader: WireReader): void {
    const { at, end } = reader;
    const first = this.lines;
    let slot = 0;
    let mapping = 0;
    while (reader.next()) {
      switch (reader.tag) {
        case locationTag.line: {
          const stop = reader.readLength();
          reader.end = stop;
          this.#readLine(reader);
          reader.end = end;
          break;
        }
        case locationTag.id:
          slot = readSlot(reader, this.#locationSlots);
          break;
        case locationTag.mapping:
          mapping = reader.readNumber();
          break;
        default:
          reader.skip();
      }
    }
    if (slot === 0) {
      this.lines = first;
      throw new BadField("damaged", "a location has no id", at);
    }
    if (++this.locationCount > limits.locations) {
      throw new BadField("too-large", `more than ${limits.locations} locations`, at);
    }
    if (slot >= this.#firstLine.length) {
      this.#compiled?.leave();
      this.#firstLine = grownUint32(this.#firstLine, slot + 1);
      this.#lineCount = grownUint32(this.#lineCount, slot + 1);
      this.#mappingOf = grownUint32(this.#mappingOf, slot + 1);
    }
    this.#firstLine[slot] = first + 1;
    this.#lineCount[slot] = this.lines - first;
    this.#mappingOf[slot] = mapping;
  }

  #readLine(reader: WireReader): void {
    let functionSlot = 0;
    let line = 0;
    while (reader.next()) {
      if (reader.tag === lineTag.function) functionSlot = readSlot(reader, this.#functionSlots);
      else if (reader.tag === lineTag.line) line = reader.readNumber();
      else reader.skip();
    }
    const at = this.lines;
    if (at >= limits.lines) {
      throw new BadField("too-large", `more than ${limits.lines} lines in all locations`, reader.at);
    }
    if (at >= this.#lineFunction.length) {
      this.#compiled?.leave();
      this.#lineFunction = grownUint32(this.#lineFunction, at + 1);
      this.#lineNumber = grownUint32(this.#lineNumber, at + 1);
    }
    this.#lineFunction[at] = functionSlot;
    // What is no line number, negative ones included, is unknown.
    this.#lineNumber[at] = line <= 0xffff_ffff ? line : 0;
    this.lines = at + 1;
  }

  /** Reads the Function message that `reader` is open on. */
  readFunction(reader: WireReader): void {
    const { at } = reader;
    let slot = 0;
    let name = 0;
    let file = 0;
    while (reader.next()) {
      if (reader.tag === functionTag.id) slot = readSlot(reader, this.#functionSlots);
      else if (reader.tag === functionTag.name) name = stringIndex(reader);
      else if (reader.tag === functionTag.file) file = stringIndex(reader);
      else reader.skip();
    }
    if (slot === 0) throw new BadField("damaged", "a function has no id", at);
    if (++this.functionCount > limits.functions) {
      throw new BadField("too-large", `more than ${limits.functions} functions`, at);
    }
    if (slot >= this.#functionName.length) {
      this.#compiled?.leave();
      this.#functionName = grownUint32(this.#functionName, slot + 1);
      this.#functionFile = grownUint32(this.#functionFile, slot + 1);
    }
    this.#functionName[slot] = name + 1;
    this.#functionFile[slot] = file;
  }

  /** Reads the Mapping message that `reader` is open on: which file of the process a location lies in. */
  readMapping(reader: WireReader): void {
    let id = 0;
    let file = 0;
    let buildId = 0;
    while (reader.next()) {
      if (reader.tag === mappingTag.id) id = reader.readNumber();
      else if (reader.tag === mappingTag.file) file = stringIndex(reader);
      else if (reader.tag === mappingTag.buildId) buildId = stringIndex(reader);
      else reader.skip();
    }
    if (this.#mappingFile.size < limits.locations) this.#mappingFile.set(id, { file, buildId });
  }

  /** The first mapping is the main binary (proto/profile.proto). */
  binary(strings: StringTable): { readonly file: string; readonly buildId: string } | undefined {
    const [main] = this.#mappingFile.values();
    const file = main === undefined ? "" : (strings.text(main.file) ?? "");
    if (main === undefined || file === "") return undefined;
    return { file, buildId: strings.text(main.buildId) ?? "" };
  }

  /** Resolves names, when everything has been read. Locations that are named and not defined get an unknown frame. */
  frames(strings: StringTable): LocationFrames {
    const frames = new FrameList();
    const { size } = this.#locationSlots;
    const locationStart = new Uint32Array(size + 1);
    const locationFrames = new Uint32Array(this.lines + size);
    let undefinedLocations = 0;
    let unknownNames = 0;
    let write = 0;
    // There is no slot 0.
    for (let slot = 1; slot < size; slot++) {
      locationStart[slot] = write;
      const first = (this.#firstLine[slot] ?? 0) - 1;
      const count = this.#lineCount[slot] ?? 0;
      if (first === -1) undefinedLocations++;
      if (count === 0) {
        locationFrames[write++] = frames.unnamed(this.#mappingName(slot, strings));
        continue;
      }
      for (let line = first; line < first + count; line++) {
        const functionSlot = this.#lineFunction[line] ?? 0;
        const name = (this.#functionName[functionSlot] ?? 0) - 1;
        const text = name === -1 ? undefined : strings.text(name);
        if (text === undefined) unknownNames++;
        const file = strings.text(this.#functionFile[functionSlot] ?? 0) ?? "";
        const known =
          text === undefined ? unknownName : text === "" ? this.#mappingName(slot, strings) : text;
        locationFrames[write++] = frames.named(functionSlot, known, file, this.#lineNumber[line] ?? 0);
      }
    }
    locationStart[size] = write;
    const missing = [
      ...(undefinedLocations > 0 ? [counted(undefinedLocations, "location")] : []),
      ...(unknownNames > 0 ? [`the names of ${counted(unknownNames, "frame")}`] : []),
    ].join(" and ");
    return {
      frames: frames.list,
      locationStart,
      locationFrames: locationFrames.subarray(0, write),
      ...(missing === "" ? {} : { missing }),
    };
  }

  /** "[libc.so.6]" as `go tool pprof` names a location that has no function. */
  #mappingName(slot: number, strings: StringTable): string {
    const mapping = this.#mappingFile.get(this.#mappingOf[slot] ?? 0);
    const file = mapping === undefined ? "" : (strings.text(mapping.file) ?? "");
    return file === "" ? unknownName : `[${file.slice(file.lastIndexOf("/") + 1)}]`;
  }
}

/** Makes each (function, line) one frame object. */
class FrameList {
  readonly list: Frame[] = [];
  readonly #byFunctionAndLine = new Map<number, number>();
  readonly #byName = new Map<string, number>();

  named(functionSlot: number, name: string, file: string, line: number): number {
    const key = functionSlot * 0x1_0000_0000 + line;
    let frame = this.#byFunctionAndLine.get(key);
    if (frame === undefined) {
      frame = this.list.push({ function: name, file, line }) - 1;
      this.#byFunctionAndLine.set(key, frame);
    }
    return frame;
  }

  unnamed(name: string): number {
    let frame = this.#byName.get(name);
    if (frame === undefined) {
      frame = this.list.push({ function: name, file: "", line: 0 }) - 1;
      this.#byName.set(name, frame);
    }
    return frame;
  }
}

/** A string index; one that cannot be held in 32 bits names nothing. */
function stringIndex(reader: WireReader): number {
  const index = reader.readNumber();
  return index < 0xffff_ffff ? index : 0xffff_fffe;
}

function readSlot(reader: WireReader, slots: IdSlots): number {
  reader.readVarint();
  return slots.slotOf(reader.low, reader.high);
}
