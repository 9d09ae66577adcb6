import { codeObject, isRequest, startedBy } from "../code/code-object.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { childrenOf } from "./group-children.ts";
import { isKnownIdle } from "./known-idle.ts";
import { stackIndex } from "./stack-index.ts";
import type { WaitSite } from "./wait-sites.ts";

/** True when the group waits for others in a WaitGroup. */
export function isInWaitGroup(group: GoroutineGroup): boolean {
  return (
    group.wait === "sync.WaitGroup.Wait" ||
    (group.wait === "semacquire" &&
      group.stack.some(({ function: symbol }) => symbol === "sync.(*WaitGroup).Wait"))
  );
}

/**
 * A wait for others that probably lasts as long as the process, so that its age is no news. Outside requests, and either
 * the goroutines it started serve a listener, a connection or a client; or others were started beside it, and it may wait
 * for them: the closure that closes the results when the crew has ended, main's goroutine that waits for main's servers.
 */
export function isLifelong(site: WaitSite, snapshot: GoroutineSnapshot, own: OwnCode): boolean {
  if (site.groups.some(isRequest)) return false;
  const members = new Set(site.groups);
  return site.groups.every(
    (group) =>
      childrenOf(group, snapshot, own).some((child) => !members.has(child) && isKnownIdle(child)) ||
      siblingsOf(group, snapshot).some((sibling) => !members.has(sibling) && !isRequest(sibling)),
  );
}

/**
 * Goroutines that were started beside `group`: by the same goroutine, where a dump tells which that was (Go 1.21), or by
 * the same function or type.
 */
function siblingsOf(group: GoroutineGroup, snapshot: GoroutineSnapshot): readonly GoroutineGroup[] {
  const index = stackIndex(snapshot);
  const starter = startedBy(group);
  return [
    ...group.exemplars.flatMap(({ parentId }) => (parentId === undefined ? [] : index.childrenOf(parentId))),
    ...(starter === undefined ? [] : index.startedByObject(codeObject(starter))),
  ];
}
