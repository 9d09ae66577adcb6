import { gzipSync } from "node:zlib";
import type { ConfigSource } from "../../src/capture/config-history/keep.ts";
import type { ContextSource } from "../../src/capture/context/keep.ts";
import type { CaptureProgress } from "../../src/capture/progress.ts";
import { type CaptureRequest, defaultRequest } from "../../src/capture/request.ts";
import { type CaptureOutcome, runCapture } from "../../src/capture/run.ts";
import { fakeCaptureLock } from "../fakes/capture-lock.ts";
import { type FakeCaptureStore, fakeCaptureStore } from "../fakes/capture-store.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import { fakeGoTarget, type Script, type ScriptedAnswer } from "../fakes/go-target.ts";

/** The index page of a process, as Go writes it. */
export function indexPage(goroutines: number, more: readonly string[] = []): ScriptedAnswer {
  const names = [
    "allocs",
    "block",
    "cmdline",
    "goroutine",
    "heap",
    "mutex",
    "profile",
    "threadcreate",
    "trace",
  ];
  const rows = [...names, ...more].map(
    (name) =>
      `<tr><td>${name === "goroutine" ? goroutines : 3}</td><td><a href='${name}?debug=1'>${name}</a></td></tr>`,
  );
  return {
    headers: { "content-type": "text/html; charset=utf-8" },
    chunks: [
      `<html>\n<head>\n<title>/debug/pprof/</title>\n</head>\n<body>\n<table>\n<thead><td>Count</td><td>Profile</td></thead>\n`,
      rows.join("\n"),
      `\n</table>\n<a href="goroutine?debug=2">full goroutine stack dump</a>\n</body>\n</html>`,
    ],
  };
}

const metricsText = `# TYPE go_goroutines gauge\ngo_goroutines 12\n# TYPE go_info gauge\ngo_info{version="go1.23.5"} 1\n`;

/** Answers like a healthy process of a dozen goroutines. */
export function healthy(question: string): ScriptedAnswer {
  if (question === "index") return indexPage(12);
  if (question === "metrics") return { headers: { "content-type": "text/plain" }, chunks: [metricsText] };
  if (question === "expvar") return { headers: { "content-type": "application/json" }, chunks: ["{}"] };
  if (question === "goroutine?debug=1") return { chunks: ["goroutine profile: total 12\n"] };
  if (question === "goroutine?debug=2") {
    return { chunks: ["goroutine 1 [running]:\nmain.main()\n\ngorout", "ine 2 [select]:\nmain.f()\n"] };
  }
  if (question === "heap?debug=1") return { chunks: ["heap profile: 1: 2 [3: 4] @ heap/1048576\n"] };
  if (question.startsWith("rates take")) return lent(question);
  if (question.startsWith("rates giveBack")) return { status: 204 };
  if (question === "cmdline") return { chunks: ["order\0-token\0secret"] };
  return {
    headers: { "content-type": "application/octet-stream" },
    chunks: [gzipSync(`profile of ${question}`)],
    ...(question.startsWith("cpu") ? { headerMs: Number(question.split("=")[1]) * 1_000 } : {}),
  };
}

/** What lab/profilerates answers when it lends what is wished. */
export function lent(question: string): ScriptedAnswer {
  const wish = JSON.parse(question.slice("rates take ".length)) as Record<string, number>;
  const lease = { id: "lease-1", ...wish, before: { blockRateNs: 0, mutexFraction: 0 } };
  return {
    status: 201,
    headers: { "content-type": "application/json" },
    chunks: [JSON.stringify(lease)],
  };
}

/** What a refusal of net/http/pprof looks like. */
export function pprofError(status: number, text: string): ScriptedAnswer {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-go-pprof": "1" },
    chunks: [`${text}\n`],
  };
}

/** Where `RunOptions.elsewhere` is. */
export const elsewhereUrl = "http://order.test:6060/svc/debug/pprof/";

export interface Run {
  readonly outcome: CaptureOutcome;
  readonly asked: readonly string[];
  readonly elsewhereAsked: readonly string[];
  /** Without the probes between the steps. */
  readonly steps: readonly string[];
  readonly store: FakeCaptureStore;
  readonly clock: FakeClock;
  readonly progress: readonly CaptureProgress[];
}

export interface RunOptions {
  readonly request?: Partial<CaptureRequest>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CaptureProgress) => void;
  readonly clock?: FakeClock;
  readonly context?: ContextSource;
  readonly config?: ConfigSource;
  readonly store?: FakeCaptureStore;
  /** The target's address names no place where rates are lent. */
  readonly lendsNothing?: true;
  /** What the other place answers that the address may mean. */
  readonly elsewhere?: Script;
}

/** Runs a whole capture against a script, on a clock that takes no time. */
export async function run(script: Script, options: RunOptions = {}): Promise<Run> {
  const clock = options.clock ?? fakeClock();
  const { store = fakeCaptureStore() } = options;
  const { target: lender, asked } = fakeGoTarget(script, clock);
  const { rates, ...plain } = lender;
  const other = options.elsewhere === undefined ? undefined : fakeGoTarget(options.elsewhere, clock);
  const target = {
    ...plain,
    ...(options.lendsNothing === true || rates === undefined ? {} : { rates }),
    ...(other === undefined ? {} : { elsewhere: { ...other.target, url: elsewhereUrl } }),
  };
  const progress: CaptureProgress[] = [];
  const outcome = await runCapture(
    { ...defaultRequest, service: "order", ...options.request },
    {
      target,
      store,
      lock: fakeCaptureLock(() => clock.nowMs()),
      clock,
      gofireVersion: "0.0.0",
      ...(options.context === undefined ? {} : { context: options.context }),
      ...(options.config === undefined ? {} : { config: options.config }),
    },
    options.signal ?? new AbortController().signal,
    (event) => {
      progress.push(event);
      options.onProgress?.(event);
    },
  );
  const steps = asked.filter((question) => question !== "index");
  return { outcome, asked, elsewhereAsked: other?.asked ?? [], steps, store, clock, progress };
}

/** `goroutine ok`, `cpu failed`, ... in the order told. */
export function story({ outcome }: Run): string[] {
  return outcome.manifest.captures.map(({ kind, status }) => `${kind} ${status}`);
}

/** Reason of the first record of a kind. */
export function reasonOf({ outcome }: Run, kind: string): string {
  return (
    outcome.manifest.captures.find((record) => record.kind === kind && record.reason !== undefined)?.reason ??
    ""
  );
}
