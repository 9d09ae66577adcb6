import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import { isDirect } from "../../domain/chat/message.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Rooms } from "../../ports/rooms.ts";
import type { Asker } from "./refusal.ts";

/**
 * What somebody may see of all incidents: those of the channel they write in, of channels that every member can read,
 * and of the private ones they are in. Everything else is as if it did not exist; so is what the chat does not tell
 * about in time.
 */
export interface Sight {
  /** The store as this person sees it. */
  readonly incidents: Incidents;
  /** How many incidents are kept back only because the chat did not say who reads their channels. */
  untold(): number;
}

/** How many incidents are looked through for a list, at most. */
const mostLookedThrough = 1_600;

/** Whether somebody reads a channel, or may at any time; undefined when the chat does not tell. */
export async function mayRead(
  { userId, channel }: Asker,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    return (await rooms.isOpen(channel, signal)) || (await rooms.isIn(userId, channel, signal));
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

export function sightOf({ userId, channel }: Asker, incidents: Incidents, rooms: Rooms): Sight {
  const untold = new Set<string>();
  /** By channel; undefined: the chat did not tell. */
  const readable = new Map<string, Promise<boolean | undefined>>();

  async function isSeen({ id, place, origin }: Incident, signal: AbortSignal): Promise<boolean> {
    if (place.channel === channel) return true;
    // Of a conversation of two the chat tells nobody else.
    if (isDirect(place.channel)) return origin.kind !== "page" && origin.userId === userId;
    const answer = readable.get(place.channel) ?? mayRead({ userId, channel: place.channel }, rooms, signal);
    readable.set(place.channel, answer);
    const isReadable = await answer;
    if (isReadable === undefined) untold.add(id);
    return isReadable === true;
  }

  async function seen(found: readonly Incident[], signal: AbortSignal): Promise<readonly Incident[]> {
    const marks = await Promise.all(found.map((incident) => isSeen(incident, signal)));
    return found.filter((_, at) => marks[at] === true);
  }

  return {
    untold: () => untold.size,
    incidents: {
      ...incidents,
      async read(id, signal) {
        const incident = await incidents.read(id, signal);
        return incident !== undefined && (await isSeen(incident, signal)) ? incident : undefined;
      },
      async recent(filter, signal) {
        if (filter.channel === channel) return await incidents.recent(filter, signal);
        for (let limit = filter.limit; ; limit = Math.min(4 * limit, mostLookedThrough)) {
          const found = await incidents.recent({ ...filter, limit }, signal);
          const visible = await seen(found, signal);
          const isAll = found.length < limit || limit >= mostLookedThrough;
          if (visible.length >= filter.limit || isAll) return visible.slice(0, filter.limit);
        }
      },
    },
  };
}

/**
 * Of these channels, those whose findings may be said in `inChannel`, to everybody there; none that the chat does not tell
 * about. Where people of other workspaces listen, too, that is its own findings alone.
 */
export async function sayableIn(
  inChannel: string,
  channels: Iterable<string>,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  async function isSayable(of: string): Promise<boolean> {
    if (of === inChannel) return true;
    if (isDirect(of)) return false;
    try {
      return (
        (isDirect(inChannel) || (await rooms.isOnlyOurs(inChannel, signal))) &&
        (await rooms.isOpen(of, signal))
      );
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  const distinct = [...new Set(channels)];
  const marks = await Promise.all(distinct.map(isSayable));
  return new Set(distinct.filter((_, at) => marks[at] === true));
}

/** With the mark that it is for the person alone, when it tells of what not everybody in the channel may read. */
export async function inConfidence(
  reply: ChatReply,
  channel: string,
  rooms: Rooms,
  signal: AbortSignal,
): Promise<ChatReply> {
  if (reply.kind !== "status" && reply.kind !== "explain" && reply.kind !== "diff") return reply;
  const storms = reply.kind === "status" ? reply.storms.map((storm) => storm.channel) : [];
  const channels = [...incidentsIn(reply).map(({ place }) => place.channel), ...storms];
  const sayable = await sayableIn(channel, channels, rooms, signal);
  return channels.every((of) => sayable.has(of)) ? reply : { ...reply, inConfidence: true };
}

function incidentsIn(
  reply: Extract<ChatReply, { kind: "status" | "explain" | "diff" }>,
): readonly Incident[] {
  switch (reply.kind) {
    case "status":
      return [...reply.capturing, ...reply.waiting, ...reply.last, ...reply.shadowed];
    case "explain":
      return [reply.incident];
    case "diff":
      return [reply.before, reply.after];
  }
}
