import { createGunzip } from "node:zlib";

/** One output buffer of the decompressor: small enough to be parsed in a few milliseconds. */
const outputBytes = 256 * 1024;
/** Decompressed chunks that may wait for the parser; the decompressor pauses behind them. */
const mostWaiting = 4;

/** True when the bytes begin as a gzip member does (RFC 1952, section 2.3.1). */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** The gzip data is broken or breaks off; everything before that was yielded. */
export class GzipDamage extends Error {
  override readonly name = "GzipDamage";
}

/**
 * Decompresses gzip, all members of it. zlib works on its own thread: while one chunk is parsed the next is decompressed.
 * The next chunk of `source` is asked for when zlib is through with the one before. Throws GzipDamage at the end of what
 * could be decompressed, and whatever `source` throws.
 */
export async function* inflated(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: outputBytes });
  const waiting: Uint8Array[] = [];
  let ended = false;
  let failure: unknown;
  let wake: (() => void) | undefined;
  function notify(): void {
    wake?.();
    wake = undefined;
  }
  gunzip.on("data", (chunk: Uint8Array) => {
    waiting.push(chunk);
    if (waiting.length >= mostWaiting) gunzip.pause();
    notify();
  });
  gunzip.on("error", (error) => {
    failure ??= new GzipDamage(error.message, { cause: error });
    notify();
  });
  gunzip.on("end", () => {
    ended = true;
    notify();
  });
  const feeding = feed(source, gunzip).catch((error: unknown) => {
    failure ??= error;
    notify();
  });
  try {
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        if (gunzip.isPaused()) gunzip.resume();
        yield chunk;
      } else if (failure !== undefined) throw failure;
      else if (ended) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    gunzip.destroy();
    await feeding;
  }
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  gunzip: ReturnType<typeof createGunzip>,
): Promise<void> {
  for await (const chunk of source) {
    // The callback comes when the chunk is decompressed. Only then may `end` be called: what is decompressed together
    // with the end is lost when the end turns out to be missing.
    await new Promise<void>((resolve) => {
      gunzip.once("close", resolve);
      gunzip.write(chunk, () => {
        gunzip.off("close", resolve);
        resolve();
      });
    });
    if (gunzip.destroyed) return;
  }
  gunzip.end();
}
