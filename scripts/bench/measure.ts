import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** One whole process, from fork to exit. */
export interface Run {
  readonly wallSeconds: number;
  /** Peak resident set in MiB; undefined where /proc is missing. */
  readonly peakMiB: number | undefined;
  /** It was ended before it was done: it takes longer than `wallSeconds`. */
  readonly isCut: boolean;
}

export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Fewer rounds for what takes minutes; an odd number of them has a middle. */
  readonly rounds?: number;
  /** Ended then: what is to be shown is shown by how long it has taken so far. Default: never. */
  readonly mostSeconds?: number;
  /** Exit codes that mean it worked; gofire tells findings by 1. Default: 0 only. */
  readonly goodCodes?: readonly number[];
}

/** Peak memory is read this often while a process runs; it only ever grows, so the last reading is the peak. */
const peakIntervalMs = 4;

/**
 * Node 20 reads and parses these certificates before it runs anything (node.js doc/api/cli.md, NODE_EXTRA_CA_CERTS; 80 ms for
 * Debian's bundle of 140), so where a machine sets it `node -e 0` takes three times as long. Nothing here needs them.
 */
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;

/** Runs a command once and reads away what it prints. Throws when it fails: a failed run measures nothing. */
export function runOnce({ name, command, cwd, mostSeconds, goodCodes = [0] }: Contender): Promise<Run> {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const [program, ...args] = command;
    const child = spawn(program, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    // A pipe, not /dev/null: GNU grep stops at the first match when nobody can see its output.
    child.stdout?.resume();
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      if (errors.length < 2_000) errors += chunk.toString();
    });
    let isCut = false;
    const end =
      mostSeconds === undefined
        ? undefined
        : setTimeout(() => {
            isCut = true;
            child.kill("SIGKILL");
          }, mostSeconds * 1_000);
    let peakMiB: number | undefined;
    const timer = setInterval(() => {
      peakMiB = peakOf(child.pid) ?? peakMiB;
    }, peakIntervalMs);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearInterval(timer);
      clearTimeout(end);
      const wallSeconds = Number(process.hrtime.bigint() - started) / 1e9;
      if (isCut || goodCodes.includes(code ?? -1)) resolve({ wallSeconds, peakMiB, isCut });
      else reject(new Error(`${name} ended with ${code}: ${errors.trim()}`));
    });
  });
}

/** VmHWM of /proc/PID/status (proc(5)). */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined; // gone already, or no /proc
  }
}

/** Linux counts processor time in hundredths of a second for whoever asks (proc(5), sysconf(_SC_CLK_TCK)). */
const ticksPerSecond = 100;

/** Processor time of all threads of a running process until now, as /proc/PID/stat (proc(5)) has it; NaN without /proc. */
export function processorSeconds(pid: number | undefined): number {
  try {
    // The name, second, is in parentheses and may hold anything; utime and stime are the 14th and 15th.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return Number.NaN;
  }
}

export interface Result {
  readonly name: string;
  /** Medians. */
  readonly wallSeconds: number;
  readonly peakMiB: number | undefined;
  /** Wall time of the first contender in the same rounds, as a share of this one's: the median of the shares. */
  readonly firstToThis: number;
  /** It takes longer than `wallSeconds`, so `firstToThis` is less. */
  readonly isCut: boolean;
  readonly rounds: number;
}

/**
 * Runs the contenders in turns, so that a slow moment of the machine hits all of them, and takes medians. Shares are of runs
 * that followed one another: a machine that gets slower from round to round does not change them.
 */
export async function race(contenders: readonly Contender[], rounds: number): Promise<Result[]> {
  const runs = new Map<string, Run[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      if (round < (contender.rounds ?? rounds)) runs.get(contender.name)?.push(await runOnce(contender));
    }
  }
  const [first = []] = runs.values();
  return [...runs].map(([name, list]) => ({
    name,
    wallSeconds: median(list.map((run) => run.wallSeconds)) ?? Number.NaN,
    firstToThis:
      median(list.map((run, round) => (first[round]?.wallSeconds ?? Number.NaN) / run.wallSeconds)) ??
      Number.NaN,
    peakMiB: median(list.flatMap((run) => run.peakMiB ?? [])),
    isCut: list.some((run) => run.isCut),
    rounds: list.length,
  }));
}

export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
