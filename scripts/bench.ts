/**
 * `npm run bench`: how fast gofire is, as ratios between whole processes that ran in turns on this machine.
 *
 *   npm run bench                 against grep, wc, gzip and node itself
 *   npm run bench -- --peers      also against gostackparse, panicparse, go tool pprof and pprof-format (needs Go)
 *   npm run bench -- --only a,b   only these inputs: dump100k, dump1m, dump64mib, heap60k, heap250k, labels100k, start
 *   npm run bench -- --write      docs/reference/bench.md, too
 *
 * Needs about 2 GB in the system's temporary folder; makes its inputs there and removes them.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { writeDump } from "./bench/make-dump.ts";
import { type ProfileShape, profileBytes } from "./bench/make-profile.ts";
import { type Contender, race } from "./bench/measure.ts";
import { buildPeers, type Peers } from "./bench/peers.ts";
import { type Goal, report, type Section } from "./bench/report.ts";
import { warmRuns } from "./bench/stall.ts";
import { onlyThese, scriptOptions } from "./options.ts";

const measures = {
  start: measureStart,
  dump100k: () => measureDump("dump100k", 100_000, 2_670),
  dump1m: () => measureDump("dump1m", 1_000_000, 1_640),
  dump64mib: measureTruncated,
  heap60k: () => measureProfile("heap60k"),
  heap250k: () => measureProfile("heap250k"),
  labels100k: () => measureProfile("labels100k"),
};
const values = scriptOptions({
  peers: { type: "boolean", default: false },
  only: { type: "string" },
  rounds: { type: "string", default: "5" },
  write: { type: "boolean", default: false },
});
const isWanted = onlyThese(values.only, Object.keys(measures));
const rounds = Number(values.rounds);
const [loadAtStart = 0] = loadavg();
const folder = mkdtempSync(join(tmpdir(), "gofire-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));

execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
const peers = values.peers ? buildPeers(join(folder, "peers")) : undefined;
const sections: Section[] = [];
const nodeAlone: Contender = { name: "node -e 0", command: [process.execPath, "-e", "0"] };

for (const [name, measure] of Object.entries(measures)) {
  if (!isWanted(name)) continue;
  process.stderr.write(`${name}…\n`);
  sections.push(await measure());
}
const page = report(sections, peers !== undefined, loadAtStart);
process.stdout.write(page);
if (values.write) writeFileSync("docs/reference/bench.md", page);

function gofire(...words: string[]): Contender {
  return { name: "gofire", command: [process.execPath, "dist/cli.js", ...words], goodCodes: [0, 1, 3] };
}

async function measureStart(): Promise<Section> {
  const results = await race([gofire("--version"), nodeAlone], rounds * 4);
  return { title: "gofire --version", results, goals: [{ than: "node -e 0", wall: 1.6 }], facts: [] };
}

async function measureDump(name: string, goroutines: number, bytesEach: number): Promise<Section> {
  const file = join(folder, `${name}.txt`);
  writeDump(file, { goroutines, bytesEach });
  const large = goroutines > 500_000;
  const contenders: Contender[] = [
    gofire("analyze", file, "--format", "json"),
    { name: "grep -c", command: ["grep", "-c", "^goroutine ", file] },
    { name: "wc -l", command: ["wc", "-l", file] },
    nodeAlone,
    ...(peers === undefined ? [] : dumpPeers(peers, file, large)),
  ];
  const results = await race(contenders, large ? Math.min(3, rounds) : rounds);
  const goals: Goal[] = large
    ? [{ than: "gostackparse", wall: 1 / 8 }, { peakMiB: 100 }]
    : [
        { than: "gostackparse", wall: 1 / 4 },
        { than: "panicparse", wall: 1 / 50 },
        { than: "grep -c", wall: 4 },
        { peakMiB: 90 },
      ];
  const facts = [`input ${mib(file)} MiB`, accountFor(file, goroutines)];
  if (!large) facts.push(await warmFact(file));
  rmSync(file);
  return {
    title: `goroutine dump of ${goroutines.toLocaleString("en-US")} (debug=2)`,
    results,
    goals,
    facts,
  };
}

function dumpPeers({ gostackparse, panicparse }: Peers, file: string, large: boolean): Contender[] {
  const first: Contender = { name: "gostackparse", command: [gostackparse, file], rounds: large ? 1 : 5 };
  if (large) return [first];
  const flags = ["-aggressive", "-parse=false", "-rebase=false"];
  return [
    first,
    {
      name: "panicparse",
      command: [panicparse, ...flags, file],
      rounds: 1,
      mostSeconds: 90,
      goodCodes: [0, 1],
    },
  ];
}

async function measureTruncated(): Promise<Section> {
  const file = join(folder, "dump64mib.txt");
  writeDump(file, { goroutines: 40_000, bytesEach: 2_670 });
  truncateSync(file, 64 * 1024 * 1024);
  const results = await race(
    [
      gofire("analyze", file, "--format", "json"),
      { name: "grep -c", command: ["grep", "-c", "^goroutine ", file] },
      nodeAlone,
    ],
    rounds,
  );
  const headers = Number(execFileSync("grep", ["-c", "^goroutine ", file], { encoding: "utf8" }));
  const facts = [accountFor(file, headers)];
  rmSync(file);
  // No goal: most of it is the start of node and code that runs for the first time.
  return { title: "goroutine dump cut at 64 MiB", results, goals: [], facts };
}

async function measureProfile(shape: ProfileShape): Promise<Section> {
  const file = join(folder, `${shape}.pb.gz`);
  const bytes = profileBytes(shape);
  writeFileSync(file, gzipSync(bytes, { level: constants.Z_BEST_SPEED }));
  const contenders: Contender[] = [
    gofire("analyze", file, "--format", "json"),
    { name: "gzip -dc", command: ["sh", "-c", `exec gzip -dc ${file} > /dev/null`] },
    nodeAlone,
    ...(peers === undefined ? [] : profilePeers(peers, file, shape)),
  ];
  const results = await race(contenders, rounds);
  const goals: Readonly<Record<ProfileShape, readonly Goal[]>> = {
    heap60k: [
      { than: "go tool pprof", wall: 1 / 25 },
      { than: "pprof-format", wall: 1 / 4 },
    ],
    heap250k: [{ than: "gzip -dc", wall: 2 }],
    labels100k: [{ than: "go tool pprof", wall: 1 / 20, peak: 1 / 8 }],
  };
  const facts = [`${(bytes.length / 2 ** 20).toFixed(1)} MiB decompressed`, await warmFact(file)];
  rmSync(file);
  return { title: `pprof ${shape}`, results, goals: goals[shape], facts };
}

function profilePeers({ pprof, pprofFormat }: Peers, file: string, shape: ProfileShape): Contender[] {
  const pprofRounds: Readonly<Record<ProfileShape, number>> = { heap60k: 5, heap250k: 1, labels100k: 3 };
  return [
    { name: "go tool pprof", command: [pprof, "-top", file], rounds: pprofRounds[shape] },
    { name: "pprof-format", command: [process.execPath, pprofFormat, file], rounds: 3 },
  ];
}

/** Every goroutine of the input must be in exactly one group. */
function accountFor(file: string, expected: number): string {
  const text = outputOf(["dist/cli.js", "analyze", file, "--format", "json"]);
  const { groups } = JSON.parse(text) as { groups: { count: number }[] };
  const counted = groups.reduce((sum, group) => sum + group.count, 0);
  if (counted !== expected) throw new Error(`${file}: ${counted} of ${expected} goroutines accounted for`);
  return `all ${expected.toLocaleString("en-US")} goroutines accounted for, in ${groups.length} groups`;
}

/** Findings make gofire end with 1, which is no failure here. */
function outputOf(args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [...args], { encoding: "utf8", maxBuffer: 2 ** 30 });
  } catch (error) {
    if (error instanceof Error && "stdout" in error && typeof error.stdout === "string") return error.stdout;
    throw error;
  }
}

async function warmFact(file: string): Promise<string> {
  const { seconds, stallMs, worstStallMs } = await warmRuns(file);
  const verdict = stallMs <= 20 ? "" : " (**missed**; goal: at most 20 ms)";
  const stall = `longest event-loop stall ${stallMs.toFixed(1)} ms${verdict}, ${worstStallMs.toFixed(1)} ms in the worst run`;
  return `warm, in process, five runs: ${(seconds * 1_000).toFixed(0)} ms, ${stall}`;
}

function mib(file: string): string {
  return (statSync(file).size / 2 ** 20).toFixed(0);
}
