import { packagePath } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import { memoisedOfTwo } from "../memoised.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";

/**
 * The groups that have own frames in a package in which one of `groups` has its innermost own frame, those of `groups`
 * among them.
 */
export function groupsInPackagesOf(
  groups: readonly GoroutineGroup[],
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): readonly GoroutineGroup[] {
  const innermost = groups.flatMap(({ stack }) => stack.find((frame) => own.isOwn(frame)) ?? []);
  const packages = new Set(innermost.map(({ function: symbol }) => packagePath(symbol)));
  const all = groupsByPackage(snapshot, own);
  return [...new Set([...packages].flatMap((path) => [...(all.get(path) ?? [])]))];
}

/** Read off the stacks once: each place that waits asks. */
const groupsByPackage = memoisedOfTwo((snapshot: GoroutineSnapshot, own: OwnCode) => {
  const groups = new Map<string, Set<GoroutineGroup>>();
  for (const group of snapshot.groups) {
    for (const frame of group.stack) {
      if (!own.isOwn(frame)) continue;
      const path = packagePath(frame.function);
      const here = groups.get(path);
      if (here === undefined) groups.set(path, new Set([group]));
      else here.add(group);
    }
  }
  return groups;
});
