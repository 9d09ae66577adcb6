import { describe, expect, onTestFinished, test } from "vitest";
import type { People, Person } from "../../src/ports/people.ts";

const never = new AbortController().signal;

/** A workspace with somebody of each kind, and a user group. */
export interface PeopleWorld {
  readonly people: People;
  /** Ids by what they are. */
  readonly ids: Readonly<Record<Person["standing"], string>>;
  /** Nobody but the member is in it. */
  readonly group: string;
  /** From now on the chat answers nothing. */
  fallSilent(): void;
  close(): Promise<void>;
}

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function peopleContract(name: string, begin: () => Promise<PeopleWorld>): void {
  async function world(): Promise<PeopleWorld> {
    const made = await begin();
    onTestFinished(() => made.close());
    return made;
  }

  describe(`${name} as people`, () => {
    test("tells members from all others", async () => {
      const { people, ids } = await world();
      for (const [standing, id] of Object.entries(ids)) {
        expect(await people.person(id, never)).toMatchObject({ id, standing, name: expect.any(String) });
      }
    });

    test("says that there is nobody of an id", async () => {
      const { people } = await world();
      await expect(people.person("U0NOBODY99", never)).rejects.toMatchObject({
        name: "PortError",
        code: "not-found",
      });
    });

    test("tells who is in a group, and nobody of one that there is not", async () => {
      const { people, ids, group } = await world();
      expect(await people.isInGroup(ids.member, group, never)).toBe(true);
      expect(await people.isInGroup(ids.guest, group, never)).toBe(false);
      expect(await people.isInGroup(ids.member, "S0NOWHERE9", never)).toBe(false);
    });

    test("says nothing about what the chat does not tell", async () => {
      const silent = await world();
      const { people, ids, group } = silent;
      silent.fallSilent();
      await expect(people.person(ids.member, never)).rejects.toMatchObject({ name: "PortError" });
      await expect(people.isInGroup(ids.member, group, never)).rejects.toMatchObject({ name: "PortError" });
    });

    test("ends with the reason of the signal", async () => {
      const { people, ids, group } = await world();
      const reason = new Error("enough");
      const given = AbortSignal.abort(reason);
      await expect(people.person(ids.member, given)).rejects.toBe(reason);
      await expect(people.isInGroup(ids.member, group, given)).rejects.toBe(reason);
    });
  });
}
