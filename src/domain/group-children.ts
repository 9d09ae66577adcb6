import { declaredFunction, startedBy } from "./code-object.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { isKnownIdle } from "./known-idle.ts";
import type { OwnCode } from "./own-code.ts";

/**
 * Goroutines that those of `parent` probably started: a dump names the parent's id or function; elsewhere a closure's
 * name begins with the function that declares it. `own` keeps helpers of libraries between the two out of the way:
 * what errgroup.Go starts runs a closure of the caller.
 */
export function childrenOf(
  parent: GoroutineGroup,
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): GoroutineGroup[] {
  const ids = new Set(parent.exemplars.map(({ id }) => id));
  const functions = new Set(
    parent.stack.filter((frame) => own.isOwn(frame)).map(({ function: symbol }) => declaredFunction(symbol)),
  );
  return snapshot.groups.filter((group) => {
    if (group === parent || isKnownIdle(group)) return false;
    if (group.exemplars.some(({ parentId }) => parentId !== undefined && ids.has(parentId))) return true;
    const starter = startedBy(group);
    if (starter !== undefined && functions.has(starter)) return true;
    const outermost = group.stack.findLast((frame) => own.isOwn(frame))?.function;
    if (outermost === undefined) return false;
    const declared = declaredFunction(outermost);
    return declared !== outermost && functions.has(declared);
  });
}
