import { refused } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import type { Card } from "../../domain/incidents/incident.ts";
import type { Rooms } from "../../ports/rooms.ts";
import { isShown } from "../thread/show-message.ts";
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

/** Cards of one kind that show configuration, while gofire knows them. */
export interface TellingCards {
  all(signal: AbortSignal): Promise<readonly { readonly id: string; readonly channel: string }[]>;
  /** The card as it stands, and what it would say where others read; undefined where nothing was posted. */
  hushed(
    id: string,
    signal: AbortSignal,
  ): Promise<{ readonly card: Card; readonly body: MessageBody } | undefined>;
  /** Has a worker draw it anew. */
  wake(id: string, signal: AbortSignal): Promise<void>;
}

/** Has cards say no more of the configuration in channels that people of other workspaces were let into since. */
export async function hushOverheard(
  kinds: readonly TellingCards[],
  rooms: Pick<Rooms, "isOnlyOurs">,
  signal: AbortSignal,
): Promise<void> {
  const ours = new Map<string, boolean>();
  for (const kind of kinds) {
    for (const { id, channel } of await kind.all(signal)) {
      const isOurs = ours.get(channel) ?? (await rooms.isOnlyOurs(channel, signal));
      ours.set(channel, isOurs);
      const hushed = isOurs ? undefined : await kind.hushed(id, signal);
      if (hushed === undefined || isShown(hushed.card, hushed.body)) continue;
      await kind.wake(id, signal);
    }
  }
}
