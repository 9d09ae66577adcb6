import type { GoroutineGroup, GoroutineSnapshot } from "./goroutine.ts";
import type { OwnCode } from "./own-code.ts";

/**
 * The goroutine that brought the process down: the runtime prints it first, as [running]
 * (Go source: runtime/panic.go dopanic_m, runtime/traceback.go tracebackothers). A test binary's alarm and the
 * goroutine that writes a dump run too; one with own code is preferred, then the one with the panicking frames.
 */
export function crashedGroup(dump: GoroutineSnapshot, own: OwnCode): GoroutineGroup | undefined {
  const running = dump.groups.filter(({ state }) => state.startsWith("running"));
  const panicking = running.filter(({ stack }) =>
    stack.some(
      ({ function: symbol }) =>
        symbol === "panic" || /^runtime\.(?:throw|fatal|gopanic|panic|sigpanic)/.test(symbol),
    ),
  );
  const hasOwn = (group: GoroutineGroup) => group.stack.some((frame) => own.isOwn(frame));
  return panicking.find(hasOwn) ?? running.find(hasOwn) ?? panicking[0] ?? running[0];
}
