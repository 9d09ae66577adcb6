import type { Frame } from "./frame.ts";
import type { GoroutineGroup } from "./goroutine.ts";
import { heapStacks } from "./http-callers.ts";
import type { OwnCode } from "./own-code.ts";
import type { Profile } from "./profile.ts";

/** The least part of the objects in use that one user must have to be named. */
const leastShare = 0.5;

/**
 * Who makes a library start goroutines, where these have no own code in their stacks: the own frames, innermost first,
 * under which the library's function that started them has most objects in use. Empty when the capture does not name
 * that function, or when the heap profile has no sample of it, as with few small objects.
 */
export function libraryUser(
  groups: readonly GoroutineGroup[],
  heap: Profile | undefined,
  own: OwnCode,
): readonly Frame[] {
  const starters = new Set(groups.flatMap(({ createdBy }) => createdBy?.function ?? []));
  if (starters.size === 0) return [];
  const users = new Map<string, { where: readonly Frame[]; bytes: number }>();
  let all = 0;
  for (const { stack, ownStack, inuseBytes } of heapStacks(heap, own)) {
    const name = ownStack[0]?.function;
    if (name === undefined || inuseBytes <= 0) continue;
    if (!stack.some((frame) => starters.has(frame.function))) continue;
    const user = users.get(name) ?? { where: ownStack, bytes: 0 };
    user.bytes += inuseBytes;
    all += inuseBytes;
    users.set(name, user);
  }
  const [first] = [...users.values()].sort((a, b) => b.bytes - a.bytes);
  return first !== undefined && first.bytes >= all * leastShare ? first.where : [];
}
