import { entryFrame } from "../code/code-object.ts";
import { type Frame, packagePath } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import { heapStacks } from "../http/http-callers.ts";
import type { Profile } from "./profile.ts";

/** The least part of the objects in use that one user must have to be named. */
const leastShare = 0.5;

/** `google.golang.org/grpc/internal/transport.(*http2Client).keepalive` -> `google.golang.org/grpc`. */
export function libraryOf(symbol: string): string {
  const path = packagePath(symbol);
  const parts = path.split("/");
  return parts[0]?.includes(".") ? parts.slice(0, /^(?:github|gitlab)\./.test(path) ? 3 : 2).join("/") : path;
}

/**
 * Who makes a library start goroutines, where these have no own code in their stacks: the own frames, innermost first,
 * under which the library's function that started them has most objects in use. Where the capture does not name that
 * function, as profiles never do, any function of the library they run in counts. Empty when the heap profile has no
 * sample of it, as with few small objects.
 */
export function libraryUser(
  groups: readonly GoroutineGroup[],
  heap: Profile | undefined,
  own: OwnCode,
): readonly Frame[] {
  const starters = new Set(groups.flatMap(({ createdBy }) => createdBy?.function ?? []));
  if (starters.size > 0) return heaviestUser(heap, own, (symbol) => starters.has(symbol));
  const libraries = new Set(
    groups.flatMap(({ stack }) => {
      const entry = entryFrame(stack);
      return entry === undefined || own.isStandardLibrary(entry) ? [] : libraryOf(entry.function);
    }),
  );
  return libraries.size === 0 ? [] : heaviestUser(heap, own, (symbol) => libraries.has(libraryOf(symbol)));
}

function heaviestUser(
  heap: Profile | undefined,
  own: OwnCode,
  isTheirs: (symbol: string) => boolean,
): readonly Frame[] {
  const users = new Map<string, { where: readonly Frame[]; bytes: number }>();
  let all = 0;
  for (const { stack, ownStack, inuseBytes } of heapStacks(heap, own)) {
    const [caller] = ownStack;
    if (caller === undefined || inuseBytes <= 0) continue;
    if (!stack.slice(0, stack.indexOf(caller)).some(({ function: symbol }) => isTheirs(symbol))) continue;
    const user = users.get(caller.function) ?? { where: ownStack, bytes: 0 };
    user.bytes += inuseBytes;
    all += inuseBytes;
    users.set(caller.function, user);
  }
  const [first] = [...users.values()].sort((a, b) => b.bytes - a.bytes);
  return first !== undefined && first.bytes >= all * leastShare ? first.where : [];
}
