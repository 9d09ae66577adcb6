import type { Frame } from "../code/frame.ts";
import type { OwnCode } from "../code/own-code.ts";
import type { CrashReport } from "./crash.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import { blamedFrames } from "./wait-sites.ts";

/**
 * The goroutine that brought the process down: the runtime prints it first, as [running], or in C code as [syscall]
 * (Go source: runtime/panic.go dopanic_m, runtime/signal_unix.go sighandler, runtime/traceback.go tracebackothers). A test
 * binary's alarm and the goroutine that writes a dump run too; one with own code is preferred, then the one with the
 * panicking frames.
 */
export function crashedGroup(
  crash: CrashReport,
  dump: GoroutineSnapshot,
  own: OwnCode,
): GoroutineGroup | undefined {
  const running = dump.groups.filter(({ state }) => state.startsWith("running"));
  const panicking = running.filter(isPanicking);
  const hasOwn = (group: GoroutineGroup) => group.stack.some((frame) => own.isOwn(frame));
  const first = crash.goroutine;
  if (first !== undefined && first.state.startsWith("syscall") && hasOwn(first)) return first;
  return panicking.find(hasOwn) ?? running.find(hasOwn) ?? panicking[0] ?? running[0] ?? first;
}

/** Its stack has the frames of a panic or of the runtime's abort. */
export function isPanicking({ stack }: GoroutineGroup): boolean {
  return stack.some(
    ({ function: symbol }) =>
      symbol === "panic" || /^runtime\.(?:throw|fatal|gopanic|panic|sigpanic)/.test(symbol),
  );
}

/**
 * Where it began: a deferred function that recovers, and panics again or logs, stands above the first panic, and the
 * frames below that one say who started it.
 */
export function panickedFrames(group: GoroutineGroup, own: OwnCode): readonly Frame[] {
  const first = group.stack.findLastIndex(({ function: symbol }) => symbol === "panic");
  const below = group.stack.slice(first + 1);
  return below.some((frame) => own.isOwn(frame))
    ? blamedFrames({ ...group, stack: below }, own)
    : blamedFrames(group, own);
}
