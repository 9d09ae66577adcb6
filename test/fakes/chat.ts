import type { MessageBody, MessageRef, Place } from "../../src/domain/chat/message.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { Chat, ChatFile, Posting } from "../../src/ports/chat.ts";

/** One message as people in the channel see it. */
export interface SeenMessage {
  readonly ref: MessageRef;
  readonly place: Place;
  readonly intent: string;
  /** Milliseconds since the epoch, of this machine's clock. */
  readonly postedAtMs: number;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly altText?: string }[];
  readonly reactions: Set<string>;
  body: MessageBody;
  edits: number;
}

/** What only one person saw. */
export interface Whisper {
  readonly place: Place;
  readonly userId: string;
  readonly text: string;
}

/** - `before`: it fails and nothing happened. - `after`: it happened, and the answer is lost. */
export type ChatFault = { readonly when: "before" | "after"; readonly error: PortError };

export interface FakeChat extends Chat {
  readonly messages: SeenMessage[];
  readonly whispers: Whisper[];
  /** What other people and programs wrote: gofire may answer in its thread. */
  readonly ofOthers: MessageRef[];
  /** Asked before every write. */
  fault: (method: "post" | "edit" | "upload", intent: string) => ChatFault | undefined;
}

/** Channels that are not open to the bot; every other id is a channel it is in. */
export interface ClosedChannels {
  /** Private ones without the bot. */
  readonly unseen?: readonly string[];
  readonly archived?: readonly string[];
  /** People who are in no channel. */
  readonly outsiders?: readonly string[];
}

/** Clocks differ; so much earlier than the noted attempt the search begins. */
const clockSkewMs = 15 * 60_000;

/** A chat in memory that searches for an intent when, and only when, it is told of an earlier attempt, from then on. */
export function fakeChat({ unseen = [], archived = [], outsiders = [] }: ClosedChannels = {}): FakeChat {
  const messages: SeenMessage[] = [];
  const ofOthers: MessageRef[] = [];
  let clock = 1_716_261_120;

  function checkPlace({ channel, thread }: Place): void {
    if (unseen.includes(channel)) {
      throw new PortError("not-found", channel, "No such channel. Type `/invite @gofire` there.");
    }
    if (archived.includes(channel)) throw new PortError("forbidden", channel, "This channel is archived.");
    const begun = [...ofOthers, ...messages.map(({ ref }) => ref)];
    if (thread !== undefined && !begun.some((ref) => ref.channel === channel && ref.ts === thread)) {
      throw new PortError("thread-closed", channel, "The message of this thread is gone.");
    }
  }

  function known(ref: MessageRef): SeenMessage {
    const message = messages.find((other) => other.ref.channel === ref.channel && other.ref.ts === ref.ts);
    if (message === undefined) throw new PortError("message-deleted", ref.ts, "This message is gone.");
    return message;
  }

  function earlier({ channel, thread }: Place, { intent, attemptedAtMs }: Posting): SeenMessage | undefined {
    if (attemptedAtMs === undefined) return undefined;
    return messages.find(
      ({ intent: other, place, postedAtMs }) =>
        other === intent &&
        place.channel === channel &&
        place.thread === thread &&
        postedAtMs >= attemptedAtMs - clockSkewMs,
    );
  }

  function added(
    method: "post" | "upload",
    place: Place,
    body: MessageBody,
    files: SeenMessage["files"],
    { intent, beforeSending }: Posting,
  ): MessageRef {
    beforeSending?.();
    const fault = chat.fault(method, intent);
    if (fault?.when === "before") throw fault.error;
    checkPlace(place);
    clock += 1;
    const ref = { channel: place.channel, ts: `${clock}.000100` };
    messages.push({
      ref,
      place,
      intent,
      postedAtMs: Date.now(),
      files,
      body,
      reactions: new Set(),
      edits: 0,
    });
    if (fault !== undefined) throw fault.error;
    return ref;
  }

  const chat: FakeChat = {
    messages,
    whispers: [],
    ofOthers,
    fault: () => undefined,
    async post(place, body, posting, signal) {
      await begin(signal);
      checkText(body);
      return earlier(place, posting)?.ref ?? added("post", place, body, [], posting);
    },
    async edit(ref, body, _urgency, signal) {
      await begin(signal);
      checkText(body);
      const message = known(ref);
      const fault = chat.fault("edit", message.intent);
      if (fault?.when === "before") throw fault.error;
      message.body = body;
      message.edits++;
      if (fault !== undefined) throw fault.error;
    },
    async upload(place, files, comment, posting, signal) {
      await begin(signal);
      checkText({ text: comment });
      if (files.length === 0) throw new PortError("bad-response", "files", "An upload needs a file.");
      const before = earlier(place, posting);
      if (before !== undefined) return before.ref;
      const received: SeenMessage["files"][number][] = [];
      for (const file of files) received.push(await receivedFrom(file));
      return added("upload", place, { text: comment }, received, posting);
    },
    async tellOnly(place, userId, body, signal) {
      await begin(signal);
      checkText(body);
      checkPlace(place);
      if (outsiders.includes(userId)) throw new PortError("forbidden", userId, "Not in this channel.");
      chat.whispers.push({ place, userId, text: body.text });
    },
    async react(ref, emoji, signal) {
      await begin(signal);
      known(ref).reactions.add(emoji);
    },
    async unreact(ref, emoji, signal) {
      await begin(signal);
      known(ref).reactions.delete(emoji);
    },
    async permalink(ref, signal) {
      await begin(signal);
      known(ref);
      return `https://chat.example/archives/${ref.channel}/p${ref.ts.replace(".", "")}`;
    },
  };
  return chat;
}

async function begin(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await Promise.resolve();
}

function checkText({ text }: MessageBody): void {
  if (text.trim() === "") throw new PortError("bad-response", "message", "A message needs a text.");
}

async function receivedFrom(file: ChatFile) {
  const { name, bytes, altText, contentType } = file;
  let received = 0;
  for await (const chunk of file.open()) received += chunk.length;
  if (bytes <= 0 || received !== bytes) {
    throw new PortError("bad-response", name, `${received} bytes came, ${bytes} were announced.`);
  }
  const isPicture = contentType.startsWith("image/");
  return { name, bytes, ...(isPicture && altText !== undefined ? { altText } : {}) };
}
