export interface StoredArtifact {
  readonly key: string;
  readonly bytes: number;
  /** In a list, and where it is not kept, what the name suggests. */
  readonly contentType: string;
  /** Milliseconds since the epoch. */
  readonly storedAtMs: number;
}

/**
 * Captures and renderings, by key: parts of letters, digits, ".", "_" and "-" joined by "/", none of them beginning
 * with ".", e.g. `incidents/gf-3fa9/bundle/heap.pb.gz`.
 *
 * All methods throw PortError `unavailable` (disk, network), `rate-limited`, `forbidden` (bad key, no permission, a limit
 * of size), `bad-response` (what is stored was tampered with), and the signal's reason.
 */
export interface Artifacts {
  /**
   * Streams `source` in and replaces what was there; holds no more than a few chunks. Appears under its key only when
   * it is whole: a source that throws leaves what was there before, and its error comes out.
   */
  put(
    key: string,
    source: AsyncIterable<Uint8Array>,
    about: { readonly contentType: string },
    signal: AbortSignal,
  ): Promise<StoredArtifact>;
  /** In order. The first chunk throws PortError `not-found`. */
  get(key: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  stat(key: string, signal: AbortSignal): Promise<StoredArtifact | undefined>;
  /** In key order; `prefix` ends in "/". */
  list(prefix: string, signal: AbortSignal): Promise<readonly StoredArtifact[]>;
  /** Removes everything below `prefix`, which ends in "/", or the artifact of that key; tells how many there were. */
  remove(prefixOrKey: string, signal: AbortSignal): Promise<number>;
}
