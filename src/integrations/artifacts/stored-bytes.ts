import type { Hash } from "node:crypto";

/** Bytes as they are stored, on their way to whoever reads them. */
export interface StoredBytes {
  /** Leaving the loop early leaves the source open. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** How many were read. */
  count(): number;
  /** SHA-256 of all there are, lower-case hex: what the reader left is read here. */
  sha256(): Promise<string>;
  close(): Promise<void>;
}

/** Counts what is read; `hashed` when its SHA-256 will be asked for. */
export async function storedBytes(source: AsyncIterable<Uint8Array>, hashed: boolean): Promise<StoredBytes> {
  const from = source[Symbol.asyncIterator]();
  const hash = hashed ? await newHash() : undefined;
  let bytes = 0;

  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = await from.next();
      if (next.done === true) return;
      bytes += next.value.length;
      hash?.update(next.value);
      yield next.value;
    }
  }

  return {
    chunks: read(),
    count: () => bytes,
    async sha256() {
      if (hash === undefined) throw new Error("these bytes were not hashed");
      const rest = read();
      while ((await rest.next()).done !== true);
      return hash.digest("hex");
    },
    async close() {
      await from.return?.();
    },
  };
}

/** Loaded where it is needed: most commands hash nothing, and it takes a tenth of what `node` takes to start. */
async function newHash(): Promise<Hash> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256");
}
