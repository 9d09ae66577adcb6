import { reasonOf } from "../../domain/errors.ts";
import { channelAnswer } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";

/** A channel that the configuration names. */
export interface NamedChannel {
  readonly id: string;
  /** Where it is named, e.g. `alerts.routes[0].channel`. */
  readonly setting: string;
  /** - `cards`: gofire posts there. - `pages`: it has to hear what others post there. */
  readonly use: "cards" | "pages";
}

/**
 * What keeps gofire from working in these channels, a line each, in words for who installs it; each channel is asked
 * for once. What Slack does not tell is said to be unknown. Throws the signal's reason and nothing else.
 */
export async function channelTrouble(
  client: SlackClient,
  named: readonly NamedChannel[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const id of new Set(named.map((channel) => channel.id))) {
    const uses = named.filter((channel) => channel.id === id);
    const where = [...new Set(uses.map(({ setting }) => setting))].join(", ");
    try {
      const { channel } = await client.call("conversations.info", { channel: id }, channelAnswer, signal);
      const name = channel.name === undefined ? id : `#${channel.name} (${id})`;
      if (channel.is_archived === true) {
        lines.push(`${name}, named by ${where}, is archived: nothing can be posted there.`);
      } else if (channel.is_member !== true) {
        lines.push(`gofire is not in ${name}, named by ${where}: ${lossOf(uses)}`);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error, "channel_not_found")) {
        lines.push(
          `gofire does not see the channel ${id}, named by ${where}: it is private and gofire is no member, or there is ` +
            "none of that id. Type /invite @gofire in it.",
        );
      } else {
        const why = reasonOf(error);
        lines.push(`Whether gofire is in ${id}, named by ${where}, could not be found out: ${why}`);
      }
    }
  }
  return lines;
}

/** A public channel is joined with the first card; what is said there before is not heard. */
function lossOf(uses: readonly NamedChannel[]): string {
  return uses.some(({ use }) => use === "pages")
    ? "it hears no pages there. Type /invite @gofire in it."
    : "it will try to join with the first card. To be sure, type /invite @gofire in it.";
}
