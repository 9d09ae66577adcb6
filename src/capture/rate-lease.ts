import { PortError } from "../domain/errors.ts";
import type { BlockLease } from "../domain/profiles/block-lease.ts";
import { durationText } from "../domain/units.ts";
import {
  type CurrentRates,
  parseCurrentRates,
  parseGrantedRates,
  parseRatesRefusal,
} from "../parsers/rate-lease.ts";
import type { GoTargetAnswer, LentRates } from "../ports/go-target.ts";
import { explainRefusal, quoted } from "./answers.ts";
import { interrupted, startText, type TakeContext } from "./take.ts";

/**
 * One wait recorded for each 10 µs of waiting: at this rate and above the block profile was measured to cost next to
 * nothing (https://github.com/felixge/go-profiler-notes/blob/main/block.md). The process refuses less by default.
 */
const blockRateNs = 10_000;
/** Above the window, for reading the profile before and after it from a slow process. With the longest window: a minute. */
const slackSeconds = 15;
/** A process that takes longer to answer this is in no state to record waits. */
const askLimits = { deadlineMs: 5_000, maxBytes: 4_096 };

export type LeaseAttempt =
  | {
      readonly lent: true;
      readonly lease: BlockLease;
      /** Has the rate lowered, whatever happened meanwhile, and notes down how that went. Throws only when the store fails. */
      end(): Promise<void>;
    }
  | {
      readonly lent: false;
      /** In plain words. */
      readonly reason: string;
    };

/**
 * Has the process record waits for a window of `seconds`. The process lowers the rate by itself at the latest
 * `slackSeconds` after it, also when nobody is left to tell it so (docs/decisions/0029-block-profile-lease.md).
 */
export async function takeLease(
  rates: LentRates,
  seconds: number,
  context: TakeContext,
): Promise<LeaseAttempt> {
  const { clock, story, signal } = context;
  let answer: GoTargetAnswer;
  let text: string;
  try {
    answer = await rates.take({ blockRateNs, seconds: seconds + slackSeconds }, askLimits, signal);
    text = await startText(answer.body, askLimits.maxBytes);
  } catch (error) {
    if (signal.aborted) return { lent: false, reason: interrupted };
    if (!(error instanceof PortError)) throw error;
    // Whether it was lent is not known then, but that it ends is.
    const mayBe =
      error.code === "timeout" ? `; should it lend it yet, then for ${seconds + slackSeconds} s` : "";
    return { lent: false, reason: `${error.message}${mayBe}` };
  }
  const granted = answer.status === 201 ? parseGrantedRates(text) : undefined;
  if (granted === undefined) return { lent: false, reason: whyRefused(answer, text) };
  const fromMs = clock.nowMs();
  const lease: BlockLease = {
    rateNs: granted.blockRateNs,
    ownRateNs: granted.ownBlockRateNs,
    fromMs,
    expiresAtMs: fromMs + granted.seconds * 1_000,
  };
  await story.lease(lease);
  return {
    lent: true,
    lease,
    async end() {
      const end = await giveBack(rates, granted.id);
      await story.lease({ ...lease, end: { atMs: clock.nowMs(), ...end } });
    },
  };
}

/**
 * Asks whether the process would lend its rates, and changes nothing in it. Its rates, or in plain words why it would not.
 * Throws as GoTarget does.
 */
export async function lookAtRates(rates: LentRates, signal: AbortSignal): Promise<CurrentRates | string> {
  const answer = await rates.look(askLimits, signal);
  const text = await startText(answer.body, askLimits.maxBytes);
  const current = answer.status === 200 ? parseCurrentRates(text) : undefined;
  return current ?? whyRefused(answer, text);
}

/** Asks also after an interruption: the process should not have to wait for its timer. */
async function giveBack(rates: LentRates, id: string): Promise<Omit<NonNullable<BlockLease["end"]>, "atMs">> {
  try {
    const { status, body } = await rates.giveBack(id, askLimits, new AbortController().signal);
    const text = await startText(body, askLimits.maxBytes);
    if (status === 204) return { how: "released" };
    if (status === 404) return { how: "expired", reason: "the process had lowered its rate by itself" };
    return { how: "left-to-expire", reason: `${status}: ${quoted(parseRatesRefusal(text)?.error ?? text)}` };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { how: "left-to-expire", reason: error.message };
  }
}

function whyRefused(answer: GoTargetAnswer, text: string): string {
  const { status } = answer;
  const said = parseRatesRefusal(text);
  if (status === 409) {
    const until = said?.expiresAt === undefined ? "" : ` until ${said.expiresAt} by its clock`;
    return `409: the process lends its rates to somebody else${until}; one at a time`;
  }
  if (said !== undefined) return `${status}: ${quoted(said.error)}`;
  if (status < 300) return `${status}, but no lease: something else answers at that path`;
  if (status === 404 || status === 405) {
    return `${status}: nothing lends rates at this path; docs/guide/block-profile.md says how a service does`;
  }
  return explainRefusal({ ...answer, fromGoPprof: false, kind: "block", text }).reason;
}

/** "10 s at a rate of 10 µs": what a profile under a lease covers. */
export function windowText(windowMs: number, { rateNs }: BlockLease): string {
  return `${durationText(windowMs)} at a rate of ${durationText(rateNs / 1e6)}`;
}
