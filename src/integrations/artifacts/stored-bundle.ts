import type { Artifacts } from "../../ports/artifacts.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";
import { measuredBody } from "./measured-body.ts";

const manifestName = "manifest.json";
const always = new AbortController().signal;

/** Writes one bundle among the artifacts, below `prefix`, so that any worker can read what another one captured. */
export function storedBundle(artifacts: Artifacts, prefix: string): Pick<CaptureStore, "create"> {
  return {
    async create(_name, signal) {
      signal.throwIfAborted();
      return await Promise.resolve({
        location: prefix,
        async save(
          file: string,
          source: AsyncIterable<Uint8Array>,
          encoding: "gzip" | "as-is",
          signal: AbortSignal,
        ) {
          const body = measuredBody(source, encoding, signal);
          const contentType = file.endsWith(".gz") ? "application/gzip" : "application/octet-stream";
          // Not the caller's signal: an interruption ends the source, and what came is kept.
          await artifacts.put(`${prefix}${file}`, body.chunks, { contentType }, always);
          return body.saved();
        },
        async writeManifest(text: string, signal: AbortSignal) {
          const key = `${prefix}${manifestName}`;
          await artifacts.put(key, utf8(text), { contentType: "application/json" }, signal);
        },
      });
    },
  };
}

async function* utf8(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
