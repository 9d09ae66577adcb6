import type { CaptureLimits } from "../../ports/capture-limits.ts";
import type { GoTarget } from "../../ports/go-target.ts";

/**
 * The machine that a process runs on, as far as it can be told: what the alerts call it, else the host of its address,
 * whatever the process itself is called. Where each pod has an address of its own that is a node for each; a gateway
 * before all of them is one for all.
 */
export function nodeOf({ url }: Pick<GoTarget, "url">, named?: string): string {
  if (named !== undefined) return named;
  return url.startsWith("unix:") ? "this machine" : new URL(url).hostname;
}

/**
 * Does `work` with a place under the node's cap, or tells why there is none; then nothing was begun and the target is
 * closed.
 */
export async function onNode<Done>(
  node: string,
  target: Pick<GoTarget, "close">,
  { limits }: { readonly limits: CaptureLimits },
  signal: AbortSignal,
  work: () => Promise<Done>,
): Promise<Done | { readonly end: "busy"; readonly reason: string }> {
  const place = await limits.enterNode(node, signal).catch(async (error: unknown) => {
    await target.close();
    throw error;
  });
  if (!place.entered) {
    await target.close();
    return { end: "busy", reason: place.reason };
  }
  try {
    return await work();
  } finally {
    await place.leave(true);
  }
}
