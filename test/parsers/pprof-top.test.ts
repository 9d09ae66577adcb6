import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import type { Profile } from "../../src/domain/profile.ts";
import { functionTotals, profileTotal } from "../../src/domain/profile-totals.ts";
import { pprofParser } from "../../src/parsers/pprof/parse-profile.ts";
import { feed, whole } from "./feed.ts";

/** What `go tool pprof -top` says: function -> "flat cum". */
interface Top {
  readonly functions: ReadonlyMap<string, string>;
  readonly total: string;
}

const workload = join(import.meta.dirname, "fixtures/pprof-workload");
const captures = join(import.meta.dirname, "../../lab/captures");
const hasGo = spawnSync("go", ["version"]).status === 0;

/** The tool itself: through the go command each of many calls would take seconds. */
function pprofCommand(): string[] {
  const warmUp = spawnSync("go", ["tool", "pprof", "-version"], { encoding: "utf8" });
  const path = spawnSync("go", ["tool", "-n", "pprof"], { encoding: "utf8" }).stdout.trim();
  return warmUp.status === 0 && existsSync(path) ? [path] : ["go", "tool", "pprof"];
}
const [pprof = "go", ...pprofArguments] = hasGo ? pprofCommand() : [];

/** Units in which `go tool pprof` prints every digit. */
const exactUnit: Readonly<Record<string, string>> = { bytes: "B", nanoseconds: "ns" };

function goTop(file: string, { type, unit }: Profile["sampleTypes"][number]): Top {
  const exact = exactUnit[unit] ?? "count";
  const options = ["-symbolize=none", "-top", "-nodefraction=0", "-nodecount=0"];
  const { stdout, stderr, status } = spawnSync(
    pprof,
    [...pprofArguments, ...options, `-sample_index=${type}`, `-unit=${exact}`, file],
    { encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, PPROF_TMPDIR: tmpdir() } },
  );
  if (status !== 0) throw new Error(stderr);
  const functions = new Map<string, string>();
  let total = "0";
  for (const line of stdout.split("\n")) {
    total = / of (-?[\d.]+)\S* total$/.exec(line)?.[1] ?? total;
    const row =
      /^ *(-?[\d.]+)[A-Za-z]* +\S+% +\S+% +(-?[\d.]+)[A-Za-z]* +\S+% {2}(.+?)(?: \((?:partial-)?inline\))?$/.exec(
        line,
      );
    if (row !== null) functions.set(row[3] ?? "", `${row[1]} ${row[2]}`);
  }
  return { functions, total };
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
  return whole(feed(pprofParser(file), gunzipSync(readFileSync(file)), 4096));
}

/** Compares every function of every sample type. Returns how many rows were compared. */
function compare(file: string): number {
  const profile = read(file);
  let rows = 0;
  for (const [index, sampleType] of profile.sampleTypes.entries()) {
    const theirs = goTop(file, sampleType);
    const ours = ourTop(profile, index);
    expect(Object.fromEntries(ours.functions), `${file} ${sampleType.type}`).toEqual(
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

  it("on every kind of profile, differences over time included", { timeout: 300_000 }, () => {
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
    const rows = files.map((name) => compare(join(folder, name)));
    expect(Math.min(...rows)).toBeGreaterThan(0);
  });

  const recorded = recordedProfiles();
  it.skipIf(recorded.length === 0)("on every recorded profile of the lab", { timeout: 1_800_000 }, () => {
    let rows = 0;
    for (const file of recorded) rows += compare(file);
    expect(rows).toBeGreaterThan(recorded.length);
  });
});

function recordedProfiles(): string[] {
  if (!existsSync(captures)) return [];
  return readdirSync(captures, { recursive: true, encoding: "utf8" })
    .filter((name) => basename(name).endsWith(".pb.gz"))
    .map((name) => join(captures, name));
}
