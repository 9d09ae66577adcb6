import { PortError } from "../../domain/errors.ts";
import { redisError } from "./connection.ts";

/** Losing a race this often in a row means that somebody writes without end. */
const mostAttempts = 50;

/** How a thing of many writers is read, and saved if nobody was quicker. */
export interface Kept<Thing> {
  read(): Promise<Thing | undefined>;
  /** As it is saved; undefined when `before` is not the newest version any more. */
  save(before: Thing, changed: Thing): Promise<Thing | undefined>;
}

/**
 * The newest version with `change` applied, saved; `change` is called again when somebody else was quicker, and what it gives back
 * as it was is not saved. Throws PortError `not-found`, and `unavailable` when somebody else is quicker without end.
 */
export async function updated<Thing>(
  id: string,
  what: string,
  kept: Kept<Thing>,
  change: (now: Thing) => Thing,
): Promise<Thing> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const before = await kept.read();
    if (before === undefined) throw new PortError("not-found", id, `There is no ${what} any more.`);
    const changed = change(before);
    if (changed === before) return before;
    const saved = await kept.save(before, changed);
    if (saved !== undefined) return saved;
  }
  throw redisError(new Error(`${what} changes too fast to be changed`));
}
