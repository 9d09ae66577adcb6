import { nothingMore } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";

/**
 * Does the work; when Slack refuses it because gofire is not in the channel, joins and does it once more. A refusal
 * has done nothing, so nothing happens twice. Private channels cannot be joined: then the refusal stays, and says
 * how to invite gofire.
 */
export async function asMember<Result>(
  client: SlackClient,
  channel: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isRefusal(error, "not_in_channel")) throw error;
    try {
      await client.call("conversations.join", { channel }, nothingMore, signal);
    } catch (joining) {
      if (isRefusal(joining, "method_not_supported_for_channel_type", "missing_scope")) throw error;
      throw joining;
    }
    return await work();
  }
}
