import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { PortError } from "../../domain/errors.ts";
import type { SavedFile } from "../../ports/capture-store.ts";

/** A body on its way into a store. */
export interface MeasuredBody {
  /** What to store; read it once. Ends normally where the source breaks off: what came before is kept. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What went through, once `chunks` has ended. */
  saved(): SavedFile;
}

/** Compresses, counts and hashes `source` as it is read. Errors that are not the source's own come out of `chunks`. */
export function measuredBody(
  source: AsyncIterable<Uint8Array>,
  encoding: "gzip" | "as-is",
  signal: AbortSignal,
): MeasuredBody {
  const hash = createHash("sha256");
  let bytes = 0;
  let receivedBytes = 0;
  let brokenBy: PortError | undefined;
  let interrupted = false;

  async function* received(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        receivedBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (error instanceof PortError) brokenBy = error;
      else if (signal.aborted) interrupted = true;
      else throw error;
    }
  }
  async function* hashed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }

  return {
    chunks: hashed(encoding === "gzip" ? gzipped(received()) : received()),
    saved: () => ({
      bytes,
      receivedBytes,
      sha256: hash.digest("hex"),
      ...(brokenBy === undefined ? {} : { brokenBy }),
      interrupted,
    }),
  };
}

async function* gzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip();
  const piped = pipeline(chunks, gzip);
  // Its failure comes out of the loop; on its own it must not end the process.
  piped.catch(() => {});
  yield* gzip;
  await piped;
}
