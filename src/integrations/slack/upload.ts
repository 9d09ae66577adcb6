import type { MessageRef, Place } from "../../domain/chat/message.ts";
import { mayHaveHappened, PortError } from "../../domain/errors.ts";
import type { Chat, ChatFile, Posting } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { nothingMore, type PastMessage, uploadPlaceAnswer } from "./answers.ts";
import type { CallOptions, SlackClient } from "./client.ts";
import { fitText } from "./fit-text.ts";
import { findEarlier, type OwnMark } from "./intents.ts";
import { altTextMax, bulkFiles, fewFiles, textMax } from "./limits.ts";
import { asMember } from "./membership.ts";
import { isRefusal } from "./refusals.ts";
import { discard, messageOf, type Sight } from "./sharing.ts";

/** How far the files of one intent got, as far as this process knows. */
interface Underway {
  /** Names and sizes of all of them: other files begin anew. */
  readonly names: string;
  /** Of files whose bytes Slack has, in order. */
  readonly fileIds: readonly string[];
  /** Slack was asked to share them. */
  readonly isHandedOver: boolean;
  /** How often Slack took all files and showed nothing. */
  readonly timesUnseen: number;
}

/** Intents that are remembered; others are looked up in the channel. */
const mostUnderway = 500;
/** So often the same files are handed over before gofire gives up. */
const mostTimesUnseen = 2;
/** Longer than Slack usually needs by an order of magnitude. */
const usualShareWaitMs = 12_000;

/**
 * Shares files as one message. Slack shares behind the caller's back: it answers ok before the message is there, and
 * at times it never appears (https://github.com/slackapi/python-slack-sdk/issues/1818). So the message is waited for,
 * and a message that may be there from an earlier attempt is looked for: by file id as long as this process knows it,
 * else by names and sizes, because messages with files carry no metadata.
 */
