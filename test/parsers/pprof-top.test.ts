import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import type { Profile } from "../../src/domain/profiles/profile.ts";
import { functionTotals, profileTotal } from "../../src/domain/profiles/profile-totals.ts";
import { pprofParser } from "../../src/parsers/pprof/parse-profile.ts";
import { hasGo } from "../live/lab.ts";
import { feed, whole } from "./feed.ts";
import { type Field, functionOf, location, message, packed, strings, valueType } from "./profile-message.ts";

/** What `go tool pprof -top` says: function -> "flat cum". */
interface Top {
  readonly functions: ReadonlyMap<string, string>;
  readonly total: string;
}

const workload = join(import.meta.dirname, "fixtures/pprof-workload");
const captures = join(import.meta.dirname, "../../lab/captures");

/** The tool itself: through the go command each of many calls would take seconds. */
function pprofCommand(): string[] {
  const warmUp = spawnSync("go", ["tool", "pprof", "-help"], { encoding: "utf8" });
  const path = spawnSync("go", ["tool", "-n", "pprof"], { encoding: "utf8" }).stdout.trim();
  return warmUp.status === 0 && existsSync(path) ? [path] : ["go", "tool", "pprof"];
}
const [pprof = "go", ...pprofArguments] = hasGo ? pprofCommand() : [];

/** Units in which `go tool pprof` prints every digit. */
const exactUnit: Readonly<Record<string, string>> = { bytes: "B", nanoseconds: "ns" };

const batch = `tab=$(printf '\\t')
while IFS=$tab read -r file commands; do
  printf '\\001%s\\n' "$file"
  printf '%b' "$commands" | "$0" "$@" "$file" 2>&1
done`;

/**
 * What the tool says of each profile, all sample types in one run of it. One shell starts all the runs: for a Node
 * process of this size starting a program takes longer than the program does.
 */
