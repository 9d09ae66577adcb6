import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { type Profile, sampleIndexOf } from "./profile.ts";
import { siteTotals } from "./profile-totals.ts";

/** How much one line of own code gained between two profiles of one process. */
export interface SiteChange {
  readonly frame: Frame;
  readonly before: number;
  readonly after: number;
  /** The heaviest stack through this line, of the later profile where it is still there. Innermost first. */
  readonly stack: readonly Frame[];
}

/**
 * What each line of own code gained in `sampleType`, largest gain first. Profiles that count since the start of the
 * process (mutex, block, allocations) show by this what happened in between. Undefined when one of the profiles lacks
 * the sample type.
 */
export function siteChanges(
  before: Profile,
  after: Profile,
  sampleType: string,
  own: OwnCode,
): SiteChange[] | undefined {
  const [first, last] = [sampleIndexOf(before, sampleType), sampleIndexOf(after, sampleType)];
  if (first === -1 || last === -1) return undefined;
  const earlier = new Map(siteTotals(before, first, own).map((site) => [siteName(site.frame), site]));
  const changes: SiteChange[] = [];
  for (const { frame, value, stack } of siteTotals(after, last, own)) {
    const name = siteName(frame);
    changes.push({ frame, before: earlier.get(name)?.value ?? 0, after: value, stack });
    earlier.delete(name);
  }
  for (const { frame, value, stack } of earlier.values())
    changes.push({ frame, before: value, after: 0, stack });
  return changes.sort((a, b) => b.after - b.before - (a.after - a.before));
}

/** The same for the same line of code. */
export function siteName({ function: symbol, file, line }: Frame): string {
  return `${symbol}\n${file}:${line}`;
}
