import type { CaptureKind, OptionalKind } from "../domain/evidence/capture.ts";
import type { ProfileQuestion } from "../ports/go-target.ts";
import type { AnswerLimits } from "../ports/web-access.ts";
import type { CaptureRequest } from "./request.ts";

/** What a step asks the target for. */
type Question =
  | { readonly of: "profile"; readonly profile: ProfileQuestion }
  | { readonly of: "metrics" }
  | { readonly of: "expvar" };

export interface CaptureStep {
  readonly kind: CaptureKind;
  /** File name in the bundle. */
  readonly file: string;
  readonly question: Question;
  readonly limits: AnswerLimits;
  /** Text is compressed by the store; profiles come compressed. */
  readonly encoding: "gzip" | "as-is";
  /** How long the target takes by design (a profile over a window); 0 for a snapshot. */
  readonly expectedMs: number;
  /** Not before this many milliseconds have passed since the first goroutine profile. */
  readonly afterFirstGoroutinesMs?: number;
  /**
   * Asked before and after a window of so many seconds in which the target records more than it does by itself; the second
   * time into this file.
   */
  readonly window?: { readonly seconds: number; readonly secondFile: string };
  /** Needless when such a window was taken. */
  readonly unlessWindow?: true;
}

interface LeftOut {
  readonly kind: CaptureKind;
  readonly reason: string;
}

