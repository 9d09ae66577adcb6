import { PortError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Rate } from "./limits.ts";

/** Keeps calls below Slack's rates, so that 429 is the exception. */
export interface Pace {
  /**
   * Waits for its turn under `rate`, in the order of asking. Throws PortError `rate-limited` with `retryAfterMs`
   * instead of waiting longer than `patienceMs`, and the signal's reason.
   */
  enter(key: string, rate: Rate, patienceMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Slack said so: nothing under this key before `ms` have passed, and after that half the rate for a minute, because
   * somebody else uses it, too.
   */
  pause(key: string, ms: number): void;
  /** How long the key is paused from now on; 0 when it is not. */
  pausedMs(key: string): number;
}

/** Longer than any rate's window. */
const keptMs = 120_000;
/** How long a rate is taken to be shared after a 429. */
const sharedForMs = 60_000;
/** Processes that may share a rate before 429 is the rule again. */
const mostSharers = 8;

/** Sliding windows in memory: each process has its own, and what they exceed together is told by 429. */
export function createPace(clock: Clock): Pace {
  /** Times of calls that went, or will go, by key; ascending. */
  const turns = new Map<string, number[]>();
  const pausedUntil = new Map<string, number>();
  /** Into how many parts a rate is taken to be divided, and for how long. */
  const sharers = new Map<string, { readonly count: number; readonly untilMs: number }>();

  function pausedMs(key: string): number {
    const restMs = (pausedUntil.get(key) ?? 0) - clock.monotonicMs();
    if (restMs > 0) return restMs;
    pausedUntil.delete(key);
    return 0;
  }

  function sharersOf(key: string): number {
    const known = sharers.get(key);
    if (known === undefined || known.untilMs > clock.monotonicMs()) return known?.count ?? 1;
    sharers.delete(key);
    return 1;
  }

  /** Who does not go after all leaves the place to the others. */
  function giveBack(key: string, turnMs: number): void {
    const times = turns.get(key) ?? [];
    const place = times.indexOf(turnMs);
    if (place >= 0) times.splice(place, 1);
  }

  /** Channels come and go; their windows must not stay for ever. */
  function forgetIdle(nowMs: number): void {
    if (turns.size < 1_000) return;
    for (const [key, times] of turns) if ((times.at(-1) ?? 0) < nowMs - keptMs) turns.delete(key);
  }

  return {
    pausedMs,
    pause(key, ms) {
      // Calls that were under way when the first one was refused are refused, too: that counts once.
      const count = pausedMs(key) > 0 ? sharersOf(key) : Math.min(sharersOf(key) * 2, mostSharers);
      sharers.set(key, { count, untilMs: clock.monotonicMs() + ms + sharedForMs });
      pausedUntil.set(key, Math.max(pausedUntil.get(key) ?? 0, clock.monotonicMs() + ms));
    },
    async enter(key, { most, windowMs }, patienceMs, signal) {
      signal.throwIfAborted();
      const nowMs = clock.monotonicMs();
      forgetIdle(nowMs);
      const times = (turns.get(key) ?? []).filter((at) => at > nowMs - keptMs);
      turns.set(key, times);
      const share = Math.ceil(most / sharersOf(key));
      const freeMs = times.length < share ? 0 : (times.at(-share) ?? 0) + windowMs;
      const turnMs = Math.max(nowMs + pausedMs(key), freeMs, times.at(-1) ?? 0);
      if (turnMs - nowMs > patienceMs) throw tooFast(key, turnMs - nowMs);
      times.push(turnMs);
      try {
        if (turnMs > nowMs) await clock.sleep(turnMs - nowMs, signal);
        // Slack may have asked for silence meanwhile.
        const restMs = pausedMs(key);
        if (restMs > 0) throw tooFast(key, restMs);
      } catch (error) {
        giveBack(key, turnMs);
        throw error;
      }
    },
  };
}

/** Words for people: it may end up on a card. */
export function tooFast(target: string, retryAfterMs: number): PortError {
  const waitMs = Math.max(1, Math.ceil(retryAfterMs));
  return new PortError(
    "rate-limited",
    target,
    `Slack takes no more calls of this kind for ${durationText(waitMs)}; gofire goes on then.`,
    { retryAfterMs: waitMs },
  );
}
