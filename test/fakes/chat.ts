import { PortError } from "../../src/domain/errors.ts";
import type { MessageBody, MessageRef, Place } from "../../src/domain/message.ts";
import type { Chat, Posting } from "../../src/ports/chat.ts";

/** One message as people in the channel see it. */
export interface SeenMessage {
  readonly ref: MessageRef;
  readonly place: Place;
  readonly intent: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  body: MessageBody;
  edits: number;
}

/** - `before`: it fails and nothing happened. - `after`: it happened, and the answer is lost. */
export type ChatFault = { readonly when: "before" | "after"; readonly error: PortError };

export interface FakeChat extends Chat {
  readonly messages: SeenMessage[];
  /** Asked before every write. */
  fault: (method: "post" | "edit" | "upload", intent: string) => ChatFault | undefined;
}

/** A chat in memory that searches for an intent when, and only when, it is told of an earlier attempt. */
export function fakeChat(): FakeChat {
  const messages: SeenMessage[] = [];
  let clock = 1_716_261_120;

  async function added(
    method: "post" | "upload",
    place: Place,
    body: MessageBody,
    files: SeenMessage["files"],
    { intent, attemptedAtMs }: Posting,
  ): Promise<MessageRef> {
    await Promise.resolve();
    if (attemptedAtMs !== undefined) {
      const before = messages.find((message) => message.intent === intent);
      if (before !== undefined) return before.ref;
    }
    const fault = chat.fault(method, intent);
    if (fault?.when === "before") throw fault.error;
    clock += 1;
    const ref = { channel: place.channel, ts: `${clock}.000100` };
    messages.push({ ref, place, intent, files, body, edits: 0 });
    if (fault !== undefined) throw fault.error;
    return ref;
  }

  const chat: FakeChat = {
    messages,
    fault: () => undefined,
    post: (place, body, posting) => added("post", place, body, [], posting),
    async edit(ref, body) {
      await Promise.resolve();
      const message = messages.find((candidate) => candidate.ref.ts === ref.ts);
      if (message === undefined) throw new PortError("not-found", ref.ts, "message_not_found");
      const fault = chat.fault("edit", message.intent);
      if (fault?.when === "before") throw fault.error;
      message.body = body;
      message.edits++;
      if (fault !== undefined) throw fault.error;
    },
    async upload(place, files, comment, posting) {
      const received: { name: string; bytes: number }[] = [];
      for (const file of files) {
        let bytes = 0;
        for await (const chunk of file.open()) bytes += chunk.length;
        received.push({ name: file.name, bytes });
      }
      return await added("upload", place, { text: comment }, received, posting);
    },
    tellOnly: () => Promise.resolve(),
    react: () => Promise.resolve(),
    unreact: () => Promise.resolve(),
    permalink: (ref) => Promise.resolve(`https://chat.example/${ref.channel}/${ref.ts}`),
  };
  return chat;
}
