import { PortError } from "../domain/errors.ts";
import { oneChunk } from "../domain/one-chunk.ts";
import { durationText } from "../domain/units.ts";
import { explainRefusal, leadsToItself, type RefusalMeaning } from "./answers.ts";
import { readIndexPage } from "./index-page.ts";
import type { ManifestCapture } from "./manifest.ts";
import { askIndex, type IndexAnswer, interrupted, type TakeContext } from "./take.ts";

/** Long enough for a healthy process at the other end of the world; slower than this is evidence. */
export const probeDeadlineMs = 2_000;
/** The second chance of a starved process, which is the one that most needs a capture. */
const secondProbeDeadlineMs = 10_000;

export interface FoundIndex {
  readonly found: true;
  /** Names on the page; undefined when there is no page. */
  readonly profiles: ReadonlySet<string> | undefined;
  /** Something answered, but why it showed no index page. Some services register a few handlers without it. */
  readonly missing?: string;
  readonly latencyMs: number;
  /** Where the page was: the target itself, or where it may be instead. */
  readonly target: TakeContext["target"];
}

export type IndexSearch = FoundIndex | { readonly found: false; readonly reason: string };

/** What one place said. */
type Look =
  | {
      readonly page: string;
      readonly counts: ReadonlyMap<string, number>;
      readonly late?: string;
      readonly latencyMs: number;
    }
  | {
      readonly page?: undefined;
      readonly reason: string;
      readonly meaning: RefusalMeaning | "no-index";
      readonly latencyMs: number;
    }
  | { readonly page?: undefined; readonly reason: string; readonly meaning: "silence" };

/** A page may be at another path, and a few profiles may be there without one. */
const mayHaveProfiles: ReadonlySet<string> = new Set([
  "not-routed",
  "unknown-profile",
  "refused",
  "no-index",
]);

/**
 * Asks for the index page and records it; where there is none, at the other place that the address may mean, too. Its
 * latency is the base that slowing down is measured against.
 */
export async function findIndex(context: TakeContext): Promise<IndexSearch> {
  const { clock, story, target, onProgress } = context;
  onProgress({ type: "started", kind: "index", expectedMs: 0 });
  const startedAtMs = clock.nowMs();
  const startedAt = clock.monotonicMs();
  const record = (rest: Omit<ManifestCapture, "kind" | "startedAtMs" | "durationMs">): ManifestCapture => ({
    kind: "index",
    startedAtMs,
    durationMs: Math.round(clock.monotonicMs() - startedAt),
    ...rest,
  });

  const { elsewhere } = target;
  const first = await lookAt(target, context);
  let look = first;
  let place = target;
  // What is forbidden, or behind a broken proxy, will not get better by asking on.
  if (
    elsewhere !== undefined &&
    first.page === undefined &&
    (mayHaveProfiles.has(first.meaning) || first.meaning === "elsewhere")
  ) {
    look = await lookAt(elsewhere, context);
    place = elsewhere;
  }
  if (look.page === undefined) {
    const tried = place === target ? "" : `; tried ${target.url} and ${place.url}`;
    const told = first.page === undefined ? first : look;
    const reason = `${told.reason}${tried}`;
    await story.tell(record({ bytes: 0, status: "failed", reason }));
    return told.meaning !== "silence" && mayHaveProfiles.has(told.meaning)
      ? { found: true, profiles: undefined, missing: reason, latencyMs: told.latencyMs, target }
      : { found: false, reason };
  }
  story.foundAt(place.url);
  const goroutines = look.counts.get("goroutine");
  if (goroutines !== undefined) story.counted(goroutines);
  const writer = await story.bundle();
  const saved = await writer.save("index.html.gz", oneChunk(look.page), "gzip", context.signal);
  await story.tell(
    record({
      file: "index.html.gz",
      bytes: saved.bytes,
      sha256: saved.sha256,
      status: "ok",
      ...(look.late === undefined ? {} : { reason: look.late }),
    }),
  );
  return { found: true, profiles: new Set(look.counts.keys()), latencyMs: look.latencyMs, target: place };
}

async function lookAt(target: TakeContext["target"], { signal }: TakeContext): Promise<Look> {
  let late: string | undefined;
  let answer: IndexAnswer;
  try {
    try {
      answer = await askIndex(target, probeDeadlineMs, signal);
    } catch (error) {
      if (!(error instanceof PortError && error.code === "timeout")) throw error;
      late = `${error.message} at first: the process is starved of CPU, stopped, or far away`;
      answer = await askIndex(target, secondProbeDeadlineMs, signal);
    }
  } catch (error) {
    if (!(error instanceof PortError) && !signal.aborted) throw error;
    return { meaning: "silence", reason: error instanceof PortError ? silentReason(error) : interrupted };
  }

  const latencyMs = answer.headerMs;
  if (leadsToItself(answer, target.url)) {
    const reason = `${answer.status}: the index is at ${answer.location}, without the slash at its end; profiles are asked for below it all the same`;
    return { meaning: "no-index", reason, latencyMs };
  }
  if (answer.status !== 200) return { ...explainRefusal({ ...answer, kind: "index" }), latencyMs };
  const counts = readIndexPage(answer.text);
  if (counts === undefined) {
    const type = answer.contentType === "" ? "" : ` (${answer.contentType})`;
    const reason = `200, but not pprof's index page${type}: a proxy or login page answered, or the path is wrong`;
    return { meaning: "no-index", reason, latencyMs };
  }
  return { page: answer.text, counts, ...(late === undefined ? {} : { late }), latencyMs };
}

function silentReason({ code, message }: PortError): string {
  if (code !== "timeout") return message;
  return `${message}, asked twice (${durationText(probeDeadlineMs)}, then ${durationText(secondProbeDeadlineMs)})`;
}
