import { describe, expect, onTestFinished, test } from "vitest";
import type { Rooms } from "../../src/ports/rooms.ts";

const never = new AbortController().signal;

/** A workspace with one person and the ids of three channels. */
export interface RoomsWorld {
  readonly rooms: Rooms;
  readonly person: string;
  readonly somebodyElse: string;
  readonly open: string;
  /** Like `open`, and people of another workspace are in it. */
  readonly shared: string;
  /** Private, and `person` is in it; so is gofire. */
  readonly closed: string;
  /** Private, `person` is in it, and gofire is not. */
  readonly unseen: string;
  /** From now on the chat answers nothing. */
  fallSilent(): void;
  close(): Promise<void>;
}

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function roomsContract(name: string, begin: () => Promise<RoomsWorld>): void {
  async function world(): Promise<RoomsWorld> {
    const made = await begin();
    onTestFinished(() => made.close());
    return made;
  }

  describe(`${name} as rooms`, () => {
    test("tells open channels from closed ones", async () => {
      const { rooms, open, closed } = await world();
      expect(await rooms.isOpen(open, never)).toBe(true);
      expect(await rooms.isOpen(closed, never)).toBe(false);
    });

    test("tells where people of other workspaces read, too", async () => {
      const { rooms, open, closed, shared } = await world();
      expect(await rooms.isOnlyOurs(open, never)).toBe(true);
      expect(await rooms.isOnlyOurs(closed, never)).toBe(true);
      expect(await rooms.isOnlyOurs(shared, never)).toBe(false);
      expect(await rooms.isOpen(shared, never)).toBe(true);
    });

    test("tells who is in a closed one", async () => {
      const { rooms, closed, person, somebodyElse } = await world();
      expect(await rooms.isIn(person, closed, never)).toBe(true);
      expect(await rooms.isIn(somebodyElse, closed, never)).toBe(false);
    });

    test("is open, ours and known to have somebody in it for no channel that gofire does not see", async () => {
      const { rooms, person, unseen } = await world();
      for (const channel of [unseen, "C0NOWHERE9"]) {
        expect(await rooms.isOpen(channel, never)).toBe(false);
        expect(await rooms.isOnlyOurs(channel, never)).toBe(false);
        expect(await rooms.isIn(person, channel, never)).toBe(false);
      }
    });

    test("says nothing about what the chat does not tell", async () => {
      const silent = await world();
      const { rooms, open, closed, person } = silent;
      silent.fallSilent();
      await expect(rooms.isOpen(open, never)).rejects.toMatchObject({ name: "PortError" });
      await expect(rooms.isOnlyOurs(open, never)).rejects.toMatchObject({ name: "PortError" });
      await expect(rooms.isIn(person, closed, never)).rejects.toMatchObject({ name: "PortError" });
    });

    test("ends with the reason of the signal", async () => {
      const { rooms, open, closed, person } = await world();
      const reason = new Error("enough");
      const given = AbortSignal.abort(reason);
      await expect(rooms.isOpen(open, given)).rejects.toBe(reason);
      await expect(rooms.isOnlyOurs(open, given)).rejects.toBe(reason);
      await expect(rooms.isIn(person, closed, given)).rejects.toBe(reason);
    });
  });
}
