import { codeObject } from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { isKnownIdle } from "./known-idle.ts";
import { stackIndex } from "./stack-index.ts";
import type { WaitSite } from "./wait-sites.ts";

/** Own frames from the send outwards: the send itself, and who calls such an `acquire`. */
const nearSend = 2;

/**
 * Goroutines that have come past the line at which those of `site` send, and stand further on in the same function: where
 * the channel is a semaphore, they hold its slots. Only where every one of them has waited for `minutes` or longer, for
 * others or for a peer; largest first, and empty when any of them may be at work.
 */
export function stalledHolders(
  site: WaitSite,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
  minutes: number,
): readonly GoroutineGroup[] {
  const members = new Set(site.groups);
  const beyond = site.where.slice(0, nearSend).flatMap((line) =>
    stackIndex(snapshot)
      .places(codeObject(line.function))
      .filter(({ frame }) => frame.function === line.function && frame.line > line.line && own.isOwn(frame))
      .map(({ group }) => group),
  );
  const holders = [...new Set(beyond)].filter((group) => !members.has(group) && !isKnownIdle(group));
  return holders.every(
    ({ wait, waitMinutes }) =>
      (wait === "select" || wait === "IO wait") && (waitMinutes?.min ?? 0) >= minutes,
  )
    ? holders.toSorted((a, b) => b.count - a.count)
    : [];
}
