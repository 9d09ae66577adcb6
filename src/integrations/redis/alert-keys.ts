import { key } from "./keys.ts";

/** Sorted set of the groups that were repeated, by when. */
export const repeatedKey = key("alerts", "repeated");

/** Stream of the changes that have no job yet: an entry for each round trip, with the groups that changed. */
export const unqueuedKey = key("alerts", "unqueued");

/** A hash. */
export function groupKey(id: string): string {
  return key("alerts", "group", id);
}
