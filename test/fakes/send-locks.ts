import type { SendLocks } from "../../src/ports/send-locks.ts";

export interface FakeSendLocks extends SendLocks {
  /** Who has been released, and for how long nobody gets it all the same. */
  readonly released: { readonly message: string; readonly restMs: number }[];
  /** What `mayBegin` says. */
  mayBegin: boolean;
  /** Lets whoever has it lose it. */
  lose(message: string): void;
}

/** Locks in memory, without time. */
export function fakeSendLocks(): FakeSendLocks {
  const held = new Map<string, AbortController>();
  const locks: FakeSendLocks = {
    released: [],
    mayBegin: true,
    lose: (message) => held.get(message)?.abort(new Error("the lock of a message was lost")),
    async acquire(message, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (held.has(message)) return undefined;
      const lost = new AbortController();
      held.set(message, lost);
      return {
        lost: lost.signal,
        mayBegin: () => locks.mayBegin,
        async release(restMs = 0) {
          await Promise.resolve();
          held.delete(message);
          locks.released.push({ message, restMs });
        },
      };
    },
  };
  return locks;
}