async function goTops(files: readonly string[], profiles: readonly Profile[]): Promise<Top[][]> {
  const options = ["-symbolize=none", "-nodefraction=0", "-nodecount=0"];
  const child = spawn("sh", ["-c", batch, pprof, ...pprofArguments, ...options], {
    env: { ...process.env, PPROF_TMPDIR: tmpdir() },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(files.map((file, at) => `${file}\t${questions(profiles[at])}\n`).join(""));
  const answers = (await text(child.stdout)).split("\u0001").slice(1);
  expect(answers.length).toBe(files.length);
  return answers.map((answer, at) => {
    const reports = answer.split(/^.*Showing nodes accounting for /m).slice(1);
    if (reports.length !== profiles[at]?.sampleTypes.length) throw new Error(answer);
    return reports.map(topOfReport);
  });
}

/** For `printf '%b'`. */
function questions(profile: Profile | undefined): string {
  const types = profile?.sampleTypes ?? [];
  return types
    .map(({ type, unit }) => `sample_index=${type}\\nunit=${exactUnit[unit] ?? "count"}\\ntop\\n`)
    .join("");
}

function topOfReport(report: string): Top {
  const functions = new Map<string, string>();
  for (const line of report.split("\n")) {
    const row =
      /^ *(-?[\d.]+)[A-Za-z]* +\S+% +\S+% +(-?[\d.]+)[A-Za-z]* +\S+% {2}(.+?)(?: \((?:partial-)?inline\))?$/.exec(
        line,
      );
    if (row !== null) functions.set(row[3] ?? "", `${row[1]} ${row[2]}`);
  }
  return { functions, total: / of (-?[\d.]+)\S* total$/m.exec(report)?.[1] ?? "" };
}

function ourTop(profile: Profile, index: number): Top {
  const rows = functionTotals(profile, index).map(
    ({ function: name, flat, cum }) => [name, `${digits(flat)} ${digits(cum)}`] as const,
  );
  return { functions: new Map(rows), total: digits(profileTotal(profile, index)) };
}

function digits(value: number): string {
  return BigInt(value).toString();
}

/** As much as makes the compiled reading of samples worth it: what `gofire analyze` reads large profiles with. */
const expectedBytes = 256 * 1024;

function read(file: string): Profile {
  const bytes = readFileSync(file);
  return whole(
    feed(pprofParser(file, { expectedBytes }), bytes[0] === 0x1f ? gunzipSync(bytes) : bytes, 4096),
  );
}

/** Compares every function of every sample type. Returns how many rows of each file were compared. */
async function compare(...files: readonly string[]): Promise<number[]> {
  const profiles = files.map(read);
  const tops = await goTops(files, profiles);
  return profiles.map((profile, at) => rowsAlike(files[at] ?? "", profile, tops[at] ?? []));
}

function rowsAlike(file: string, profile: Profile, tops: readonly Top[]): number {
  let rows = 0;
  for (const [index, theirs] of tops.entries()) {
    const ours = ourTop(profile, index);
    expect(Object.fromEntries(ours.functions), `${file}, sample type ${index}`).toEqual(
      Object.fromEntries(theirs.functions),
    );
    // Of a difference the Go tool prints the sum of absolute values.
    if (profile.values[index]?.every((value) => value >= 0) === true) expect(ours.total).toBe(theirs.total);
    rows += ours.functions.size;
  }
  return rows;
}

describe.skipIf(!hasGo)("flat and cum agree with go tool pprof -top to the digit", () => {
  const folder = mkdtempSync(join(tmpdir(), "gofire-pprof-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("where sums leave 53 bits, ids are addresses, and stacks recurse through inlined frames", async () => {
    const file = join(folder, "awkward");
    writeFileSync(file, message(awkward));
    expect(await compare(file)).toEqual([7]);
  });

  it("on every kind of profile, differences over time included", { timeout: 300_000 }, async () => {
    const program = join(folder, "workload");
    const build = spawnSync("go", ["build", "-o", program, "."], { cwd: workload, encoding: "utf8" });
    expect(build.stderr).toBe("");
    const run = spawnSync(program, [folder], { encoding: "utf8", timeout: 60_000 });
    expect(run.stderr).toBe("");
    const files = readdirSync(folder).filter((name) => name.endsWith(".pb.gz"));
    expect(files.toSorted()).toEqual([
      "allocs.pb.gz",
      "block.pb.gz",
      "cpu.pb.gz",
      "goroutine-delta.pb.gz",
      "goroutine.pb.gz",
      "heap-delta.pb.gz",
      "heap.pb.gz",
      "mutex.pb.gz",
      "threadcreate.pb.gz",
    ]);
    const rows = await compare(...files.map((name) => join(folder, name)));
    for (const [at, count] of rows.entries()) expect(count, files[at]).toBeGreaterThan(0);
  });

  const recorded = recordedProfiles();
  it.skipIf(recorded.length === 0)("on every recorded profile of the lab", { timeout: 900_000 }, async () => {
    const rows = await compare(...recorded);
    expect(rows.length).toBe(recorded.length);
    expect(rows.reduce((sum, count) => sum + count)).toBeGreaterThan(recorded.length);
  });
});

const address = 0xffff_ffff_8100_0000n;
/** A profile with what Go's own profiles rarely have. Two sample types, four functions each. */
const awkward: readonly Field[] = [
  [1, valueType(1, 2)],
  [1, valueType(3, 4)],
  [
    2,
    [
      [2, packed(7, 2n ** 53n + 1n)],
      [1, packed(address, 2, address)],
    ],
  ],
  [
    2,
    [
      [2, packed(-2, 2n ** 61n + 3n)],
      [1, 2],
      [
        3,
        [
          [1, 1],
          [2, 5],
        ],
      ],
    ],
  ],
  [
    2,
    [
      [2, 1],
      [2, 2n ** 53n + 2n],
      [1, address],
      [1, 3],
    ],
  ],
  [
    2,
    [
      [2, packed(0, 11)],
      [1, packed(4, 3, 4, 2)],
    ],
  ],
  [2, [[2, packed(5, 5)]]],
  [
    3,
    [
      [1, 1],
      [2, 4096],
      [3, 8192],
      [5, 9],
    ],
  ],
  [4, location(address, [1, 41], [2, 12], [1, 43])],
  [4, location(2, [2, 12])],
  [4, location(3, [0x7fff_0000_0000n, 7])],
  [
    4,
    [
      [1, 4],
      [2, 1],
      [3, 5000],
    ],
  ],
  [5, functionOf(1, 5, 8)],
  [5, functionOf(2, 6, 8)],
  [5, functionOf(0x7fff_0000_0000n, 7, 8)],
  ...strings(
    "",
    "contentions",
    "count",
    "delay",
    "nanoseconds",
    "shop/cart.Add",
    "main.main",
    "shop/cart.Map[int]",
  ),
  ...strings("cart.go", "/usr/lib/libc.so.6"),
];

function recordedProfiles(): string[] {
  if (!existsSync(captures)) return [];
  return readdirSync(captures, { recursive: true, encoding: "utf8" })
    .filter((name) => basename(name).endsWith(".pb.gz"))
    .map((name) => join(captures, name));
}
