/** A page that has been open for longer is no moment of its own any more: what holds is now. */
const freshPageMs = 600_000;

/** The moment that is asked about beside a capture: when the alert began, if that was a moment ago, else now. */
export function momentAsked(sinceMs: number | undefined, nowMs: number): number {
  const isFresh = sinceMs !== undefined && sinceMs <= nowMs && nowMs - sinceMs <= freshPageMs;
  return isFresh ? sinceMs : nowMs;
}
