import { PortError } from "../../domain/errors.ts";
import type { MessageRef, Place } from "../../domain/message.ts";
import type { Chat, ChatFile } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { fileInfoAnswer, nothingMore, type PastMessage, uploadPlaceAnswer } from "./answers.ts";
import type { SlackClient } from "./client.ts";
import { fitText } from "./fit-text.ts";
import { type Doubts, findEarlier, isCertain } from "./intents.ts";
import { altTextMax, textMax } from "./limits.ts";
import { asMember } from "./membership.ts";
import { isRefusal } from "./refusals.ts";

/** Files that were handed over, and that may or may not appear in their channel. */
interface HandedOver {
  readonly fileIds: readonly string[];
  /** How often Slack took the files of this intent and showed nothing. */
  readonly timesUnseen: number;
}

/** First pause before Slack is asked whether the files appear; doubles up to `longestPauseMs`. */
const firstPauseMs = 150;
const longestPauseMs = 3_000;

/**
 * Shares files as one message. Slack shares behind the caller's back: it answers ok before the message is there, and
 * at times it never appears (https://github.com/slackapi/python-slack-sdk/issues/1818). So the message is waited for,
 * and a message that may be there from an earlier attempt is looked for: by file id as long as this process knows it,
 * else by names and sizes, because messages with files carry no metadata.
 */
export function slackUploads({
  client,
  botId,
  clock,
  doubts,
  shareWaitMs = 12_000,
}: {
  readonly client: SlackClient;
  readonly botId: string;
  readonly clock: Clock;
  readonly doubts: Doubts;
  readonly shareWaitMs?: number;
}): Chat["upload"] {
  const handedOver = new Map<string, HandedOver>();

  function remember(intent: string, files: HandedOver): void {
    handedOver.set(intent, files);
    const [oldest] = handedOver.keys();
    if (handedOver.size > 500 && oldest !== undefined) handedOver.delete(oldest);
  }

  /** Sends the bytes; the file is nobody's until it is shared. */
  async function send(file: ChatFile, signal: AbortSignal): Promise<string> {
    const { name, bytes, altText, contentType } = file;
    const isPicture = contentType.startsWith("image/");
    const { file_id, upload_url } = await client.call(
      "files.getUploadURLExternal",
      {
        filename: name,
        length: bytes,
        // On anything but pictures it silently keeps the file from being shared (python-slack-sdk#1818). The name is
        // alt_txt: what @slack/web-api sends, alt_text, gets lost.
        alt_txt: isPicture && altText !== undefined ? fitText(altText, altTextMax) : undefined,
      },
      uploadPlaceAnswer,
      signal,
    );
    await client.send(upload_url, file.open(), bytes, signal);
    return file_id;
  }

  async function share(
    { channel, thread }: Place,
    files: readonly ChatFile[],
    comment: string,
    intent: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const fileIds: string[] = [];
    for (const file of files) fileIds.push(await send(file, signal));
    const timesUnseen = handedOver.get(intent)?.timesUnseen ?? 0;
    remember(intent, { fileIds, timesUnseen });
    await client
      .call(
        "files.completeUploadExternal",
        {
          files: files.map(({ title }, at) => ({ id: fileIds[at], title })),
          channel_id: channel,
          thread_ts: thread,
          initial_comment: fitText(comment, textMax),
        },
        nothingMore,
        signal,
      )
      .catch((error: unknown) => {
        // A refusal shares nothing.
        if (isCertain(error)) handedOver.delete(intent);
        throw error;
      });
    return fileIds;
  }

  /** The message that shows the files, as soon as there is one; undefined when there is none in time. */
  async function shown(
    channel: string,
    fileIds: readonly string[],
    signal: AbortSignal,
  ): Promise<MessageRef | undefined> {
    const [file] = fileIds;
    if (file === undefined) return undefined;
    const untilMs = clock.monotonicMs() + shareWaitMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const restMs = untilMs - clock.monotonicMs();
      await clock.sleep(Math.max(0, Math.min(pauseMs, restMs)), signal);
      const ts = await shareOf(file, channel, signal);
      if (ts !== undefined) return { channel, ts };
      if (restMs <= pauseMs) return undefined;
    }
  }

  async function shareOf(file: string, channel: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { shares } = (await client.call("files.info", { file }, fileInfoAnswer, signal)).file;
      return (shares?.public?.[channel] ?? shares?.private?.[channel])?.[0]?.ts;
    } catch (error) {
      if (isRefusal(error, "file_not_found")) return undefined; // never shared, or deleted by somebody
      throw error;
    }
  }

  /** So that they cannot appear later, beside those that are sent instead. */
  async function discard({ fileIds }: HandedOver, signal: AbortSignal): Promise<void> {
    for (const file of fileIds) {
      await client.call("files.delete", { file }, nothingMore, signal).catch((error: unknown) => {
        if (!isRefusal(error, "file_not_found", "file_deleted")) throw error;
      });
    }
  }

  return async (place, files, comment, posting, signal) => {
    checkFiles(files, comment);
    const { channel } = place;
    const { intent } = posting;
    return await asMember(client, channel, signal, async () => {
      const before = posting.attemptedAtMs === undefined ? undefined : handedOver.get(intent);
      if (before !== undefined) {
        const ref = await shown(channel, before.fileIds, signal);
        if (ref !== undefined) return done(ref);
        await discard(before, signal);
        remember(intent, { fileIds: [], timesUnseen: before.timesUnseen });
      } else {
        const earlier = await findEarlier(
          place,
          posting,
          (message) => hasFiles(message, files),
          { client, botId, clock, doubts },
          signal,
        );
        if (earlier !== undefined) return done({ channel, ts: earlier.ts });
      }
      const fileIds = await doubts.during(intent, () => share(place, files, comment, intent, signal));
      const ref = await shown(channel, fileIds, signal);
      if (ref !== undefined) return done(ref);
      throw await unseen(intent, signal);
    });

    function done(ref: MessageRef): MessageRef {
      handedOver.delete(intent);
      return ref;
    }
  };

  async function unseen(intent: string, signal: AbortSignal): Promise<PortError> {
    const files = handedOver.get(intent) ?? { fileIds: [], timesUnseen: 0 };
    const timesUnseen = files.timesUnseen + 1;
    const target = "Slack files.completeUploadExternal";
    if (timesUnseen < 2) {
      remember(intent, { ...files, timesUnseen });
      return new PortError(
        "unavailable",
        target,
        "Slack took the files and does not show them yet; gofire looks again.",
      );
    }
    await discard(files, signal);
    handedOver.delete(intent);
    return new PortError(
      "bad-response",
      target,
      `Slack took the files ${timesUnseen} times and never showed them. They are still where gofire keeps its artifacts.`,
    );
  }
}

function checkFiles(files: readonly ChatFile[], comment: string): void {
  const empty = files.find(({ bytes }) => bytes <= 0);
  if (files.length > 0 && empty === undefined && comment.trim() !== "") return;
  throw new PortError(
    "bad-response",
    "Slack files",
    empty === undefined
      ? "An upload needs a file and a comment."
      : `${empty.name} is empty; Slack takes no empty files.`,
  );
}

/** A message that shows exactly these files. */
function hasFiles({ files = [] }: PastMessage, wanted: readonly ChatFile[]): boolean {
  const present = files.map(({ name, size }) => `${name} ${size}`).sort();
  const sought = wanted.map(({ name, bytes }) => `${name} ${bytes}`).sort();
  return present.length === sought.length && present.every((file, at) => file === sought[at]);
}
