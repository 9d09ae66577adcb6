import { setMaxListeners } from "node:events";
import { redisError } from "./connection.ts";

/** Until a command that waits for a lost server counts as failed. */
const patienceMs = 15_000;

/**
 * Gives a command and awaits it with the signal and our patience, in our errors. The command itself cannot be taken back: it may
 * still be carried out when the server returns, so callers' commands must bear that.
 */
export async function ask<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  // Many questions of one job, or of all that never end, are no leak.
  setMaxListeners(0, signal);
  try {
    // Every step of every job asks a few times: no signal and no error of its own for each.
    return await new Promise<T>((resolve, reject) => {
      const end = () => reject(signal.reason);
      const timer = setTimeout(() => reject(new Error("no answer")), patienceMs);
      signal.addEventListener("abort", end);
      void work()
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
        });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw redisError(error);
  }
}
