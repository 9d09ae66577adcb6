import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import type { Profile } from "../../src/domain/profile.ts";
import { functionTotals, profileTotal } from "../../src/domain/profile-totals.ts";
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
  const warmUp = spawnSync("go", ["tool", "pprof", "-version"], { encoding: "utf8" });
  const path = spawnSync("go", ["tool", "-n", "pprof"], { encoding: "utf8" }).stdout.trim();
  return warmUp.status === 0 && existsSync(path) ? [path] : ["go", "tool", "pprof"];
}
const [pprof = "go", ...pprofArguments] = hasGo ? pprofCommand() : [];

/** Units in which `go tool pprof` prints every digit. */
const exactUnit: Readonly<Record<string, string>> = { bytes: "B", nanoseconds: "ns" };

/** Asks for all sample types in one run: starting the tool costs most of the time. */
async function goTops(file: string, sampleTypes: Profile["sampleTypes"]): Promise<Top[]> {
  const commands = sampleTypes.map(
    ({ type, unit }) => `sample_index=${type}\nunit=${exactUnit[unit] ?? "count"}\ntop\n`,
  );
  const options = ["-symbolize=none", "-nodefraction=0", "-nodecount=0"];
  const child = spawn(pprof, [...pprofArguments, ...options, file], {
    env: { ...process.env, PPROF_TMPDIR: tmpdir() },
  });
  child.stdin.end(commands.join(""));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const reports = stdout.split(/^.*Showing nodes accounting for /m).slice(1);
  if (reports.length !== sampleTypes.length) throw new Error(`${file}: ${stdout}${stderr}`);
  return reports.map(topOfReport);
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

function read(file: string): Profile {
  const bytes = readFileSync(file);
  return whole(feed(pprofParser(file), bytes[0] === 0x1f ? gunzipSync(bytes) : bytes, 4096));
}

/** Compares every function of every sample type. Returns how many rows were compared. */
async function compare(file: string): Promise<number> {
  const profile = read(file);
  let rows = 0;
  for (const [index, theirs] of (await goTops(file, profile.sampleTypes)).entries()) {
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

/** Two at a time. Returns how many rows were compared. */
async function compareAll(files: readonly string[]): Promise<number> {
  const waiting = [...files];
  let rows = 0;
  async function worker(): Promise<void> {
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) rows += await compare(file);
  }
  await Promise.all([worker(), worker()]);
  return rows;
}

describe.skipIf(!hasGo)("flat and cum agree with go tool pprof -top to the digit", () => {
  const folder = mkdtempSync(join(tmpdir(), "gofire-pprof-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("where sums leave 53 bits, ids are addresses, and stacks recurse through inlined frames", async () => {
    const file = join(folder, "awkward");
    writeFileSync(file, message(awkward));
    expect(await compare(file)).toBe(7);
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
    for (const name of files) expect(await compare(join(folder, name))).toBeGreaterThan(0);
  });

  const recorded = recordedProfiles();
  it.skipIf(recorded.length === 0)("on every recorded profile of the lab", { timeout: 900_000 }, async () => {
    expect(await compareAll(recorded)).toBeGreaterThan(recorded.length);
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
