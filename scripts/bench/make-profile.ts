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
import { ProfileWriter } from "./profile-writer.ts";
import { Program } from "./program.ts";
import { type Random, seeded } from "./random.ts";

export const profileShapes = ["heap60k", "heap250k", "labels100k"] as const;
export type ProfileShape = (typeof profileShapes)[number];

/** The decompressed profile. */
export function profileBytes(shape: ProfileShape, seed = 1): Buffer {
  const random = seeded(seed);
  if (shape === "labels100k") return labelledGoroutines(random, 100_000, 168);
  return shape === "heap60k" ? heap(random, 61_538, 77) : heap(random, 250_000, 88);
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