export function slackUploads({
  client,
  own,
  clock,
  shareWaitMs = usualShareWaitMs,
}: {
  readonly client: SlackClient;
  readonly own: OwnMark;
  readonly clock: Clock;
  readonly shareWaitMs?: number;
}): Chat["upload"] {
  const underway = new Map<string, Underway>();

  function note(intent: string, state: Underway): void {
    underway.set(intent, state);
    const [oldest] = underway.keys();
    if (underway.size > mostUnderway && oldest !== undefined) underway.delete(oldest);
  }

  async function handOver(
    place: Place,
    files: readonly ChatFile[],
    comment: string,
    posting: Posting,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { intent } = posting;
    const names = namesOf(files).join("\n");
    const known = underway.get(intent);
    const timesUnseen = known?.timesUnseen ?? 0;
    const sent = known?.names === names ? known.fileIds : [];
    const fileIds = [...sent];
    for (const file of files.slice(sent.length)) {
      // What is sent already is not sent again, so many files need not wait here, where a verdict may want to pass.
      const rate = files.length > fewFiles ? { rate: bulkFiles, patienceMs: 0 } : {};
      fileIds.push(await send(file, rate, client, signal));
      note(intent, { names, fileIds: [...fileIds], isHandedOver: false, timesUnseen });
    }
    const shared = files.map(({ title }, at) => ({ id: fileIds[at], title }));
    // Not before the request goes out: what never went out is not waited for next time.
    function beforeSending(): void {
      posting.beforeSending?.();
      note(intent, { names, fileIds, isHandedOver: true, timesUnseen });
    }
    try {
      await client.call(
        "files.completeUploadExternal",
        {
          files: shared,
          channel_id: place.channel,
          thread_ts: place.thread,
          initial_comment: markedComment(comment, intent),
        },
        nothingMore,
        signal,
        { beforeSending },
      );
    } catch (error) {
      if (mayHaveHappened(error)) throw error;
      // Told to wait, or for somebody to mend its access, the bytes are there for the next time; refused, they are not
      // needed any more.
      if (error instanceof PortError && ["rate-limited", "locked-out"].includes(error.code)) {
        note(intent, { names, fileIds, isHandedOver: false, timesUnseen });
        throw error;
      }
      underway.delete(intent);
      // Bytes that nobody asks for are not kept for ever.
      if (sent.length === 0 || !isRefusal(error, "file_not_found")) throw error;
      return await handOver(place, files, comment, posting, signal);
    }
    return fileIds;
  }

  /** What became of an earlier attempt. */
  async function earlier(
    place: Place,
    files: readonly ChatFile[],
    posting: Posting,
    signal: AbortSignal,
  ): Promise<MessageRef | undefined> {
    const { intent } = posting;
    const known = underway.get(intent);
    const seen = known?.isHandedOver === true ? await look(known.fileIds, place.channel, signal) : undefined;
    if (typeof seen === "object") return seen;
    // What files.info tells of shares lags behind the channel (slackapi/python-slack-sdk#1277).
    const found = await findEarlier(
      place,
      posting,
      (message) => hasMark(message, intent) && hasFiles(message, files),
      { client, own },
      signal,
    );
    if (found !== undefined) return { channel: place.channel, ts: found.ts };
    if (known === undefined || seen === undefined) return undefined;
    if (seen === "not shown") await discard(known.fileIds, client, signal);
    note(intent, { ...known, fileIds: [], isHandedOver: false });
    return undefined;
  }

  async function look([file]: readonly string[], channel: string, signal: AbortSignal): Promise<Sight> {
    if (file === undefined) return "no such file";
    return await messageOf(file, channel, shareWaitMs, { client, clock }, signal);
  }

  return async (place, files, comment, posting, signal) => {
    signal.throwIfAborted();
    checkFiles(files, comment);
    const { intent, attemptedAtMs } = posting;
    return await asMember(client, place.channel, signal, async () => {
      const before = attemptedAtMs === undefined ? undefined : await earlier(place, files, posting, signal);
      const seen =
        before ?? (await look(await handOver(place, files, comment, posting, signal), place.channel, signal));
      if (typeof seen !== "object") throw await unseen(intent, signal);
      underway.delete(intent);
      return seen;
    });
  };

  async function unseen(intent: string, signal: AbortSignal): Promise<PortError> {
    const state = underway.get(intent);
    const timesUnseen = (state?.timesUnseen ?? 0) + 1;
    const target = "Slack files.completeUploadExternal";
    if (timesUnseen < mostTimesUnseen) {
      if (state !== undefined) note(intent, { ...state, timesUnseen });
      return new PortError(
        "unavailable",
        target,
        "Slack took the files and does not show them yet; gofire looks again.",
      );
    }
    await discard(state?.fileIds ?? [], client, signal);
    underway.delete(intent);
    return new PortError(
      "bad-response",
      target,
      `Slack took the files ${timesUnseen} times and never showed them. They are still where gofire keeps its artifacts.`,
    );
  }
}

/** Sends the bytes as they come. The file is nobody's until it is shared. */
async function send(
  file: ChatFile,
  rate: CallOptions,
  client: SlackClient,
  signal: AbortSignal,
): Promise<string> {
  const { name, bytes, altText, contentType } = file;
  const isPicture = contentType.startsWith("image/");
  const { file_id, upload_url } = await client.call(
    "files.getUploadURLExternal",
    {
      filename: name,
      length: bytes,
      // On anything but pictures it silently keeps the file from being shared (python-slack-sdk#1818). Slack's name
      // for it is alt_txt: what @slack/web-api sends, alt_text, gets lost.
      alt_txt: isPicture && altText !== undefined ? fitText(altText, altTextMax) : undefined,
    },
    uploadPlaceAnswer,
    signal,
    rate,
  );
  await client.send(upload_url, file.open(), bytes, signal);
  return file_id;
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

/**
 * Messages with files carry no metadata, so the intent stands in their last line: in a thread of two incidents files of the
 * same name and size may be another one's.
 */
function markedComment(comment: string, intent: string): string {
  return `${fitText(comment, textMax - intent.length - 1)}\n${intent}`;
}

function hasMark({ text = "" }: PastMessage, intent: string): boolean {
  return text.split("\n").at(-1) === intent;
}

/** A message that shows exactly these files. */
function hasFiles({ files = [] }: PastMessage, wanted: readonly ChatFile[]): boolean {
  const present = files.map(({ name, size }) => `${name} ${size}`).sort();
  const sought = namesOf(wanted).sort();
  return present.length === sought.length && present.every((file, at) => file === sought[at]);
}

function namesOf(files: readonly ChatFile[]): string[] {
  return files.map(({ name, bytes }) => `${name} ${bytes}`);
}
