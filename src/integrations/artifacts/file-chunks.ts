import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** What a decompressor is fed at once: behind each chunk it waits until this thread has time for it. */
const chunkBytes = 4 * 1024 * 1024;

/** Stays in the processor's cache from the read to the parser, where that has no room of its own. */
const reusedBytes = 256 * 1024;

/**
 * The bytes of a regular file, in the room that is offered for them or else in one buffer: a chunk is valid until the
 * next one is asked for. Read on this thread, because handing 270 MB of a dump over from another one, piece by piece,
 * took as long as half of its parsing. Others have their turn when whoever asks for chunks waits for them.
 */
export async function* reusedChunks(
  { fd }: FileHandle,
  room: () => Uint8Array | undefined,
): AsyncGenerator<Uint8Array> {
  let own: Uint8Array | undefined;
  let at = 0;
  for (;;) {
    const buffer = room() ?? (own ??= Buffer.allocUnsafeSlow(reusedBytes));
    const bytes = readSync(fd, buffer, 0, buffer.length, at);
    if (bytes === 0) return;
    at += bytes;
    yield buffer.subarray(0, bytes);
  }
}

/** The bytes of a pipe, a FIFO or a terminal as they arrive, each chunk valid until the next one is asked for. */
export async function* arrivingChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  yield* filled(file, () => null); // These have no offsets to read at.
}

/**
 * The bytes of a regular file for a decompressor, which is busy with a chunk of its size when the event loop is free: each
 * valid until the next one is asked for. Chunks of their own made V8 collect all garbage twice as often, to get rid of them.
 */
export async function* compressedChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  yield* filled(file, (read) => read);
}

async function* filled(
  file: FileHandle,
  position: (read: number) => number | null,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  let read = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, position(read));
    if (bytesRead === 0) return;
    read += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
