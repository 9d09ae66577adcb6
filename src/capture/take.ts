import { PortError, type PortErrorCode } from "../domain/errors.ts";
import { bytesText, countText } from "../domain/units.ts";
import type { SavedFile } from "../ports/capture-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { GoTarget, GoTargetAnswer } from "../ports/go-target.ts";
import type { AnswerLimits } from "../ports/web-access.ts";
import { explainRefusal, type RefusalMeaning, unlikeCapture } from "./answers.ts";
import type { ManifestCapture } from "./manifest.ts";
import type { CaptureStep } from "./plan.ts";
import type { OnProgress } from "./progress.ts";
import type { Story } from "./story.ts";
import { goroutineHeaders, processFacts, type Watch } from "./watch.ts";

/** How one step ended. `refusal`, `silence` and `unlike` say in which way nothing was got. */
export interface Taken {
  readonly record: ManifestCapture;
  readonly refusal?: RefusalMeaning;
  readonly silence?: PortErrorCode;
  /** 200 with something else than the capture. */
  readonly unlike?: true;
}

export interface TakeContext {
  readonly target: GoTarget;
  readonly clock: Clock;
  readonly story: Story;
  readonly onProgress: OnProgress;
  /** Aborted when the person gives up. */
  readonly signal: AbortSignal;
  /** Until the deadline of the whole capture; negative when it is over. */
  remainingMs(): number;
}

/** Why something is missing after the signal was aborted. */
export const interrupted = "the capture was interrupted";

/** Enough to recognise a format or an error text by. */
const startBytes = 64;
const errorTextBytes = 2_048;
const receivedEveryMs = 250;
/** Go source: runtime/pprof/pprof.go, writeGoroutineStacks: "Give up and use a truncated trace if 64 MB is not enough." */
const fullDumpBytes = 64 << 20;

/** Carries out one step and keeps what came of it. Throws only when the store fails. */
export async function takeStep(planned: CaptureStep, context: TakeContext): Promise<Taken> {
  const { clock, signal } = context;
  const step = withinRemaining(planned, context.remainingMs());
  const startedAtMs = clock.nowMs();
  const startedAt = clock.monotonicMs();
  const record = (rest: Omit<ManifestCapture, "kind" | "startedAtMs" | "durationMs">): ManifestCapture => ({
    kind: step.kind,
    startedAtMs,
    durationMs: Math.round(clock.monotonicMs() - startedAt),
    ...rest,
  });

  let body: AsyncIterable<Uint8Array>;
  try {
    const answer = await ask(context.target, step, signal);
    if (answer.status !== 200) {
      const { kind } = step;
      const { meaning, reason } = explainRefusal({ ...answer, kind, text: await startText(answer.body) });
      return { record: record({ bytes: 0, status: "failed", reason }), refusal: meaning };
    }
    const { start, rest } = await peek(answer.body);
    const reason = unlikeCapture(step.kind, answer.contentType, start);
    if (reason !== undefined) {
      await rest.return();
      return { record: record({ bytes: 0, status: "failed", reason }), unlike: true };
    }
    body = joined(start, rest);
  } catch (error) {
    if (error instanceof PortError) {
      const reason = `${error.message}${cutShort(step, error)}`;
      return { record: record({ bytes: 0, status: "failed", reason }), silence: error.code };
    }
    if (!signal.aborted) throw error;
    return { record: record({ bytes: 0, status: "skipped", reason: interrupted }) };
  }

  const dump = step.kind === "goroutine-dump" ? goroutineHeaders() : undefined;
  const facts = step.kind === "metrics" ? processFacts() : undefined;
  const writer = await context.story.bundle();
  const saved = await writer.save(
    step.file,
    watched(body, step, context, dump ?? facts),
    step.encoding,
    signal,
  );
  noteFacts(facts?.facts(), context.story);
  const kept = { file: step.file, bytes: saved.bytes, sha256: saved.sha256 };
  const reason = whyPartial(saved, context, dump?.count());
  return {
    record: record({ ...kept, ...(reason === undefined ? { status: "ok" } : { status: "partial", reason }) }),
    ...(saved.brokenBy === undefined ? {} : { silence: saved.brokenBy.code }),
  };
}

