import { grouped } from "../../domain/grouped.ts";
import { isNewestFirst } from "../goroutine-dump/line-form.ts";
import type { LogEntry } from "./log-entry.ts";

const header = /goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[/;
const countsTitle = /goroutine profile: total \d/;
const countsRow = /^\d+ @ 0x/;

/**
 * The entries in the order in which they were written, those of one process behind those of another: answers of log stores stand
 * newest first more often than not. Those of one moment stay in their order, or the reverse of it: as the stacks read.
 */
export function asWritten(entries: readonly LogEntry[]): LogEntry[] {
  const kept = byWriterAndTime(entries);
  const wrong = wrongWayRound(kept);
  if (wrong === 0) return kept;
  const turned = byWriterAndTime(entries.toReversed());
  return wrongWayRound(turned) < wrong ? turned : kept;
}

function byWriterAndTime(entries: readonly LogEntry[]): LogEntry[] {
  return [...grouped(entries, ({ writer }) => writer).values()].flatMap((own) =>
    own.every(({ writtenNs }) => writtenNs !== undefined) ? own.toSorted(byTime) : own,
  );
}

function byTime(one: LogEntry, other: LogEntry): number {
  const [left = 0n, right = 0n] = [one.writtenNs, other.writtenNs];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** How many goroutines begin behind what should follow them, by the headers that are entries of their own. */
function wrongWayRound(entries: readonly LogEntry[]): number {
  let count = 0;
  let rowSeen = false;
  for (const [at, { text }] of entries.entries()) {
    if (countsRow.test(text)) rowSeen = true;
    else if (countsTitle.test(text)) {
      if (rowSeen) count++;
      rowSeen = false;
    } else if (header.test(text) && !text.trimEnd().includes("\n")) {
      const [second = "", third = ""] = entries.slice(at + 1, at + 3).map((entry) => entry.text.trimEnd());
      if (isNewestFirst(text.trimEnd(), second, third)) count++;
    }
  }
  return count;
}
