import type { CaptureLock, LockAttempt } from "../ports/capture-lock.ts";
import type { GoTarget } from "../ports/go-target.ts";
import { probeDeadlineMs } from "./find-index.ts";

/**
 * Locks a process for one capture under every name by which it can be known: its address in one spelling, and where a
 * connection to it leads. Who asks for the same process by another of its names finds one of these locks taken. What
 * cannot be known stays two targets: a Service's address in front of a pod's, a proxy's choice.
 */
export async function lockProcess(
  target: GoTarget,
  lock: CaptureLock,
  expiresAtMs: number,
  signal: AbortSignal,
): Promise<LockAttempt> {
  const first = await lock.acquire(target.name, expiresAtMs, signal);
  if (!first.held) return first;
  try {
    const reached = await target.reachedName(probeDeadlineMs, signal);
    if (reached === undefined || reached === target.name) return first;
    const second = await lock.acquire(reached, expiresAtMs, signal);
    if (!second.held) {
      await first.release();
      return second;
    }
    const lost = [first.lost, second.lost].filter((signal) => signal !== undefined);
    return {
      held: true,
      async release() {
        await Promise.all([second.release(), first.release()]);
      },
      ...(lost.length === 0 ? {} : { lost: AbortSignal.any(lost) }),
    };
  } catch (error) {
    await first.release();
    throw error;
  }
}
