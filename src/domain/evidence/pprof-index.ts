/** The page at `/debug/pprof/`: which profiles a process offers, at next to no cost for it. */
export interface PprofIndex {
  readonly artifact: string;
  /** In the page's order. */
  readonly profiles: readonly OfferedProfile[];
}

export interface OfferedProfile {
  /** As it is requested: `/debug/pprof/NAME`, before URL encoding. */
  readonly name: string;
  /** Records in the profile; for `goroutine` the number of goroutines, for `profile` and `trace` always 0. */
  readonly count: number;
}

/** How many records a profile has; undefined when the process does not offer it. */
export function offeredCount(index: PprofIndex, name: string): number | undefined {
  return index.profiles.find((profile) => profile.name === name)?.count;
}
