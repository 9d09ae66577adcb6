/**
 * Makes large pprof profiles as Go would write them, as the same bytes for the same options.
 *
 *   npx tsx scripts/bench/make-profile.ts OUT.pb.gz --shape heap60k|heap250k|labels100k [--seed 1]
 *
 * - `heap60k`: 61,538 samples, 77 locations deep on average, about 11 MB decompressed.
 * - `heap250k`: 250,000 samples, 88 deep, about 50 MB decompressed.
 * - `labels100k`: 100,000 goroutines at 168 stacks with a label of its own each, about 6 MB decompressed.
 *
 * Fields stand in the order of Go's writer (Go source: runtime/pprof/proto.go): locations and functions before the
 * first sample that names them, values before locations, lists of one or two unpacked, strings last, gzip level 1.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { constants, gzipSync } from "node:zlib";

export const profileShapes = ["heap60k", "heap250k", "labels100k"] as const;
export type ProfileShape = (typeof profileShapes)[number];

/** The decompressed profile. */
export function profileBytes(shape: ProfileShape, seed = 1): Buffer {
  const random = randomFrom(seed);
  if (shape === "labels100k") return labelledGoroutines(random, 100_000, 168);
  return shape === "heap60k" ? heap(random, 61_538, 77) : heap(random, 250_000, 88);
}

type Random = () => number;

/** Mulberry32 by Tommy Ettinger (public domain): small, and good enough for shapes. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function heap(random: Random, samples: number, depth: number): Buffer {
  const profile = new ProfileWriter();
  profile.valueType(11, "space", "bytes");
  profile.number(12, 524_288);
  for (const [type, unit] of [
    ["alloc_objects", "count"],
    ["alloc_space", "bytes"],
    ["inuse_objects", "count"],
    ["inuse_space", "bytes"],
  ] as const) {
    profile.valueType(1, type, unit);
  }
  const program = new Program(random);
  for (let i = 0; i < samples; i++) {
    const stack = program.stack(Math.round(depth * (0.8 + 0.4 * random())));
    const bytes = 16 * 2 ** Math.floor(random() * 10);
    const objects = Math.ceil(524_288 / bytes) * Math.ceil(random() * 4);
    const live = random() < 0.4 ? objects : 0;
    profile.sample([objects, objects * bytes, live, live * bytes], stack, [{ key: "bytes", value: bytes }]);
  }
  return profile.end();
}

function labelledGoroutines(random: Random, goroutines: number, stacks: number): Buffer {
  const profile = new ProfileWriter();
  profile.valueType(11, "goroutine", "count");
  profile.number(12, 1);
  profile.valueType(1, "goroutine", "count");
  const program = new Program(random);
  const known = Array.from({ length: stacks }, () => program.stack(8 + Math.floor(random() * 16)));
  for (let i = 0; i < goroutines; i++) {
    // Most stand at few places, as in a leak.
    const stack = known[Math.floor(random() ** 4 * stacks)] ?? [];
    const id = `req-${Math.floor(random() * 2 ** 32).toString(16)}-${i}`;
    profile.sample([1], stack, [{ key: "request_id", value: id }]);
  }
  return profile.end();
}

interface SourceFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A program counter: the functions inlined there, innermost first. */
interface Call {
  readonly lines: readonly { readonly function: SourceFunction; readonly line: number }[];
}

const packages = [
  "github.com/northwind-commerce/storefront-backend/v2/internal/checkout",
  "github.com/northwind-commerce/storefront-backend/v2/internal/catalog/search",
  "github.com/northwind-commerce/platform-libraries/observability/tracing",
  "gitlab.northwind.internal/payments/settlement-engine/pkg/ledger",
  "github.com/northwind-commerce/inventory-replication/pkg/queue",
  "google.golang.org/grpc/internal/transport",
  "github.com/jackc/pgx/v5/pgxpool",
  "net/http",
  "encoding/json",
] as const;
const types = ["Reconciler", "SessionStore", "Dispatcher", "PriceResolver", "Follower", "BatchWriter"];
const verbs = ["Process", "await", "Fetch", "flush", "Subscribe", "run", "encode", "merge", "apply"];
const nouns = ["Window", "Acknowledgement", "Batch", "Segment", "Order", "Rows", "Frame", "Snapshot"];

