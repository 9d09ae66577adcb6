import type { FileHandle } from "node:fs/promises";

const chunkBytes = 256 * 1024;

/**
 * The bytes of a file. While one chunk is used the next is read into another buffer; a chunk is valid until the next
 * one is asked for.
 */
export async function* reusedChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffers = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)] as const;
  let at = 0;
  let turn = 0;
  let reading = file.read(buffers[0], 0, chunkBytes, at);
  try {
    for (;;) {
      const { bytesRead, buffer } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      turn++;
      reading = file.read(buffers[turn % 2 === 0 ? 0 : 1], 0, chunkBytes, at);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    // The file must not be closed under a read that nobody waits for any more.
    await reading.catch(() => undefined);
  }
}

/** The bytes of a pipe, a FIFO or a terminal as they arrive: these have no offsets to read at. */
export async function* arrivingChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(chunkBytes), 0, chunkBytes, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The bytes of a file in buffers of their own, for a consumer that keeps them for a while. */
export async function* ownChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(chunkBytes), 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
