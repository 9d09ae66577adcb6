import { oneChunk } from "../domain/one-chunk.ts";
import type { Clock } from "../ports/clock.ts";
import type { ManifestCapture } from "./manifest.ts";
import type { Story } from "./story.ts";

/** Waits for what is asked beside the process until `untilMs` (monotonic) at most. Throws what `work` throws meanwhile. */
export async function patiently(
  work: Promise<unknown>,
  untilMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const waiting = new AbortController();
  const leftMs = Math.max(0, untilMs - clock.monotonicMs());
  const patience = clock.sleep(leftMs, AbortSignal.any([signal, waiting.signal]));
  await Promise.race([work, patience.catch(() => {})]);
  waiting.abort();
}

/**
 * Keeps what was asked beside the process as `file` of its bundle and tells of it; only tells of it where nothing of the
 * process itself was kept. Throws only when the store fails.
 */
export async function keepBeside(
  story: Story,
  record: Omit<ManifestCapture, "file" | "bytes" | "sha256">,
  file: string,
  text: string,
): Promise<void> {
  if (!story.gotAnything()) {
    await story.tell({ ...record, bytes: 0 });
    return;
  }
  const bundle = await story.bundle();
  // Kept whoever has stopped the capture.
  const always = new AbortController().signal;
  const { bytes, sha256 } = await bundle.save(file, oneChunk(text), "gzip", always);
  await story.tell({ ...record, file, bytes, sha256 });
}
