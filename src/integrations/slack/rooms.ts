import * as z from "zod/mini";
import { PortError } from "../../domain/errors.ts";
import { remembered } from "../../domain/remembered.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Rooms } from "../../ports/rooms.ts";
import { type Channels, freshMs, staleMs } from "./channels.ts";
import type { SlackClient } from "./client.ts";
import { soon } from "./soon.ts";

const conversationsAnswer = z.object({
  channels: z.array(z.object({ id: z.string() })),
  response_metadata: z.optional(z.object({ next_cursor: z.optional(z.string()) })),
});

/** The most that users.conversations takes (https://docs.slack.dev/reference/methods/users.conversations). */
const pageSize = 999;
/** Nobody is in more private channels than that together with gofire; further ones stay closed. */
const mostPages = 5;

/** Channels as Slack tells them. What only two or a few people share in direct messages is never open. */
export function slackRooms(client: SlackClient, channels: Channels, clock: Clock): Rooms {
  /** The private channels that somebody shares with gofire; Slack tells of no others. */
  const shared = remembered<ReadonlySet<string>>(
    async (user, signal) => {
      const found = new Set<string>();
      let cursor: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const answer = await client.call(
          "users.conversations",
          { user, types: "private_channel", limit: pageSize, cursor },
          conversationsAnswer,
          signal,
          { patienceMs: 300 },
        );
        for (const { id } of answer.channels) found.add(id);
        cursor = answer.response_metadata?.next_cursor;
        if (cursor === undefined || cursor === "") break;
      }
      return found;
    },
    { freshMs, staleMs, most: 2_000, nowMs: () => clock.monotonicMs() },
  );

  return {
    isOpen: async (channel, signal) =>
      (await soon(signal, tooSlow, (bounded) => channels.recall(channel, bounded))).value.isOpen,
    isOnlyOurs: async (channel, signal) =>
      (await soon(signal, tooSlow, (bounded) => channels.recall(channel, bounded))).value.isOnlyOurs,
    isIn: async (userId, channel, signal) =>
      (await soon(signal, tooSlow, (bounded) => shared.recall(userId, bounded))).value.has(channel),
  };
}

function tooSlow(): PortError {
  return new PortError("timeout", "Slack", "Slack does not tell who is in a channel at the moment.");
}
