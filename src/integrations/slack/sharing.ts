import type { MessageRef } from "../../domain/chat/message.ts";
import { PortError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { fileInfoAnswer, nothingMore } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";

/** First pause before Slack is asked whether a file has appeared; doubles up to `longestPauseMs`. */
const firstPauseMs = 300;
const longestPauseMs = 3_000;
/** A file that Slack does not know by then was never handed over, or somebody deleted it. */
const unknownAfterMs = 2_000;

/** What there is to see of a file that was handed over to be shared. */
export type Sight = MessageRef | "no such file" | "not shown";

/**
 * The message that shows a file, as soon as there is one within `waitMs`. Slack answers ok before it shares, so the
 * answer itself does not tell.
 */
export async function messageOf(
  fileId: string,
  channel: string,
  waitMs: number,
  { client, clock }: { readonly client: SlackClient; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Sight> {
  const untilMs = clock.monotonicMs() + waitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const restMs = Math.max(0, untilMs - clock.monotonicMs());
    await clock.sleep(Math.min(pauseMs, restMs), signal);
    const seen = await lookAt(fileId, channel, client, signal);
    if (typeof seen === "object") return seen;
    const waitedMs = waitMs - restMs + pauseMs;
    if (waitedMs >= (seen === "no such file" ? Math.min(unknownAfterMs, waitMs) : waitMs)) return seen;
  }
}

async function lookAt(
  file: string,
  channel: string,
  client: SlackClient,
  signal: AbortSignal,
): Promise<Sight> {
  try {
    const { shares } = (await client.call("files.info", { file }, fileInfoAnswer, signal)).file;
    const ts = (shares?.public?.[channel] ?? shares?.private?.[channel])?.[0]?.ts;
    return ts === undefined ? "not shown" : { channel, ts };
  } catch (error) {
    if (isRefusal(error, "file_not_found")) return "no such file";
    // "Come back later" would read as if nothing had been shared.
    if (error instanceof PortError && error.code === "rate-limited") return "not shown";
    throw error;
  }
}

/** Deletes files, so that they cannot appear later beside those that are sent instead. */
export async function discard(
  fileIds: readonly string[],
  client: SlackClient,
  signal: AbortSignal,
): Promise<void> {
  for (const file of fileIds) {
    await client.call("files.delete", { file }, nothingMore, signal).catch((error: unknown) => {
      if (!isRefusal(error, "file_not_found", "file_deleted")) throw error;
    });
  }
}
