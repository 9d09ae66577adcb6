import { codeObject, declaredFunction, startedBy } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import { append } from "../grouped.ts";
import { memoised } from "../memoised.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { isRuntimeFrame } from "./goroutine-sites.ts";

/**
 * Which groups run through which code, for one snapshot. Questions about a lock, a channel or a parent ask for the few
 * groups that share a type or a function with it; without an index every such question would read every stack.
 */
export interface StackIndex {
  /** Groups whose stack runs through a type or function as `codeObject` names it; runtime frames left out. */
  through(object: string): readonly GoroutineGroup[];
  /** Where they do: every such frame, those of one group together, innermost first. */
  places(object: string): readonly CodePlace[];
  /** The group's own frames, innermost first; runtime frames left out. */
  placesOf(group: GoroutineGroup): readonly CodePlace[];
  /** Groups whose `go` statement stands in this function, by its full symbol; only dumps know. */
  createdBy(symbol: string): readonly GoroutineGroup[];
  /** Groups started by a function of this type, as far as a creator or a closure's name tells. */
  startedByObject(object: string): readonly GoroutineGroup[];
  /** Groups with an example that this goroutine started (Go 1.21+). */
  childrenOf(id: number): readonly GoroutineGroup[];
}

export interface CodePlace {
  readonly group: GoroutineGroup;
  /** Index in the group's stack. */
  readonly index: number;
  readonly frame: Frame;
  /** The function as `declaredFunction` names it, and what it belongs to as `codeObject` does. */
  readonly declared: string;
  readonly object: string;
}

export const stackIndex = memoised(buildIndex);

function buildIndex({ groups }: GoroutineSnapshot): StackIndex {
  const objects = new Map<string, CodePlace[]>();
  const ofGroups = new Map<GoroutineGroup, CodePlace[]>();
  const creators = new Map<string, GoroutineGroup[]>();
  const starters = new Map<string, GoroutineGroup[]>();
  const parents = new Map<number, GoroutineGroup[]>();
  for (const group of groups) {
    const ofGroup: CodePlace[] = [];
    for (const [index, frame] of group.stack.entries()) {
      if (isRuntimeFrame(frame)) continue;
      const declared = declaredFunction(frame.function);
      const object = codeObject(declared);
      const place = { group, index, frame, declared, object };
      append(objects, object, place);
      ofGroup.push(place);
    }
    ofGroups.set(group, ofGroup);
    if (group.createdBy !== undefined) add(creators, group.createdBy.function, group);
    const starter = startedBy(group);
    if (starter !== undefined) add(starters, codeObject(starter), group);
    for (const { parentId } of group.exemplars) if (parentId !== undefined) add(parents, parentId, group);
  }
  return {
    through: (object) => [...new Set(objects.get(object)?.map(({ group }) => group))],
    places: (object) => objects.get(object) ?? [],
    placesOf: (group) => ofGroups.get(group) ?? [],
    createdBy: (symbol) => creators.get(symbol) ?? [],
    startedByObject: (object) => starters.get(object) ?? [],
    childrenOf: (id) => parents.get(id) ?? [],
  };
}

function add<Key>(index: Map<Key, GoroutineGroup[]>, key: Key, group: GoroutineGroup): void {
  if (index.get(key)?.at(-1) !== group) append(index, key, group);
}

/** Groups that run a function or one of its closures. */
export function running(snapshot: GoroutineSnapshot, declared: string): GoroutineGroup[] {
  const places = stackIndex(snapshot).places(codeObject(declared));
  return [...new Set(places.filter((place) => place.declared === declared).map(({ group }) => group))];
}
