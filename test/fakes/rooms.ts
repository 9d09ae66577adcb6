import { PortError } from "../../src/domain/errors.ts";
import type { Rooms } from "../../src/ports/rooms.ts";

export interface FakeRooms extends Rooms {
  /** Channels that are not open, with who is in them; all others are open. */
  readonly closed: Map<string, readonly string[]>;
  /** Channels that gofire does not see. */
  readonly unseen: Set<string>;
  /** Channels in which people of other workspaces are, too. */
  readonly shared: Set<string>;
  /** The chat answers nothing while this is true. */
  silent: boolean;
}

export function fakeRooms(): FakeRooms {
  async function answer(signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (rooms.silent) throw new PortError("unavailable", "chat", "The chat does not answer.");
  }
  const rooms: FakeRooms = {
    closed: new Map(),
    unseen: new Set(),
    shared: new Set(),
    silent: false,
    async isOpen(channel, signal) {
      await answer(signal);
      return !rooms.closed.has(channel) && !rooms.unseen.has(channel);
    },
    async isOnlyOurs(channel, signal) {
      await answer(signal);
      return !rooms.shared.has(channel) && !rooms.unseen.has(channel);
    },
    async isIn(userId, channel, signal) {
      await answer(signal);
      return !rooms.unseen.has(channel) && rooms.closed.get(channel)?.includes(userId) === true;
    },
  };
  return rooms;
}
