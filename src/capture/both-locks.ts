import { PortError } from "../domain/errors.ts";
import type { CaptureLock } from "../ports/capture-lock.ts";

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
      try {
        const second = await near.acquire(target, expiresAtMs, signal);
        if (second.held) {
          const release = async () => {
            await second.release();
            await first.release();
          };
          return { ...first, release };
        }
        if (second.holder.host !== thisMachine) return first;
        await first.release();
        return second;
      } catch (error) {
        if (error instanceof PortError) return first;
        await first.release();
        throw error;
      }
    },
  };
}
