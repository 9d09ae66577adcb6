import { PortError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * Keeps quiet while Slack does not let gofire in (token revoked, scope missing): nothing that is asked until somebody
 * mends that can succeed, and hundreds of cards must not knock at once.
 */
export interface Lockout {
  /** Throws what Slack said last, with `retryAfterMs`, as long as it is not time to try again. */
  check(method: string): void;
  /** Notes the refusal; what comes back carries when to try again. */
  refused(method: string, refusal: PortError, concerns: "method" | "everything"): PortError;
  /** Slack took a call of this method, or refused it for another reason. */
  letIn(method: string): void;
}

/** Somebody may be changing the token this minute; after an hour nobody is. */
const firstPauseMs = 5_000;
const longestPauseMs = 60_000;
/** Pauses before the refusal is told anew: every ten minutes. */
const tellEvery = 10;

interface Closed {
  readonly refusal: PortError;
  readonly untilMs: number;
  readonly times: number;
}

const everything = "everything";

/** `tell` gets one line for who looks after gofire: at once, and then now and then. */
export function createLockout(clock: Clock, tell: (line: string) => void): Lockout {
  const closed = new Map<string, Closed>();
  return {
    check(method) {
      for (const key of [everything, method]) {
        const known = closed.get(key);
        const restMs = (known?.untilMs ?? 0) - clock.monotonicMs();
        if (known !== undefined && restMs > 0) throw until(known.refusal, restMs);
      }
    },
    refused(method, refusal, concerns) {
      const key = concerns === "method" ? method : everything;
      const before = closed.get(key);
      // Calls that were under way together are one refusal.
      const isSame = before !== undefined && before.untilMs > clock.monotonicMs();
      const times = isSame ? before.times : (before?.times ?? 0) + 1;
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (times - 1));
      if (!isSame) {
        closed.set(key, { refusal, untilMs: clock.monotonicMs() + pauseMs, times });
        if (times % tellEvery === 1) {
          tell(
            `${refusal.message} Cards and replies wait until then; gofire asks again in ${durationText(pauseMs)}.`,
          );
        }
      }
      return until(refusal, pauseMs);
    },
    letIn(method) {
      const wasClosed = [everything, method].filter((key) => closed.delete(key));
      if (wasClosed.length > 0) tell("Slack lets gofire in again; what waited is posted now.");
    },
  };
}

function until({ code, target, message, cause }: PortError, retryAfterMs: number): PortError {
  return new PortError(code, target, message, { cause, retryAfterMs });
}
