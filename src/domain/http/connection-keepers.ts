import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { Evidence } from "../evidence/evidence.ts";
import { type HttpCaller, heapStacks } from "./http-callers.ts";

/** Own frames from the call outwards that count as near it: the caller, and who called that. */
const nearCaller = 2;

/** An own function whose objects stay in memory, one or a few for every connection that stays open. */
export interface ConnectionKeeper {
  /** Own frames, innermost first. */
  readonly where: readonly Frame[];
  readonly inuseBytes: number;
  readonly inuseObjects: number;
}

/**
 * Own functions on the way to an HTTP request, or called by one, whose objects are still in use: who makes a client
 * for every request is found here. Largest first.
 */
export function connectionKeepers(
  callers: readonly HttpCaller[],
  evidence: Partial<Pick<Evidence, "heap">>,
  own: OwnCode,
): ConnectionKeeper[] {
  const near = new Set(
    callers.flatMap(({ where }) => where.slice(0, nearCaller).map((frame) => frame.function)),
  );
  const keepers = new Map<
    string,
    { where: readonly Frame[]; bytes: number; objects: number; most: number }
  >();
  for (const { ownStack, inuseBytes, inuseObjects } of heapStacks(evidence.heap?.at(-1), own)) {
    const name = ownStack[0]?.function;
    if (name === undefined || inuseBytes <= 0) continue;
    if (!ownStack.slice(0, nearCaller).some((frame) => near.has(frame.function))) continue;
    const keeper = keepers.get(name) ?? { where: ownStack, bytes: 0, objects: 0, most: 0 };
    keeper.bytes += inuseBytes;
    keeper.objects += inuseObjects;
    if (inuseBytes > keeper.most) {
      keeper.most = inuseBytes;
      keeper.where = ownStack;
    }
    keepers.set(name, keeper);
  }
  return [...keepers.values()]
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ where, bytes, objects }) => ({ where, inuseBytes: bytes, inuseObjects: objects }));
}
