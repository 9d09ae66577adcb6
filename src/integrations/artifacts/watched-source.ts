/** A source on its way into a store, which tells its own errors from the store's. */
export interface WatchedSource {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** How many went through. */
  bytes(): number;
  /** What the source threw. */
  failure(): { readonly error: unknown } | undefined;
}

/** Ends with the signal's reason, even while the source says nothing. */
export function watchedSource(source: AsyncIterable<Uint8Array>, signal: AbortSignal): WatchedSource {
  let bytes = 0;
  let failure: { readonly error: unknown } | undefined;

  async function* watched(): AsyncGenerator<Uint8Array> {
    const chunks = source[Symbol.asyncIterator]();
    let open = true;
    try {
      for (;;) {
        const next = await nextOf(chunks, signal);
        if (next.done === true) {
          open = false;
          return;
        }
        bytes += next.value.length;
        // To a stream of objects, an empty chunk may mean the end.
        if (next.value.length > 0) yield next.value;
      }
    } catch (error) {
      failure = { error };
      open = signal.aborted;
      throw error;
    } finally {
      // Not awaited: a source that says nothing does not hear this either.
      if (open) void chunks.return?.().catch(() => {});
    }
  }

  return { chunks: watched(), bytes: () => bytes, failure: () => failure };
}

/** Not Promise.race with one promise for all chunks: it would hold every chunk until the end. */
function nextOf(
  chunks: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<Uint8Array, unknown>> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    void chunks
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}
