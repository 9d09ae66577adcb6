import { key } from "./keys.ts";

/** Sorted set of the groups that were repeated, by when. */
export const repeatedKey = key("alerts", "repeated");

/** List of the repeats that are not counted yet: a line for each round trip, with when it was and the groups. */
export const notedKey = key("alerts", "noted");

/** Stream of the changes that have no job yet: an entry for each round trip, with the groups that changed. */
export const unqueuedKey = key("alerts", "unqueued");

/** A hash. */
export function groupKey(id: string): string {
  return key("alerts", "group", id);
}
