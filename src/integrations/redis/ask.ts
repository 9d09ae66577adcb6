import { redisError } from "./connection.ts";

/** Until a command that waits for a lost server counts as failed. */
const patienceMs = 15_000;

/**
 * Gives a command and awaits it with the signal and our patience, in our errors. The command itself cannot be taken back: it may
 * still be carried out when the server returns, so callers' commands must bear that.
 */
export async function ask<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const late = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const given = new Promise<never>((_, reject) => {
    late.addEventListener("abort", () => reject(signal.aborted ? signal.reason : new Error("no answer")), {
      signal: over.signal,
    });
  });
  try {
    return await Promise.race([work(), given]);
  } catch (error) {
    signal.throwIfAborted();
    throw redisError(error);
  } finally {
    over.abort();
  }
}
