import { PortError } from "../../domain/errors.ts";

interface Copy<T> {
  readonly value: T;
  readonly takenAtMs: number;
}

interface MemorySettings {
  /** So long an answer is as good as a new one. */
  readonly freshMs: number;
  /** So long it stands in while no new one can be had. */
  readonly staleMs: number;
  /** Answers that are kept. */
  readonly most: number;
  readonly nowMs: () => number;
}

/**
 * Remembers answers by key. One question at a time per key; when it fails in a way that may pass, the last good answer
 * serves for a while, and after that the failure comes out.
 */
export function remembered<T>(
  ask: (key: string, signal: AbortSignal) => Promise<T>,
  { freshMs, staleMs, most, nowMs }: MemorySettings,
): (key: string, signal: AbortSignal) => Promise<T> {
  const copies = new Map<string, Copy<T>>();
  const asking = new Map<string, Promise<T>>();

  async function renew(key: string, signal: AbortSignal): Promise<T> {
    const value = await ask(key, signal);
    copies.delete(key);
    copies.set(key, { value, takenAtMs: nowMs() });
    const oldest = copies.keys().next().value;
    if (copies.size > most && oldest !== undefined) copies.delete(oldest);
    return value;
  }

  return async (key, signal) => {
    const copy = copies.get(key);
    const ageMs = copy === undefined ? Number.POSITIVE_INFINITY : nowMs() - copy.takenAtMs;
    if (copy !== undefined && ageMs < freshMs) return copy.value;
    let answer = asking.get(key);
    if (answer === undefined) {
      answer = renew(key, signal).finally(() => asking.delete(key));
      asking.set(key, answer);
    }
    try {
      return await answer;
    } catch (error) {
      if (copy !== undefined && ageMs < staleMs && mayPass(error)) return copy.value;
      throw error;
    }
  };
}

/** Unlike "not found" and "forbidden", which are answers. */
function mayPass(error: unknown): boolean {
  return !(error instanceof PortError) || ["unavailable", "timeout", "rate-limited"].includes(error.code);
}
