import type { Frame } from "../code/frame.ts";
import { memoised } from "../memoised.ts";
import { counted, rangeText } from "../units.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";

/** Deep enough to tell sites apart, shallow enough to survive the 32-frame limit of profiles before Go 1.23. */
const siteDepth = 12;

/**
 * Identity of a blocked place across captures and capture forms: the innermost frames that every form shows.
 * Runtime frames are left out because debug=1 hides the leading ones and debug=2 hides them all, the outermost
 * `runtime.main` included (Go source: runtime/traceback.go showfuncinfo, runtime/pprof/pprof.go printStackRecord).
 */
export const siteKey = memoised(findKey);

function findKey(group: Pick<GoroutineGroup, "stack">): string {
  const frames: string[] = [];
  for (const frame of group.stack) {
    if (isRuntimeFrame(frame)) continue;
    frames.push(`${frame.function}:${frame.line}`);
    if (frames.length === siteDepth) break;
  }
  return frames.join("\n");
}

/** Frames of the runtime itself; `internal/runtime/` was `runtime/internal/` before Go 1.23. */
export function isRuntimeFrame(frame: Frame): boolean {
  const { function: symbol } = frame;
  return (
    symbol.startsWith("runtime.") ||
    symbol.startsWith("internal/runtime/") ||
    symbol.startsWith("runtime/internal/")
  );
}

/** Frames of package sync, whose locks are in `internal/sync` since Go 1.24. */
export function isSyncFrame({ function: symbol }: Frame): boolean {
  return symbol.startsWith("sync.") || symbol.startsWith("internal/sync.");
}

/** Whether the function is anywhere on the group's stack. */
export function hasFrame({ stack }: Pick<GoroutineGroup, "stack">, symbol: string): boolean {
  return stack.some((frame) => frame.function === symbol);
}

const countsBySite = memoised(({ groups }: GoroutineSnapshot) => {
  const counts = new Map<string, number>();
  for (const group of groups) {
    const key = siteKey(group);
    counts.set(key, (counts.get(key) ?? 0) + group.count);
  }
  return counts;
});

/** True when somebody stands at the site of `group` in that snapshot, too. */
export function isAlsoIn(snapshot: GoroutineSnapshot, group: GoroutineGroup): boolean {
  return countsBySite(snapshot).has(siteKey(group));
}

/** One line for an excerpt: `chan send, 3-41 min, 50 goroutines: shop/x.(*T).F x.go:12`. */
export function groupText(group: GoroutineGroup, frame: Frame | undefined): string {
  const age = group.waitMinutes === undefined ? "" : `, ${rangeText(group.waitMinutes)} min`;
  const place = frame === undefined ? "" : `: ${frame.function} ${shortFile(frame.file)}:${frame.line}`;
  return `${counted(group.count, "goroutine")} [${group.state}${age}]${place}`;
}

/** Last two elements of a path: enough to find the file, short enough for a card. */
export function shortFile(file: string): string {
  return file.split("/").slice(-2).join("/");
}