/** The newest count of goroutines is the one that a dump is decided by, whoever told it. */
function noteFacts(
  facts: { readonly goVersion?: string; readonly goroutines?: number } | undefined,
  story: Story,
): void {
  if (facts?.goVersion !== undefined) story.notes.goVersion ??= facts.goVersion;
  if (facts?.goroutines !== undefined) story.counted(facts.goroutines);
}

/** A server's write deadline ends a window without a word (Go source: net/http/server.go, Server.WriteTimeout). */
function cutShort({ question }: CaptureStep, { code }: PortError): string {
  if (code !== "unavailable" || question.of !== "profile" || !("seconds" in question.profile)) return "";
  return `; a WriteTimeout or a proxy's time limit of less than ${question.profile.seconds} s does the same: ask for a shorter one`;
}

/** No single step outlives the whole capture. */
function withinRemaining(step: CaptureStep, remainingMs: number): CaptureStep {
  const deadlineMs = Math.max(1, Math.min(step.limits.deadlineMs, Math.round(remainingMs)));
  return { ...step, limits: { ...step.limits, deadlineMs } };
}

function whyPartial(
  { brokenBy, interrupted: stopped, receivedBytes }: SavedFile,
  context: TakeContext,
  dumped: number | undefined,
): string | undefined {
  if (brokenBy !== undefined) return `broke off after ${bytesText(receivedBytes)}: ${brokenBy.message}`;
  if (stopped) return `broke off after ${bytesText(receivedBytes)}: ${interrupted}`;
  if (dumped !== undefined && receivedBytes === fullDumpBytes) {
    const total = context.story.notes.goroutines;
    const of = total === undefined ? "" : ` of about ${countText(total)}`;
    return `cut off by the Go runtime at 64 MiB: it holds ${countText(dumped)}${of} goroutines, mostly the oldest ones`;
  }
  return undefined;
}

function ask(
  target: GoTarget,
  { question, limits }: CaptureStep,
  signal: AbortSignal,
): Promise<GoTargetAnswer> {
  if (question.of === "profile") return target.profile(question.profile, limits, signal);
  return question.of === "metrics" ? target.metrics(limits, signal) : target.expvar(limits, signal);
}

/** The index page: small enough to be held, asked again and again as a probe. */
export interface IndexAnswer extends Omit<GoTargetAnswer, "body"> {
  readonly text: string;
}

const largestIndexBytes = 256 << 10;

/** Throws as GoTarget does. */
export async function askIndex(
  target: GoTarget,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<IndexAnswer> {
  const limits: AnswerLimits = { deadlineMs, maxBytes: largestIndexBytes };
  const { body, ...answer } = await target.index(limits, signal);
  return { ...answer, text: await startText(body, largestIndexBytes) };
}

/** The beginning of a body as text; stops reading there. */
export async function startText(body: AsyncIterable<Uint8Array>, most = errorTextBytes): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, most - bytes), { stream: true });
    bytes += chunk.length;
    if (bytes >= most) break;
  }
  return text + decoder.decode();
}

interface Peeked {
  readonly start: Uint8Array;
  readonly rest: AsyncGenerator<Uint8Array, void, undefined>;
}

/** Reads until enough has come to tell formats apart. */
async function peek(body: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const rest = chunksOf(body);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < startBytes) {
    const next = await rest.next();
    if (next.done === true) break;
    chunks.push(next.value);
    bytes += next.value.length;
  }
  const start = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    start.set(chunk, at);
    at += chunk.length;
  }
  return { start, rest };
}

async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield* body;
}

async function* joined(start: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  yield* rest;
}

/** Passes bytes on, tells of them now and then, and lets `watch` look. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  { kind }: CaptureStep,
  { clock, onProgress }: TakeContext,
  watch: Watch | undefined,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let toldAt = clock.monotonicMs();
  for await (const chunk of body) {
    bytes += chunk.length;
    watch?.see(chunk);
    if (clock.monotonicMs() - toldAt >= receivedEveryMs) {
      toldAt = clock.monotonicMs();
      onProgress({ type: "received", kind, bytes });
    }
    yield chunk;
  }
}
