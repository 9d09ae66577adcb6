import { codeObject, isRequest } from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineSnapshot } from "./goroutine.ts";
import { stackIndex } from "./stack-index.ts";
import type { WaitSite } from "./wait-sites.ts";

/** Own frames from the wait outwards: the one that calls Wait, and who calls such an `Enter`. */
const nearWait = 2;

/**
 * True when requests wait for a `sync.Cond` and nobody in the capture looks like one who would signal: none runs code of the
 * type that waits, and none has come past the wait and stands further on in the same functions, as those do whom a
 * limiter has let in. Such a wait heeds no context, so a request stays in it when its client has gone.
 */
export function isUnsignalled(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  if (!site.groups.every((group) => group.wait === "sync.Cond.Wait" && isRequest(group))) return false;
  const members = new Set(site.groups);
  const index = stackIndex(snapshot);
  return site.where
    .filter((frame) => own.isOwn(frame))
    .slice(0, nearWait)
    .every(({ function: symbol, line }, at) =>
      index
        .places(codeObject(symbol))
        .every(
          ({ group, frame }) =>
            members.has(group) || (at > 0 && !(frame.function === symbol && frame.line > line)),
        ),
    );
}
