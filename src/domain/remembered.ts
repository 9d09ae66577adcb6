import { PortError } from "./errors.ts";

/** An answer, and how it was come by. */
export interface Recalled<T> {
  readonly value: T;
  /** Since it was given. */
  readonly ageMs: number;
  /** Why no new answer could be had; the value is then the last good one. Absent when the value is fresh. */
  readonly failure?: unknown;
}

export interface Memory<T> {
  /** Throws what the question threw when no earlier answer may stand in. */
  recall(key: string, signal: AbortSignal): Promise<Recalled<T>>;
  /** The last good answer, however old, without asking. */
  last(key: string): T | undefined;
  /** Something changed: the next question is asked anew, but for an answer that is under way. */
  forget(key: string): void;
}

interface Copy<T> {
  readonly value: T;
  readonly takenAtMs: number;
}

interface MemorySettings<T> {
  /** So long an answer is as good as a new one; it may depend on the answer. */
  readonly freshMs: number | ((value: T) => number);
  /** So long it stands in while no new one can be had. */
  readonly staleMs: number;
  /** Answers that are kept. */
  readonly most: number;
  readonly nowMs: () => number;
  /** Whether an old answer may stand in for this failure; by default for those that may pass. */
  readonly mayStandIn?: (failure: unknown) => boolean;
}

/**
 * Remembers answers by key. One question at a time per key; when it fails, the last good answer serves for a while, and
 * after that the failure comes out.
 */
export function remembered<T>(
  ask: (key: string, signal: AbortSignal) => Promise<T>,
  { freshMs, staleMs, most, nowMs, mayStandIn = mayPass }: MemorySettings<T>,
): Memory<T> {
  const copies = new Map<string, Copy<T>>();
  const asking = new Map<string, Promise<T>>();

  function isFresh({ value, takenAtMs }: Copy<T>): boolean {
    return nowMs() - takenAtMs < (typeof freshMs === "number" ? freshMs : freshMs(value));
  }

  async function renew(key: string, signal: AbortSignal): Promise<T> {
    const value = await ask(key, signal);
    copies.delete(key);
    copies.set(key, { value, takenAtMs: nowMs() });
    const oldest = copies.keys().next().value;
    if (copies.size > most && oldest !== undefined) copies.delete(oldest);
    return value;
  }

  return {
    last: (key) => copies.get(key)?.value,
    forget: (key) => void copies.delete(key),
    async recall(key, signal) {
      const copy = copies.get(key);
      const ageMs = copy === undefined ? Number.POSITIVE_INFINITY : nowMs() - copy.takenAtMs;
      if (copy !== undefined && isFresh(copy)) return { value: copy.value, ageMs };
      let answer = asking.get(key);
      if (answer === undefined) {
        answer = renew(key, signal).finally(() => asking.delete(key));
        asking.set(key, answer);
      }
      try {
        return { value: await answer, ageMs: 0 };
      } catch (failure) {
        if (copy !== undefined && ageMs < staleMs && mayStandIn(failure)) {
          return { value: copy.value, ageMs, failure };
        }
        throw failure;
      }
    },
  };
}

/** Unlike "not found" and "forbidden", which are answers. */
function mayPass(error: unknown): boolean {
  return !(error instanceof PortError) || ["unavailable", "timeout", "rate-limited"].includes(error.code);
}
