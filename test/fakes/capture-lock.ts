import type { CaptureLock, LockHolder } from "../../src/ports/capture-lock.ts";

/** Locks in memory, for one clock. */
export function fakeCaptureLock(
  nowMs: () => number,
  me: Omit<LockHolder, "sinceMs"> = { pid: 1, host: "here" },
): CaptureLock {
  const locks = new Map<string, { readonly holder: LockHolder; readonly expiresAtMs: number }>();
  return {
    async acquire(target, expiresAtMs, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      const held = locks.get(target);
      if (held !== undefined && held.expiresAtMs > nowMs()) return { held: false, holder: held.holder };
      const mine = { holder: { ...me, sinceMs: nowMs() }, expiresAtMs };
      locks.set(target, mine);
      return {
        held: true,
        async release() {
          await Promise.resolve();
          if (locks.get(target) === mine) locks.delete(target);
        },
      };
    },
  };
}
