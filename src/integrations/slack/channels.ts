import { type Memory, remembered } from "../../domain/remembered.ts";
import type { Clock } from "../../ports/clock.ts";
import { channelAnswer } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";

/** A channel as far as Slack tells gofire of it. */
export interface ChannelTraits {
  /** - `hidden`: private and without gofire, or there is none. - `untold`: a scope is missing. */
  readonly sight: "seen" | "hidden" | "untold";
  /** Every full member of the workspace can read it: neither private nor between two or a few people. */
  readonly isOpen: boolean;
  /** Nobody of another organisation is in it, or invited (Slack Connect). */
  readonly isOnlyOurs: boolean;
  /** gofire can post there, if it lets itself in first. */
  readonly takesPosts: boolean;
}

export type Channels = Memory<ChannelTraits>;

/** Who was removed from a channel reads no more of it after this; a minute's worth of asking is what tier 3 allows. */
export const freshMs = 60_000;
/** One that gofire does not see is one that it is invited into the next moment. */
const hiddenFreshMs = 5_000;
/** While Slack does not answer. Shorter than for rights: it is about what people were told in confidence. */
export const staleMs = 300_000;

/** Channels by their ids, remembered for who asks what about them. */
export function slackChannels(client: SlackClient, clock: Clock): Channels {
  return remembered<ChannelTraits>(
    async (channel, signal) => {
      try {
        const answer = await client.call("conversations.info", { channel }, channelAnswer, signal, {
          patienceMs: 300,
        });
        const known = answer.channel;
        const isOpen = noneOf([known.is_private, known.is_im, known.is_mpim]);
        return {
          sight: "seen",
          isOpen,
          isOnlyOurs: noneOf([known.is_ext_shared, known.is_pending_ext_shared]),
          takesPosts: known.is_archived !== true && (known.is_private !== true || known.is_member === true),
        };
      } catch (error) {
        if (isRefusal(error, "channel_not_found")) return { ...unknown, sight: "hidden" };
        if (isRefusal(error, "missing_scope")) return { ...unknown, sight: "untold" };
        throw error;
      }
    },
    {
      freshMs: ({ sight }) => (sight === "hidden" ? hiddenFreshMs : freshMs),
      staleMs,
      most: 2_000,
      nowMs: () => clock.monotonicMs(),
    },
  );
}

const unknown = { isOpen: false, isOnlyOurs: false, takesPosts: false } as const;

function noneOf(marks: readonly (boolean | undefined)[]): boolean {
  return !marks.includes(true);
}
