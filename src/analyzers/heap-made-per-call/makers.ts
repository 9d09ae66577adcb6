import type { Frame } from "../../domain/code/frame.ts";
import { type OwnCode, ownFrames } from "../../domain/code/own-code.ts";
import { hasAnyOf, workClassifier, workSet } from "../../domain/code/work-kinds.ts";
import { heapStacks } from "../../domain/http/http-callers.ts";
import type { Profile } from "../../domain/profiles/profile.ts";

/** A kind of object that a process should make once. */
export interface MadeOnce {
  /** Within a sentence. */
  readonly many: string;
  /** At the beginning of one. */
  readonly title: string;
  /** The functions that make it. */
  readonly making: RegExp;
  /** As `go tool pprof -peek` takes it. */
  readonly peek: string;
  readonly cost: string;
  readonly next: readonly string[];
  /** A CPU profile tells as well, and better. */
  readonly byCpuToo: boolean;
}

export const madeOnce: readonly MadeOnce[] = [
  {
    many: "Redis clients",
    title: "Redis clients",
    making:
      /(?:^|\/)(?:redis\/go-redis|go-redis\/redis)(?:\/v\d+)?\.New(?:Client|ClusterClient|FailoverClient|FailoverClusterClient|UniversalClient|Ring)$/,
    peek: "redis.*New.*Client$",
    cost: "Each is a pool with connections of its own, so every use dials Redis anew.",
    next: [
      "Make one redis.Client when the process starts and share it: it is a pool, and safe for concurrent use.",
      "Then look at its PoolSize, and at redis-cli INFO stats: total_connections_received should stop rising with the requests.",
    ],
    byCpuToo: false,
  },
  {
    many: "regular expressions",
    title: "Regular expressions",
    making: /^regexp\.compile$/,
    peek: "regexp.compile$",
    cost: "Compiling costs many times what a match does, and all of it is garbage afterwards.",
    next: [
      "Move the pattern to a package-level variable: var pattern = regexp.MustCompile(`...`); a compiled Regexp is safe for concurrent use.",
      "When patterns come from configuration or users, keep the compiled ones in a bounded cache.",
      "See what it costs, by a CPU profile: gofire snapshot URL",
    ],
    byCpuToo: true,
  },
];

const packageInit = workSet("packageInit");

/** Own functions that made such objects, with the bytes that making them allocated since the start of the process. */
export function makers(
  { making }: MadeOnce,
  profile: Profile,
  own: OwnCode,
): ReadonlyMap<string, { readonly where: readonly Frame[]; readonly bytes: number }> {
  const found = new Map<string, { where: readonly Frame[]; bytes: number }>();
  if (!profile.frames.some((frame) => making.test(frame.function))) return found;
  const workOf = workClassifier();
  for (const { stack, allocBytes } of heapStacks(profile, own)) {
    const at = stack.findLastIndex((frame) => making.test(frame.function));
    if (at === -1 || allocBytes <= 0) continue;
    const where = ownFrames(stack.slice(at + 1), own);
    const [maker] = where;
    const once = stack.some(
      ({ function: symbol }) => symbol === "main.main" || hasAnyOf(workOf(symbol), packageInit),
    );
    if (maker === undefined || once) continue;
    const before = found.get(maker.function);
    if (before === undefined) found.set(maker.function, { where, bytes: allocBytes });
    else before.bytes += allocBytes;
  }
  return found;
}
