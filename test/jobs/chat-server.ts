import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { MessageBody, MessageRef, Place } from "../../src/domain/chat/message.ts";
import { PortError, type PortErrorCode } from "../../src/domain/errors.ts";
import type { Chat, Posting } from "../../src/ports/chat.ts";
import { type FakeChat, fakeChat } from "../fakes/chat.ts";

interface Call {
  readonly method: "post" | "edit" | "upload" | "tellOnly";
  readonly userId?: string;
  readonly place?: Place;
  readonly ref?: MessageRef;
  readonly body: MessageBody;
  readonly posting?: Posting;
  readonly files?: readonly { readonly name: string; readonly bytes: number }[];
}

/** A call by its method and the intent of its message, and which side of it the caller gets stuck on. */
export interface ChatStop {
  readonly method: Call["method"];
  readonly intent: RegExp;
  /** In the text of what is said; anything when absent. */
  readonly text?: RegExp;
  /** - `before`: the chat never hears of it. - `after`: it stands in the chat, and nobody hears the answer. */
  readonly when: "before" | "after";
}

/** The fake chat as a server of its own, which outlives the bots that write to it. */
export async function chatServer(): Promise<{
  readonly url: string;
  readonly chat: FakeChat;
  /** Resolves once a caller is stuck, to be killed there. */
  stopAt(stop: ChatStop): Promise<void>;
  close(): void;
}> {
  const chat = fakeChat();
  const never = new AbortController().signal;
  const nowhere = { channel: "", ts: "" };

  async function answer({
    method,
    place,
    ref = nowhere,
    body,
    posting,
    files = [],
    userId = "",
  }: Call): Promise<MessageRef> {
    if (method === "tellOnly" && place !== undefined) await chat.tellOnly(place, userId, body, never);
    if (method === "edit") await chat.edit(ref, body, "news", never);
    if (method === "edit" || place === undefined || posting === undefined) return ref;
    if (method === "post") return await chat.post(place, body, posting, never);
    const sent = files.map(({ name, bytes }) => ({
      name,
      title: name,
      contentType: "",
      bytes,
      open: async function* () {
        yield await Promise.resolve(new Uint8Array(bytes));
      },
    }));
    return await chat.upload(place, sent, body.text, posting, never);
  }

  let armed: { readonly stop: ChatStop; reached(): void } | undefined;

  function isStopped({ method, ref, posting, body }: Call, when: ChatStop["when"]): boolean {
    if (armed === undefined || armed.stop.when !== when || armed.stop.method !== method) return false;
    const intent = posting?.intent ?? chat.messages.find((one) => one.ref.ts === ref?.ts)?.intent ?? "";
    if (!armed.stop.intent.test(intent) || armed.stop.text?.test(body.text) === false) return false;
    armed.reached();
    armed = undefined;
    return true;
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const call = JSON.parse(await text(request)) as Call;
      if (isStopped(call, "before")) return;
      const ref = await answer(call);
      if (isStopped(call, "after")) return;
      response.end(JSON.stringify({ ref }));
    } catch (error) {
      const { code, message } = error as PortError;
      response.end(JSON.stringify({ code, message }));
    }
  }

  const server = createServer((request, response) => {
    void respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chat,
    async stopAt(stop) {
      await new Promise<void>((resolve) => {
        armed = { stop, reached: resolve };
      });
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Writes to a chat server. */
export function chatClient(url: string): Chat {
  async function call(content: Call, signal: AbortSignal): Promise<MessageRef> {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(content), signal });
    const { ref, code, message } = (await response.json()) as {
      ref?: MessageRef;
      code?: PortErrorCode;
      message?: string;
    };
    if (ref === undefined) throw new PortError(code ?? "bad-response", url, message ?? "");
    return ref;
  }
  return {
    post: (place, body, posting, signal) => call({ method: "post", place, body, posting }, signal),
    async edit(ref, body, _urgency, signal) {
      await call({ method: "edit", ref, body }, signal);
    },
    upload: (place, files, comment, posting, signal) =>
      call(
        {
          method: "upload",
          place,
          body: { text: comment },
          posting,
          files: files.map(({ name, bytes }) => ({ name, bytes })),
        },
        signal,
      ),
    async tellOnly(place, userId, body, signal) {
      await call({ method: "tellOnly", place, userId, body }, signal);
    },
    react: () => Promise.resolve(),
    unreact: () => Promise.resolve(),
    permalink: () => Promise.resolve(url),
  };
}
