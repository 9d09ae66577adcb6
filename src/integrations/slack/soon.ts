/** Somebody waits for an answer that must be there within 2 s. */
const askWithinMs = 1_200;

/** Slack may be slow: who waits gets what `tooSlow` makes, in time. Throws the signal's reason. */
export async function soon<T>(
  signal: AbortSignal,
  tooSlow: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const bound = AbortSignal.timeout(askWithinMs);
  try {
    return await work(AbortSignal.any([signal, bound]));
  } catch (error) {
    if (bound.aborted && !signal.aborted) throw tooSlow();
    throw error;
  }
}
