import type { Position } from "../evidence/parse-result.ts";
import type { GoroutineGroup } from "./goroutine.ts";

/** The death of a process as its log tells it, found in front of a goroutine dump. */
export interface CrashReport {
  readonly artifact: string;
  /** `panic: ...`, `fatal error: ...` (cannot be recovered) or `SIGQUIT: quit` (asked for by a person). */
  readonly kind: "panic" | "fatal error" | "signal";
  /** The first line without its prefix, e.g. "concurrent map writes". */
  readonly message: string;
  readonly at: Position;
  /** The group of the first goroutine behind the words, the scheduler's own left out. */
  readonly goroutine?: GoroutineGroup;
}
