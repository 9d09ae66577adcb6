import { PortError } from "../domain/errors.ts";
import type { CaptureLock, LockAttempt } from "../ports/capture-lock.ts";

/**
 * A target under the lock of all workers (`wide`), and under the one of this machine (`near`), which a person at a terminal
 * of it takes, too. Where `near` cannot be kept nobody at this machine's terminal captures either, and what a process of
 * another machine left in it tells nothing that `wide` does not tell better: both are no reason to wait.
 */
export function bothLocks(wide: CaptureLock, near: CaptureLock, thisMachine: string): CaptureLock {
  return {
    async acquire(target, expiresAtMs, signal) {
      const first = await wide.acquire(target, expiresAtMs, signal);
      if (!first.held) return first;
      const second = await orRelease(first, () => acquireIfKept(near, target, expiresAtMs, signal));
      if (second === undefined) return first;
      if (second.held) return { ...first, release: () => releaseBoth(second, first) };
      if (second.holder.host !== thisMachine) return first;
      await first.release();
      return second;
    },
  };
}

type HeldLock = LockAttempt & { held: true };

/** Undefined where locks cannot be kept. */
async function acquireIfKept(
  lock: CaptureLock,
  ...of: Parameters<CaptureLock["acquire"]>
): Promise<LockAttempt | undefined> {
  try {
    return await lock.acquire(...of);
  } catch (error) {
    if (error instanceof PortError) return undefined;
    throw error;
  }
}

async function releaseBoth(second: HeldLock, first: HeldLock): Promise<void> {
  try {
    await second.release();
  } finally {
    await first.release();
  }
}

/** What `next` answers. When it throws, `lock` is released before the error is passed on. */
async function orRelease<T>(lock: HeldLock, next: () => Promise<T>): Promise<T> {
  try {
    return await next();
  } catch (error) {
    await lock.release();
    throw error;
  }
}
