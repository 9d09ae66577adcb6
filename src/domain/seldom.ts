/** Lines that are remembered; what says something new each time is not kept for ever. */
const most = 500;

/**
 * Passes each line on, the same one once in `everyMs` at most: an outage that is met a hundred times a minute is one
 * line a minute, with how often it was met.
 */
export function seldom(
  tell: (line: string) => void,
  nowMs: () => number,
  everyMs = 60_000,
): (line: string) => void {
  const told = new Map<string, { readonly atMs: number; since: number }>();
  return (line) => {
    const before = told.get(line);
    if (before !== undefined && nowMs() - before.atMs < everyMs) {
      before.since += 1;
      return;
    }
    told.delete(line);
    told.set(line, { atMs: nowMs(), since: 0 });
    const [oldest] = told.keys();
    if (told.size > most && oldest !== undefined) told.delete(oldest);
    const count = before?.since ?? 0;
    tell(count === 0 ? line : `${line} (and ${count} times more since it was told last)`);
  };
}
