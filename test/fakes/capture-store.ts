import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { PortError } from "../../src/domain/errors.ts";
import type { BundleWriter, CaptureStore } from "../../src/ports/capture-store.ts";

export interface FakeCaptureStore extends CaptureStore {
  /** Location -> file name -> bytes as stored. */
  readonly bundles: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
}

/** Keeps bundles in memory. */
export function fakeCaptureStore(): FakeCaptureStore {
  const bundles = new Map<string, Map<string, Uint8Array>>();

  function file(location: string, name: string): Uint8Array {
    const bytes = bundles.get(location)?.get(name);
    if (bytes === undefined)
      throw new PortError("not-found", `${location}/${name}`, "no such file or folder");
    return bytes;
  }

  return {
    bundles,
    async create(name, signal) {
      signal.throwIfAborted();
      let location = `/captures/${plain(name)}`;
      for (let copy = 2; bundles.has(location); copy++) location = `/captures/${name}-${copy}`;
      const files = new Map<string, Uint8Array>();
      bundles.set(location, files);
      return await Promise.resolve(writer(location, files));
    },
    readManifest: async (location) =>
      await Promise.resolve(Buffer.from(file(location, "manifest.json")).toString()),
  };
}

function writer(location: string, files: Map<string, Uint8Array>): BundleWriter {
  return {
    location,
    async save(name, source, encoding, signal) {
      plain(name);
      const chunks: Uint8Array[] = [];
      let brokenBy: PortError | undefined;
      let interrupted = false;
      try {
        for await (const chunk of source) chunks.push(chunk);
      } catch (error) {
        if (error instanceof PortError) brokenBy = error;
        else if (signal.aborted) interrupted = true;
        else throw error;
      }
      const received = Buffer.concat(chunks);
      const stored = encoding === "gzip" ? gzipSync(received) : received;
      files.set(name, stored);
      return {
        bytes: stored.length,
        receivedBytes: received.length,
        sha256: createHash("sha256").update(stored).digest("hex"),
        ...(brokenBy === undefined ? {} : { brokenBy }),
        interrupted,
      };
    },
    async writeManifest(text, signal) {
      signal.throwIfAborted();
      files.set("manifest.json", Buffer.from(text));
      await Promise.resolve();
    },
  };
}

function plain(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new PortError("forbidden", name, `"${name}" is not a plain file name`);
}