export interface CapturePlan {
  readonly steps: readonly CaptureStep[];
  /** What was asked for, or is usual, and will not be taken. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Deadlines allow several times what a process of a million goroutines needs for the capture (goroutine profile of
 * 1,000,000 goroutines: about 12 s on two cores, docs/decisions/0006-what-a-goroutine-dump-costs.md).
 */
const snapshotDeadlineMs = 30_000;
/** Added to the window of a CPU profile or trace for encoding and sending it. */
const windowSlackMs = 20_000;
/** A dump of a million goroutines was seen to take 142 s (same record); the caller's deadline usually ends it before. */
const dumpDeadlineMs = 180_000;
const metricsDeadlineMs = 10_000;

const mebibyte = 1 << 20;
/** A compressed profile of 100,000 goroutines with a unique label each has about 5 MiB. */
const largestProfileBytes = 256 * mebibyte;
const largestTextBytes = 64 * mebibyte;
/** Above the 64 MiB at which the runtime itself cuts a dump (Go source: runtime/pprof/pprof.go, writeGoroutineStacks). */
const largestDumpBytes = 128 * mebibyte;

/**
 * What to ask, in an order that gets the cheap and telling evidence first and can be cut off anywhere:
 * goroutines before everything else, profiles that stop the world or burn CPU last.
 *
 * `profiles` are the names on the index page; undefined when there is no page to read them from. `lendsRates`: the target
 * can be asked to record waits for a while.
 */
export function planCapture(
  request: CaptureRequest,
  profiles: ReadonlySet<string> | undefined,
  lendsRates: boolean,
): CapturePlan {
  const steps: CaptureStep[] = [];
  const leftOut: LeftOut[] = [];
  const most = request.maxBytes ?? Number.POSITIVE_INFINITY;

  function leaveOut(kind: CaptureKind, reason: string): void {
    if (!leftOut.some((earlier) => earlier.kind === kind)) leftOut.push({ kind, reason });
  }
  function add(step: CaptureStep, profile?: string): void {
    const resting = request.resting?.[step.kind];
    if (resting !== undefined) leaveOut(step.kind, resting);
    else if (request.exclude.includes(step.kind)) {
      leaveOut(step.kind, "left out by the request");
    } else if (profile !== undefined && profiles !== undefined && !profiles.has(profile)) {
      leaveOut(step.kind, `the target's index lists no ${profile} profile`);
    } else {
      steps.push({ ...step, limits: { ...step.limits, maxBytes: Math.min(step.limits.maxBytes, most) } });
    }
  }
  function asked(kind: OptionalKind): boolean {
    return request.include.includes(kind);
  }

  add(goroutines(1));
  add(metrics(1));
  add(snapshot("mutex", 1), "mutex");
  const blockWindow = lendsRates && request.blockSeconds > 0 && request.once !== true;
  if (!blockWindow) add(snapshot("block", 1), "block");
  add(snapshot("heap", 1), "heap");
  if (asked("allocs")) add(snapshot("allocs"), "allocs");
  add(snapshot("threadcreate"), "threadcreate");
  add(heapText, "heap");
  if (asked("expvar")) add(expvar);
  if (asked("cmdline")) add(cmdline, "cmdline");
  if (request.cpuSeconds > 0) add(overWindow("cpu", "cpu.pb.gz", request.cpuSeconds), "profile");
  else leaveOut("cpu", "left out by the request");
  // Behind the CPU profile, which shows the process as it is without recording waits.
  if (blockWindow) add(overBlockWindow(request.blockSeconds), "block");
  if (request.once !== true) {
    add({ ...goroutines(2), afterFirstGoroutinesMs: request.goroutineGapMs });
    add(metrics(2));
    // Mutex and block profiles count since the process started, and a heap that grows shows only between two.
    add(snapshot("heap", 2), "heap");
    add(snapshot("mutex", 2), "mutex");
    add({ ...snapshot("block", 2), ...(blockWindow ? { unlessWindow: true } : {}) }, "block");
  }
  if (asked("goroutineleak")) add(snapshot("goroutineleak"), "goroutineleak");
  else if (profiles?.has("goroutineleak") === true) leaveOut("goroutineleak", leakNotAsked);
  add(dump);
  if (asked("trace")) add(overWindow("trace", "trace.out", request.traceSeconds), "trace");
  return { steps, leftOut };
}

function goroutines(time: 1 | 2): CaptureStep {
  return snapshot("goroutine", time);
}

/** A process that offers it should not keep it a secret (Go proposal 74609: the profile runs its own collection). */
const leakNotAsked = "not asked for: it forces a garbage collection that looks for leaked goroutines";

/** The same goroutines as text: for a target that gives no protobuf. */
export function goroutineCounts(time: 1 | 2): CaptureStep {
  return {
    kind: "goroutine-counts",
    file: `goroutine-counts-${time}.txt.gz`,
    question: { of: "profile", profile: { profile: "goroutine", debug: 1 } },
    limits: { deadlineMs: snapshotDeadlineMs, maxBytes: largestTextBytes },
    encoding: "gzip",
    expectedMs: 0,
  };
}

function metrics(time: 1 | 2): CaptureStep {
  return {
    kind: "metrics",
    file: `metrics-${time}.txt.gz`,
    question: { of: "metrics" },
    limits: { deadlineMs: metricsDeadlineMs, maxBytes: largestTextBytes },
    encoding: "gzip",
    expectedMs: 0,
  };
}

function snapshot(
  profile: "goroutine" | "goroutineleak" | "mutex" | "block" | "heap" | "allocs" | "threadcreate",
  time?: 1 | 2,
): CaptureStep {
  return {
    kind: profile,
    file: time === undefined ? `${profile}.pb.gz` : `${profile}-${time}.pb.gz`,
    question: { of: "profile", profile: { profile, debug: 0 } },
    limits: { deadlineMs: snapshotDeadlineMs, maxBytes: largestProfileBytes },
    encoding: "as-is",
    expectedMs: 0,
  };
}

/** A CPU profile or trace of `seconds`. */
export function overWindow(profile: "cpu" | "trace", file: string, seconds: number): CaptureStep {
  return {
    kind: profile,
    file,
    question: { of: "profile", profile: { profile, seconds } },
    limits: { deadlineMs: seconds * 1_000 + windowSlackMs, maxBytes: largestProfileBytes },
    encoding: "as-is",
    expectedMs: seconds * 1_000,
  };
}

function overBlockWindow(seconds: number): CaptureStep {
  return {
    ...snapshot("block", 1),
    expectedMs: seconds * 1_000,
    window: { seconds, secondFile: snapshot("block", 2).file },
  };
}

/** Asked for its trailer: runtime.MemStats with the last 256 GC pauses. */
const heapText: CaptureStep = {
  kind: "heap-text",
  file: "heap-memstats.txt.gz",
  question: { of: "profile", profile: { profile: "heap", debug: 1 } },
  limits: { deadlineMs: snapshotDeadlineMs, maxBytes: largestTextBytes },
  encoding: "gzip",
  expectedMs: 0,
};

const dump: CaptureStep = {
  kind: "goroutine-dump",
  file: "goroutine-dump.txt.gz",
  question: { of: "profile", profile: { profile: "goroutine", debug: 2 } },
  limits: { deadlineMs: dumpDeadlineMs, maxBytes: largestDumpBytes },
  encoding: "gzip",
  expectedMs: 0,
};

const expvar: CaptureStep = {
  kind: "expvar",
  file: "expvar.json.gz",
  question: { of: "expvar" },
  limits: { deadlineMs: metricsDeadlineMs, maxBytes: largestTextBytes },
  encoding: "gzip",
  expectedMs: 0,
};

const cmdline: CaptureStep = {
  kind: "cmdline",
  file: "cmdline.txt.gz",
  question: { of: "profile", profile: { profile: "cmdline" } },
  limits: { deadlineMs: metricsDeadlineMs, maxBytes: mebibyte },
  encoding: "gzip",
  expectedMs: 0,
};
