import { PortError } from "../../src/domain/errors.ts";
import type { People, Person } from "../../src/ports/people.ts";

export interface FakePeople extends People {
  readonly standings: Map<string, Person["standing"]>;
  /** Group -> its members. */
  readonly groups: Map<string, readonly string[]>;
  /** The chat answers nothing while this is true. */
  silent: { people: boolean; groups: boolean };
}

/** People by what a test says of them; nobody else is known. */
export function fakePeople(standings: Readonly<Record<string, Person["standing"]>>): FakePeople {
  const people: FakePeople = {
    standings: new Map(Object.entries(standings)),
    groups: new Map(),
    silent: { people: false, groups: false },
    async person(id, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (people.silent.people) throw new PortError("unavailable", "chat", "The chat does not answer.");
      const standing = people.standings.get(id);
      if (standing === undefined) throw new PortError("not-found", id, "Nobody has this id.");
      return { id, name: id.toLowerCase(), standing };
    },
    async isInGroup(id, group, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (people.silent.groups) throw new PortError("timeout", "chat", "The chat takes too long.");
      return people.groups.get(group)?.includes(id) ?? false;
    },
  };
  return people;
}
