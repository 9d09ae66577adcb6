import * as z from "zod/mini";
import { remembered } from "../../domain/remembered.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";

const channelAnswer = z.object({
  channel: z.object({
    is_member: z.optional(z.boolean()),
    is_private: z.optional(z.boolean()),
    is_archived: z.optional(z.boolean()),
  }),
});

const askWithinMs = 800;

/**
 * Whether gofire can post into a channel, as far as Slack tells in time; true when it does not. Commands can be given
 * anywhere, also in private channels and between two people, where gofire is not and its card would be refused.
 */
export function reachable(
  client: SlackClient,
  clock: Clock,
): (channel: string, signal: AbortSignal) => Promise<boolean> {
  const isOpen = remembered<boolean>(
    async (channel, signal) => {
      const answer = await client.call("conversations.info", { channel }, channelAnswer, signal, {
        patienceMs: 200,
      });
      const { is_member: isMember, is_private: isPrivate, is_archived: isArchived } = answer.channel;
      return isArchived !== true && (isPrivate !== true || isMember === true);
    },
    { freshMs: 300_000, staleMs: 300_000, most: 1_000, nowMs: () => clock.monotonicMs() },
  );
  return async (channel, signal) => {
    try {
      return (await isOpen.recall(channel, AbortSignal.any([signal, AbortSignal.timeout(askWithinMs)])))
        .value;
    } catch (error) {
      return !isRefusal(error, "channel_not_found");
    }
  };
}
