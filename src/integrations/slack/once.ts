/** How long a delivery is recognised: Slack's third and last retry of an event comes within seven minutes. */
const rememberMs = 600_000;
/** Far more than people do in that time. */
const most = 10_000;

export type Once<T> = (key: string, work: () => Promise<T>, isDone?: (outcome: T) => boolean) => Promise<T>;

/**
 * Does what is delivered twice once: with two connections the same delivery can come through both, and an event comes
 * again when its acknowledgement was slow (slackapi/bolt-js#2487, #2188). The second time it gets the first one's
 * outcome; what failed, or was not `isDone`, may be tried again. Another process is not covered: what changes something is
 * kept apart by its intent in the store.
 */
export function once<T>(nowMs: () => number): Once<T> {
  const known = new Map<string, { readonly sinceMs: number; readonly outcome: Promise<T> }>();

  function forget(): void {
    for (const [key, { sinceMs }] of known) {
      if (known.size <= most && nowMs() - sinceMs < rememberMs) return;
      known.delete(key);
    }
  }

  return (key, work, isDone = () => true) => {
    forget();
    const before = known.get(key);
    if (before !== undefined) return before.outcome;
    const outcome = work();
    known.set(key, { sinceMs: nowMs(), outcome });
    void outcome.then(isDone, () => false).then((done) => done || known.delete(key));
    return outcome;
  };
}
