import type { Rights } from "../../src/jobs/access/refusal.ts";
import { fakeRooms } from "./rooms.ts";

/** Everybody is a full member who may do everything, in channels that are open. */
export function everybodyMay(): Rights {
  return {
    people: {
      person: (id) => Promise.resolve({ id, name: id, standing: "member" }),
      isInGroup: () => Promise.resolve(false),
    },
    rooms: fakeRooms(),
    accounts: new Map(),
    access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
  };
}
