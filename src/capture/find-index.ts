import { PortError } from "../domain/errors.ts";
import { durationText } from "../domain/units.ts";
import { explainRefusal } from "./answers.ts";
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
}

export type IndexSearch = FoundIndex | { readonly found: false; readonly reason: string };

/** Asks for the index page and records it. Its latency is the base that slowing down is measured against. */
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
  async function failed(reason: string): Promise<void> {
    await story.tell(record({ bytes: 0, status: "failed", reason }));
  }

  let late: string | undefined;
  let answer: IndexAnswer;
  try {
    try {
      answer = await askIndex(target, probeDeadlineMs, context.signal);
    } catch (error) {
      if (!(error instanceof PortError && error.code === "timeout")) throw error;
      late = `${error.message} at first: the process is starved of CPU, stopped, or far away`;
      answer = await askIndex(target, secondProbeDeadlineMs, context.signal);
    }
  } catch (error) {
    if (!(error instanceof PortError) && !context.signal.aborted) throw error;
    const reason = error instanceof PortError ? silentReason(error) : interrupted;
    await failed(reason);
    return { found: false, reason };
  }

  const latencyMs = answer.headerMs;
  if (answer.status !== 200) {
    const { meaning, reason } = explainRefusal({ ...answer, kind: "index" });
    await failed(reason);
    // What is forbidden, elsewhere or behind a broken proxy will not get better by asking on.
    return meaning === "not-routed" || meaning === "unknown-profile" || meaning === "refused"
      ? { found: true, profiles: undefined, missing: reason, latencyMs }
      : { found: false, reason };
  }
  const counts = readIndexPage(answer.text);
  if (counts === undefined) {
    const type = answer.contentType === "" ? "" : ` (${answer.contentType})`;
    const reason = `200, but not pprof's index page${type}: a proxy or login page answered, or the path is wrong`;
    await failed(reason);
    return { found: true, profiles: undefined, missing: reason, latencyMs };
  }
  const goroutines = counts.get("goroutine");
  if (goroutines !== undefined) story.counted(goroutines);
  const writer = await story.bundle();
  const saved = await writer.save("index.html.gz", bytesOf(answer.text), "gzip", context.signal);
  await story.tell(
    record({
      file: "index.html.gz",
      bytes: saved.bytes,
      sha256: saved.sha256,
      status: "ok",
      ...(late === undefined ? {} : { reason: late }),
    }),
  );
  return { found: true, profiles: new Set(counts.keys()), latencyMs };
}

function silentReason({ code, message }: PortError): string {
  if (code !== "timeout") return message;
  return `${message}, asked twice (${durationText(probeDeadlineMs)}, then ${durationText(secondProbeDeadlineMs)})`;
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
