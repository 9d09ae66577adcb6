import { setMaxListeners } from "node:events";
import { manifestFile } from "../../capture/manifest.ts";
import { oneChunk } from "../../domain/one-chunk.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { CaptureStore } from "../../ports/capture-store.ts";
import { type Room, within } from "./capped-store.ts";
import { measuredBody } from "./measured-body.ts";

const always = new AbortController().signal;
// Every capture that is being stored listens to it.
setMaxListeners(0, always);

/** What a capture's files go through on their way. */
export interface BundleConditions {
  /** How much fits: a longer file is kept up to there, and its capture is told as partial. */
  readonly room?: (key: string, signal: AbortSignal) => Promise<Room>;
  /** Takes out what must not be kept. Throws PortError for what it cannot read: then it is not kept either. */
  readonly redact?: (file: string, source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** Writes one bundle among the artifacts, below `prefix`, so that any worker can read what another one captured. */
export function storedBundle(
  artifacts: Artifacts,
  prefix: string,
  { room, redact }: BundleConditions = {},
): Pick<CaptureStore, "create"> {
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
          const key = `${prefix}${file}`;
          const bounded = room === undefined ? source : within(source, key, await room(key, always));
          const kept = redact === undefined ? bounded : redact(file, bounded);
          const body = measuredBody(kept, encoding, signal);
          const contentType = file.endsWith(".gz") ? "application/gzip" : "application/octet-stream";
          // Not the caller's signal: an interruption ends the source, and what came is kept.
          await artifacts.put(key, body.chunks, { contentType }, always);
          return body.saved();
        },
        async writeManifest(text: string, signal: AbortSignal) {
          const key = `${prefix}${manifestFile}`;
          await artifacts.put(key, oneChunk(text), { contentType: "application/json" }, signal);
        },
      });
    },
  };
}