const functionCount = 1500;
const callsPerFunction = 4;

/**
 * A service of 1,500 functions that call each other at four places each. One place in five has inlined frames, one in
 * ten calls through an interface and so enters many functions.
 */
class Program {
  readonly #random: Random;
  readonly #calls: readonly Call[];
  /** Which functions a call enters. */
  readonly #callees: readonly (readonly number[])[];

  constructor(random: Random) {
    this.#random = random;
    const functions = Array.from({ length: functionCount }, (_, i) => sourceFunction(i));
    const places = Array.from({ length: functionCount * callsPerFunction }, (_, place) => place);
    this.#callees = places.map(() =>
      Array.from({ length: random() < 0.1 ? 50 : 1 }, () => Math.floor(random() * functionCount)),
    );
    this.#calls = places.map((place) => {
      const inlined = random() < 0.2 ? 1 + Math.floor(random() * 2) : 0;
      const lines = Array.from({ length: inlined + 1 }, (_, level) => {
        const outermost = level === inlined;
        const id = outermost ? Math.floor(place / callsPerFunction) : Math.floor(random() * functionCount);
        const called = functions[id] ?? sourceFunction(id);
        return { function: called, line: called.line + Math.floor(random() * 40) };
      });
      return { lines };
    });
  }

  /** A walk through the calls of the program, innermost first. */
  stack(depth: number): Call[] {
    const calls: Call[] = [];
    let caller = Math.floor(this.#random() * 12);
    while (calls.length < depth) {
      const place = caller * callsPerFunction + Math.floor(this.#random() * callsPerFunction);
      const call = this.#calls[place];
      if (call === undefined) break;
      calls.push(call);
      const callees = this.#callees[place] ?? [];
      caller = callees[Math.floor(this.#random() * callees.length)] ?? 0;
    }
    return calls.toReversed();
  }
}

function sourceFunction(i: number): SourceFunction {
  const path = packages[i % packages.length] ?? "main";
  const type = types[Math.floor(i / packages.length) % types.length] ?? "";
  const method = `${verbs[i % verbs.length]}${nouns[Math.floor(i / 7) % nouns.length]}${i}`;
  const base = path.slice(path.lastIndexOf("/") + 1);
  return {
    name: `${path}.(*${type}).${method}`,
    file: `/home/builder/src/${path}/${base}_${i % 37}.go`,
    line: 10 + (i % 50) * 12,
  };
}

/** Writes protobuf into a buffer that grows. */
class MessageWriter {
  #bytes = Buffer.alloc(64 * 1024);
  length = 0;

  varint(value: number): void {
    this.#room(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length++] = rest;
  }

  number(field: number, value: number): void {
    this.varint(field * 8);
    this.varint(value);
  }

  /** As Go does: three and more in one packed field. */
  numbers(field: number, values: readonly number[], scratch: MessageWriter): void {
    if (values.length <= 2) for (const value of values) this.number(field, value);
    else {
      scratch.length = 0;
      for (const value of values) scratch.varint(value);
      this.message(field, scratch);
    }
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.varint(field * 8 + 2);
    this.varint(length);
    this.#room(length);
    this.length += this.#bytes.write(text, this.length);
  }

  message(field: number, inner: MessageWriter): void {
    this.varint(field * 8 + 2);
    this.varint(inner.length);
    this.#room(inner.length);
    inner.#bytes.copy(this.#bytes, this.length, 0, inner.length);
    this.length += inner.length;
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #room(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const grown = Buffer.alloc((this.length + more) * 2);
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

interface Label {
  readonly key: string;
  readonly value: string | number;
}

class ProfileWriter {
  readonly #out = new MessageWriter();
  readonly #message = new MessageWriter();
  readonly #inner = new MessageWriter();
  readonly #strings = new Map<string, number>([["", 0]]);
  readonly #functions = new Map<SourceFunction, number>();
  readonly #locations = new Map<Call, number>();

  valueType(field: number, type: string, unit: string): void {
    this.#message.length = 0;
    this.#message.number(1, this.#string(type));
    this.#message.number(2, this.#string(unit));
    this.#out.message(field, this.#message);
  }

  number(field: number, value: number): void {
    this.#out.number(field, value);
  }

  sample(values: readonly number[], stack: readonly Call[], labels: readonly Label[]): void {
    const locations = stack.map((call) => this.#location(call));
    this.#message.length = 0;
    this.#message.numbers(2, values, this.#inner);
    this.#message.numbers(1, locations, this.#inner);
    for (const { key, value } of labels) {
      this.#inner.length = 0;
      this.#inner.number(1, this.#string(key));
      if (typeof value === "string") this.#inner.number(2, this.#string(value));
      else this.#inner.number(3, value);
      this.#message.message(3, this.#inner);
    }
    this.#out.message(2, this.#message);
  }

  end(): Buffer {
    this.#message.length = 0;
    this.#message.number(1, 1);
    this.#message.number(2, 0x40_0000);
    this.#message.number(3, 0x200_0000);
    this.#message.number(5, this.#string("/usr/local/bin/storefront"));
    this.#message.number(6, this.#string("0f4c1d2e3b5a69788796a5b4c3d2e1f001122334"));
    this.#message.number(7, 1);
    this.#out.message(3, this.#message);
    for (const text of this.#strings.keys()) this.#out.text(6, text);
    return this.#out.written();
  }

  #string(text: string): number {
    let index = this.#strings.get(text);
    if (index === undefined) {
      index = this.#strings.size;
      this.#strings.set(text, index);
    }
    return index;
  }

  #location(call: Call): number {
    const known = this.#locations.get(call);
    if (known !== undefined) return known;
    const functions = call.lines.map((line) => this.#function(line.function));
    const id = this.#locations.size + 1;
    this.#locations.set(call, id);
    this.#message.length = 0;
    this.#message.number(1, id);
    this.#message.number(2, 1);
    this.#message.number(3, 0x48_0000 + id * 37);
    for (const [i, { line }] of call.lines.entries()) {
      this.#inner.length = 0;
      this.#inner.number(1, functions[i] ?? 0);
      this.#inner.number(2, line);
      this.#message.message(4, this.#inner);
    }
    this.#out.message(4, this.#message);
    return id;
  }

  #function(source: SourceFunction): number {
    const known = this.#functions.get(source);
    if (known !== undefined) return known;
    const id = this.#functions.size + 1;
    this.#functions.set(source, id);
    this.#message.length = 0;
    this.#message.number(1, id);
    this.#message.number(2, this.#string(source.name));
    this.#message.number(3, this.#string(source.name));
    this.#message.number(4, this.#string(source.file));
    this.#message.number(5, source.line);
    this.#out.message(5, this.#message);
    return id;
  }
}

function shapeOf(word: string | undefined): ProfileShape {
  const shape = profileShapes.find((known) => known === word);
  if (shape === undefined) throw new Error(`--shape must be one of ${profileShapes.join(", ")}`);
  return shape;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { shape: { type: "string" }, seed: { type: "string", default: "1" } },
  });
  const [out] = positionals;
  if (out === undefined) throw new Error("usage: make-profile.ts OUT.pb.gz --shape NAME [--seed N]");
  const bytes = profileBytes(shapeOf(values.shape), Number(values.seed));
  writeFileSync(out, gzipSync(bytes, { level: constants.Z_BEST_SPEED }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
