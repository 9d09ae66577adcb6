import { isRuntimeFrame } from "./goroutine-sites.ts";
import type { WaitSite } from "./wait-sites.ts";

/** With SetLimit, Go sends a token into a full channel until a task ends (golang.org/x/sync/errgroup errgroup.go). */
const go = /(?:^|\/)golang\.org\/x\/sync\/errgroup\.\(\*Group\)\.Go$/;
const task = /(?:^|\/)golang\.org\/x\/sync\/errgroup\.\(\*Group\)\.(?:Go|TryGo)\.func\d+$/;

/**
 * Whether those at a site wait for a slot of an errgroup: `inside` when they run in a task of an errgroup themselves, of
 * which no capture tells whether it is the same one.
 */
export function errgroupSlot({ groups }: WaitSite): "inside" | "outside" | undefined {
  const waits = groups.every(({ stack }) =>
    go.test(stack.find((frame) => !isRuntimeFrame(frame))?.function ?? ""),
  );
  if (!waits) return undefined;
  return groups.every(({ stack }) => stack.some((frame) => task.test(frame.function))) ? "inside" : "outside";
}
