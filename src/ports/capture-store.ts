import type { PortError } from "../domain/errors.ts";

/** A file that was saved. */
export interface SavedFile {
  /** Size as stored. */
  readonly bytes: number;
  /** Bytes that came in; differs from `bytes` when the store compressed them. */
  readonly receivedBytes: number;
  /** Of the stored bytes, lower-case hex. */
  readonly sha256: string;
  /** Why the source broke off; what came before is saved. */
  readonly brokenBy?: PortError;
  /** The signal was aborted while the source was read; what came before is saved. */
  readonly interrupted: boolean;
}

/**
 * One capture's folder while it is written. A file appears under its name only when it is whole on disk.
 * Methods throw PortError `unavailable` when the disk refuses (full, no permission), `forbidden` for a bad name.
 */
export interface BundleWriter {
  /** Path of the folder, as a person would type it. */
  readonly location: string;
  /**
   * Streams `source` into a new file, hashing on the way; holds no more than a few chunks in memory.
   * `gzip` compresses (for text), `as-is` keeps the bytes (already compressed).
   */
  save(
    file: string,
    source: AsyncIterable<Uint8Array>,
    encoding: "gzip" | "as-is",
    signal: AbortSignal,
  ): Promise<SavedFile>;
  /** Writes or replaces `manifest.json`; called after every step so that a killed capture can still be read. */
  writeManifest(text: string, signal: AbortSignal): Promise<void>;
}

/** Where captures are kept. */
export interface CaptureStore {
  /** Opens a new, empty bundle called `name`, or `name-2`, ... when that is taken. */
  create(name: string, signal: AbortSignal): Promise<BundleWriter>;
  /** Text of a bundle's manifest. PortError `not-found` when there is none, `bad-response` when it is too large. */
  readManifest(location: string, signal: AbortSignal): Promise<string>;
}
