import { refused } from "../../domain/chat/chat-reply.ts";
import type { Rooms } from "../../ports/rooms.ts";
import type { Refusal } from "./refusal.ts";

const elsewhere = "Write it in a channel that is this workspace's alone.";

/**
 * Why configuration is neither shown nor decided on in a channel in which people of other workspaces read (Slack Connect);
 * undefined where nobody else does. `nothing`: what does not happen there. Throws PortError where the chat does not tell.
 */
export async function refusalWhereOverheard(
  nothing: string,
  channel: string,
  rooms: Pick<Rooms, "isOnlyOurs">,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  return (await rooms.isOnlyOurs(channel, signal))
    ? undefined
    : refused(`People of other workspaces read here, so ${nothing}.`, elsewhere);
}
