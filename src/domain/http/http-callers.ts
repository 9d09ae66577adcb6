import type { Frame } from "../code/frame.ts";
import { type OwnCode, ownFrames } from "../code/own-code.ts";
import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import { type Profile, sampleIndexOf, stackOf } from "../profiles/profile.ts";

/** An own function that makes HTTP requests. */
export interface HttpCaller {
  /** Own frames from the call outwards; the first one calls into the HTTP client. */
  readonly where: readonly Frame[];
  /** Bytes in use that were allocated in or below the function, as the last heap profile estimates; 0 when unseen. */
  readonly inuseBytes: number;
  /** Bytes allocated for its requests since the process started; 0 when unseen. */
  readonly allocBytes: number;
  /** How often it was seen in the middle of a request, by goroutine captures and CPU samples. */
  readonly sightings: number;
}

/** Where a request begins (Go source: net/http/client.go, transport.go). */
const entry =
  /^net\/http\.(?:\(\*Client\)\.(?:do|Do|Get|Head|Post|PostForm)|\(\*Transport\)\.RoundTrip|Get|Head|Post|PostForm)$|http2\.\(\*Transport\)\.RoundTrip$/;
function isEntry({ function: symbol }: Frame): boolean {
  return (symbol.startsWith("net/http.") || symbol.includes("http2")) && entry.test(symbol);
}

/**
 * The own frames that stand outside the outermost call into an HTTP client, innermost first; empty when the stack
 * makes no request or no own code asked for it. Own RoundTrippers stand inside and are passed over.
 */
export function callerFrames(stack: readonly Frame[], own: OwnCode): Frame[] {
  const at = stack.findLastIndex(isEntry);
  return at === -1 ? [] : ownFrames(stack.slice(at + 1), own);
}

/**
 * Own functions that make HTTP requests, those that hold most memory first, then those that allocated most for requests,
 * then those seen most often in one. Connections' own goroutines have no own frame, so this is how a leak
 * of connections is traced back; it is an inference.
 */
export function httpCallers({
  goroutines,
  heap,
  cpu,
  target: { own },
}: Partial<Pick<Evidence, "goroutines" | "heap" | "cpu">> & { readonly target: TargetFacts }): HttpCaller[] {
  const callers = new Map<string, { where: Frame[]; inuse: number; alloc: number; sightings: number }>();
  const seen = (where: Frame[]) => {
    const name = where[0]?.function ?? "";
    let caller = callers.get(name);
    if (caller === undefined) {
      caller = { where, inuse: 0, alloc: 0, sightings: 0 };
      callers.set(name, caller);
    }
    return caller;
  };
  for (const snapshot of goroutines?.series ?? []) {
    for (const group of snapshot.groups) {
      const where = callerFrames(group.stack, own);
      if (where.length > 0) seen(where).sightings += group.count;
    }
  }
  for (let sample = 0; sample < (cpu?.sampleCount ?? 0); sample++) {
    const where = cpu === undefined ? [] : callerFrames(stackOf(cpu, sample), own);
    if (where.length > 0) seen(where).sightings++;
  }
  const stacks = heapStacks(heap?.at(-1), own);
  for (const { stack, allocBytes } of stacks) {
    const where = callerFrames(stack, own);
    if (where.length > 0) seen(where).alloc += allocBytes;
  }
  for (const { ownStack, inuseBytes } of stacks) {
    const caller = inuseBytes > 0 ? ownStack.find((frame) => callers.has(frame.function)) : undefined;
    if (caller !== undefined) seen([caller]).inuse += inuseBytes;
  }
  return [...callers.values()]
    .sort((a, b) => b.inuse - a.inuse || b.alloc - a.alloc || b.sightings - a.sightings)
    .map(({ where, inuse, alloc, sightings }) => ({
      where,
      inuseBytes: inuse,
      allocBytes: alloc,
      sightings,
    }));
}

/** One sample of a heap profile that has own frames. */
export interface HeapStack {
  readonly stack: readonly Frame[];
  /** Its own frames, innermost first. */
  readonly ownStack: readonly Frame[];
  readonly inuseBytes: number;
  readonly inuseObjects: number;
  readonly allocBytes: number;
}

/** The samples that have own frames. */
export function heapStacks(profile: Profile | undefined, own: OwnCode): HeapStack[] {
  if (profile === undefined) return [];
  const [inuse, objects, alloc] = ["inuse_space", "inuse_objects", "alloc_space"].map(
    (type) => profile.values[sampleIndexOf(profile, type)],
  );
  const stacks: HeapStack[] = [];
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const stack = stackOf(profile, sample);
    const ownStack = ownFrames(stack, own);
    if (ownStack.length === 0) continue;
    stacks.push({
      stack,
      ownStack,
      inuseBytes: inuse?.[sample] ?? 0,
      inuseObjects: objects?.[sample] ?? 0,
      allocBytes: alloc?.[sample] ?? 0,
    });
  }
  return stacks;
}
