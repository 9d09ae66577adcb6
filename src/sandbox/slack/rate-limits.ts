import type { SandboxClock } from "./clock.ts";

/** At most `max` calls in any stretch of `windowMs`. */
export interface RateLimit {
  readonly max: number;
  readonly windowMs: number;
}

const minuteMs = 60_000;

/** Requests per minute of Slack's tiers (https://docs.slack.dev/apis/web-api/rate-limits). */
export const tiers = {
  tier2: { max: 20, windowMs: minuteMs },
  tier3: { max: 50, windowMs: minuteMs },
  tier4: { max: 100, windowMs: minuteMs },
  /** Methods with a rate of their own that is generous and unpublished. */
  special: { max: 600, windowMs: minuteMs },
  /** "Generally one message per second per channel, short bursts are tolerated"; the burst of 3 is our reading. */
  perChannel: { max: 3, windowMs: 3_000 },
} as const satisfies Record<string, RateLimit>;

export interface RateLimiter {
  /** Counts a call. Returns the seconds to wait when it is one too many; such a call is not counted. */
  admit(key: string, limit: RateLimit): number | undefined;
}

export function createRateLimiter(clock: SandboxClock): RateLimiter {
  const calls = new Map<string, number[]>();
  return {
    admit(key, { max, windowMs }) {
      const now = clock.nowMs();
      const recent = (calls.get(key) ?? []).filter((at) => at > now - windowMs);
      calls.set(key, recent);
      const oldest = recent[0];
      if (recent.length >= max && oldest !== undefined)
        return Math.max(1, Math.ceil((oldest + windowMs - now) / 1_000));
      recent.push(now);
      return undefined;
    },
  };
}
