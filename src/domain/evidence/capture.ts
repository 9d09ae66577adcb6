/**
 * What can be captured from a Go process.
 * `goroutine` is debug=0 (protobuf), `goroutine-counts` debug=1, `goroutine-dump` debug=2.
 * `heap-text` is heap debug=1, asked for its runtime.MemStats trailer.
 * `context` is what a metrics server says of the service, `config` what its repository says of its configuration; nothing of
 * them is asked of the process.
 */
export const askedKinds = [
  "index",
  "cmdline",
  "goroutine",
  "goroutine-counts",
  "goroutine-dump",
  "goroutineleak",
  "mutex",
  "block",
  "heap",
  "heap-text",
  "allocs",
  "threadcreate",
  "cpu",
  "trace",
  "metrics",
  "expvar",
  "log",
  "context",
  "config",
] as const;

/** The same, and `profile`: one that a person handed in, of a kind that Go's own endpoints do not write. */
export const captureKinds = [...askedKinds, "profile"] as const;
export type CaptureKind = (typeof captureKinds)[number];

/** Captures that are only taken when somebody asks for them. */
export const optionalKinds = [
  "allocs",
  "goroutineleak",
  "expvar",
  "cmdline",
  "trace",
] as const satisfies readonly CaptureKind[];
export type OptionalKind = (typeof optionalKinds)[number];

/** They cost the target next to nothing, or nothing at all. */
const freeKinds = [
  "index",
  "metrics",
  "log",
  "profile",
  "context",
  "config",
] as const satisfies readonly CaptureKind[];

/** Kinds that cost the target something, so that alerts may not have them captured again and again. */
export type CoolingKind = Exclude<CaptureKind, (typeof freeKinds)[number]>;
export const coolingKinds = captureKinds.filter(
  (kind): kind is CoolingKind => !(freeKinds as readonly CaptureKind[]).includes(kind),
);

/** Whether it holds something of the process itself: its index page says only what could be asked. */
export function isOfProcess(kind: CaptureKind): boolean {
  return kind !== "index" && kind !== "context" && kind !== "config";
}

/**
 * - `ok`: whole.
 * - `partial`: kept what came before it broke off, or whole and of no use beside the others; `reason` says why.
 * - `skipped`: a safety limit or the request left it out; `reason` names the limit.
 * - `failed`: asked for and not got.
 */
export const captureStatuses = ["ok", "partial", "skipped", "failed"] as const;
export type CaptureStatus = (typeof captureStatuses)[number];

/** One line of a capture's story, in the order in which things were asked for. */
export interface CaptureRecord {
  readonly kind: CaptureKind;
  /** File name inside the bundle; absent when nothing was kept. */
  readonly file?: string;
  readonly bytes: number;
  /** Milliseconds since the epoch at which the request was sent. */
  readonly startedAtMs?: number;
  readonly durationMs: number;
  readonly status: CaptureStatus;
  /** Plain words; present unless `ok`, where it says what the capture covers or lacks. */
  readonly reason?: string;
}
