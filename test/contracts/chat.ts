import { afterEach, describe, expect, test } from "vitest";
import type { MessageRef } from "../../src/domain/chat/message.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { Chat, ChatFile } from "../../src/ports/chat.ts";

const never = new AbortController().signal;

/** How a call goes wrong: nothing happened, or it happened and the answer got lost. */
export type Mishap =
  | "limited"
  | "reset before"
  | "reset after"
  | "trouble before"
  | "trouble after"
  | "hang before"
  | "hang after";

/** A message as people see it. */
export interface ShownMessage {
  readonly ts: string;
  readonly thread?: string;
  readonly text: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly altText?: string }[];
  readonly reactions: readonly string[];
}

/** A chat to look at, with the same channels everywhere. */
export interface ChatWorld {
  readonly chat: Chat;
  /** The bot is in `home`, may not see `unseen`, may read but not write in `archived`. */
  readonly channels: { readonly home: string; readonly unseen: string; readonly archived: string };
  readonly people: { readonly member: string; readonly outsider: string };
  /** Oldest first, replies among them. */
  readonly shown: (channel: string) => readonly ShownMessage[];
  readonly whispers: (channel: string) => readonly { readonly userId: string; readonly text: string }[];
  /** The next call of that kind. */
  readonly spoil: (call: "post" | "edit" | "upload", mishap: Mishap) => void;
  readonly nowMs: () => number;
  /** Lets time pass by the world's own clock. */
  readonly elapse: (ms: number) => void;
  close(): Promise<void>;
}

/** What every implementation of the port promises. */
export function chatContract(name: string, open: () => Promise<ChatWorld>): void {
  describe(`${name} as a chat`, () => {
    let world: ChatWorld;
    async function begin(): Promise<ChatWorld> {
      world = await open();
      return world;
    }
    afterEach(() => world.close());

    function say(text: string, intent: string, attemptedAtMs?: number): Promise<MessageRef> {
      const posting = attemptedAtMs === undefined ? { intent } : { intent, attemptedAtMs };
      return world.chat.post({ channel: world.channels.home }, { text }, posting, never);
    }

    function share(
      files: readonly ChatFile[],
      thread: string,
      intent: string,
      attemptedAtMs?: number,
    ): Promise<MessageRef> {
      const posting = attemptedAtMs === undefined ? { intent } : { intent, attemptedAtMs };
      const place = { channel: world.channels.home, thread };
      return world.chat.upload(place, files, "What was captured", posting, never);
    }

    test("posts into a channel and into a thread, and tells where", async () => {
      const { chat, channels, shown } = await begin();
      const card = await say("the card", "gf-1");
      const reply = await chat.post(
        { channel: channels.home, thread: card.ts },
        { text: "a reply" },
        { intent: "gf-1/note" },
        never,
      );
      expect(card.channel).toBe(channels.home);
      expect(shown(channels.home)).toMatchObject([
        { ts: card.ts, text: "the card" },
        { ts: reply.ts, thread: card.ts, text: "a reply" },
      ]);
    });

    test("what is posted at the same time appears in the order of asking", async () => {
      const { channels, shown } = await begin();
      const refs = await Promise.all(["1", "2", "3", "4", "5", "6"].map((text) => say(text, `gf-${text}`)));
      expect(shown(channels.home).map(({ text }) => text)).toEqual(["1", "2", "3", "4", "5", "6"]);
      expect(refs.map(({ ts }) => ts)).toEqual(shown(channels.home).map(({ ts }) => ts));
    });

    test.each<Mishap>(["reset after", "trouble after", "hang after"])(
      "finds the message again whose answer got lost (%s)",
      async (mishap) => {
        const { channels, shown, spoil, nowMs } = await begin();
        const attemptedAtMs = nowMs();
        await say("an older one", "gf-0");
        spoil("post", mishap);
        const error = await failureOf(say("the card", "gf-1"));
        expect(error.code).toMatch(mishap === "hang after" ? "timeout" : "unavailable");
        const ref = await say("the card", "gf-1", attemptedAtMs);
        expect(shown(channels.home).map(({ text }) => text)).toEqual(["an older one", "the card"]);
        expect(ref.ts).toBe(shown(channels.home)[1]?.ts);
      },
    );

    test.each<Mishap>(["reset before", "trouble before", "hang before", "limited"])(
      "posts what did not get through (%s)",
      async (mishap) => {
        const { channels, shown, spoil, nowMs } = await begin();
        const attemptedAtMs = nowMs();
        spoil("post", mishap);
        await failureOf(say("the card", "gf-1"));
        expect(shown(channels.home)).toEqual([]);
        await say("the card", "gf-1", attemptedAtMs);
        expect(shown(channels.home).map(({ text }) => text)).toEqual(["the card"]);
      },
    );

    test("finds what got through in a thread, too, and never takes another intent's message for it", async () => {
      const { chat, channels, shown, spoil, nowMs } = await begin();
      const attemptedAtMs = nowMs();
      const card = await say("the card", "gf-1");
      const place = { channel: channels.home, thread: card.ts };
      await chat.post(place, { text: "same words" }, { intent: "gf-1/a" }, never);
      spoil("post", "reset after");
      await failureOf(chat.post(place, { text: "same words" }, { intent: "gf-1/b" }, never));
      const ref = await chat.post(place, { text: "same words" }, { intent: "gf-1/b", attemptedAtMs }, never);
      await chat.post(place, { text: "same words" }, { intent: "gf-1/c", attemptedAtMs }, never);
      const replies = shown(channels.home).filter(({ thread }) => thread === card.ts);
      expect(replies).toHaveLength(3);
      expect(ref.ts).toBe(replies[1]?.ts);
    });

    test("says when to come back", async () => {
      const { spoil } = await begin();
      spoil("post", "limited");
      const error = await failureOf(say("the card", "gf-1"));
      expect(error.code).toBe("rate-limited");
      expect(error.retryAfterMs).toBeGreaterThan(0);
    });

    test("tells people what to do about a channel that it cannot write to", async () => {
      const { chat, channels } = await begin();
      const body = { text: "the card" };
      const unseen = await failureOf(
        chat.post({ channel: channels.unseen }, body, { intent: "gf-1" }, never),
      );
      expect(unseen.code).toBe("not-found");
      expect(unseen.message).toContain("/invite @gofire");
      const archived = await failureOf(
        chat.post({ channel: channels.archived }, body, { intent: "gf-1" }, never),
      );
      expect(archived.code).toBe("forbidden");
      expect(archived.message).toContain("archived");
    });

    test("says that a thread is closed whose message is gone", async () => {
      const { chat, channels, shown } = await begin();
      const place = { channel: channels.home, thread: "1.000001" };
      const posting = { intent: "gf-1/note" };
      expect((await failureOf(chat.post(place, { text: "a reply" }, posting, never))).code).toBe(
        "thread-closed",
      );
      expect((await failureOf(share([picture], "1.000001", "gf-1/flame"))).code).toBe("thread-closed");
      expect(shown(channels.home)).toEqual([]);
    });

    test("looks for what got through from the attempt on, and not before", async () => {
      const { channels, shown, nowMs } = await begin();
      await say("the card", "gf-1");
      await say("the card", "gf-1", nowMs() + 3_600_000);
      expect(shown(channels.home)).toHaveLength(2);
    });

    test("refuses what says nothing", async () => {
      const { channels, shown } = await begin();
      expect((await failureOf(say("  ", "gf-1"))).code).toBe("bad-response");
      expect(shown(channels.home)).toEqual([]);
    });

    test("edits in place, also again after a lost answer", async () => {
      const { chat, channels, shown, spoil } = await begin();
      const card = await say("queued", "gf-1");
      await chat.edit(card, { text: "capturing" }, "progress", never);
      expect(shown(channels.home).map(({ text }) => text)).toEqual(["capturing"]);
      for (const mishap of ["reset after", "trouble before", "hang before"] as const) {
        spoil("edit", mishap);
        const error = await failureOf(chat.edit(card, { text: mishap }, "news", never));
        expect(["unavailable", "timeout"]).toContain(error.code);
        await chat.edit(card, { text: mishap }, "news", never);
        expect(shown(channels.home).map(({ text }) => text)).toEqual([mishap]);
      }
      const gone = { channel: channels.home, ts: "1.000001" };
      expect((await failureOf(chat.edit(gone, { text: "x" }, "news", never))).code).toBe("message-deleted");
    });

    test("shares files as one message in a thread, pictures with their words", async () => {
      const { channels, shown } = await begin();
      const card = await say("the card", "gf-1");
      const ref = await share([picture, profile], card.ts, "gf-1/evidence");
      const message = shown(channels.home).find(({ ts }) => ts === ref.ts);
      expect(message).toMatchObject({ thread: card.ts, text: expect.stringMatching(/^What was captured/) });
      expect(message?.files).toEqual([
        { name: "flame.png", bytes: 6, altText: "62% in json.Unmarshal" },
        { name: "heap.pb.gz", bytes: 100_000 },
      ]);
      expect(shown(channels.home)).toHaveLength(2);
    });

    test.each<Mishap>([
      "reset before",
      "reset after",
      "trouble before",
      "trouble after",
      "hang before",
      "hang after",
      "limited",
    ])("shares files once, whatever happens to the answer (%s)", async (mishap) => {
      const { channels, shown, spoil, nowMs, elapse } = await begin();
      const attemptedAtMs = nowMs();
      const card = await say("the card", "gf-1");
      spoil("upload", mishap);
      const { retryAfterMs = 0 } = await failureOf(share([picture], card.ts, "gf-1/flame"));
      elapse(retryAfterMs);
      const ref = await share([picture], card.ts, "gf-1/flame", attemptedAtMs);
      expect(shown(channels.home).filter(({ files }) => files.length > 0)).toMatchObject([
        { ts: ref.ts, thread: card.ts },
      ]);
      await share([profile], card.ts, "gf-1/heap", attemptedAtMs);
      expect(shown(channels.home).filter(({ files }) => files.length > 0)).toHaveLength(2);
    });

    test("asks right before it sends whether it still may, and sends nothing when it may not", async () => {
      const { chat, channels, shown } = await begin();
      const refusal = new PortError("unavailable", "chat", "Somebody else sends this.");
      const refused = (intent: string) => ({
        intent,
        beforeSending() {
          throw refusal;
        },
      });
      const place = { channel: channels.home };
      await expect(chat.post(place, { text: "the card" }, refused("gf-1"), never)).rejects.toBe(refusal);
      await expect(chat.upload(place, [picture], "What was captured", refused("gf-2"), never)).rejects.toBe(
        refusal,
      );
      expect(shown(channels.home)).toEqual([]);
    });

    test("refuses an upload of nothing", async () => {
      const { channels, shown } = await begin();
      const card = await say("the card", "gf-1");
      expect((await failureOf(share([], card.ts, "gf-1/a"))).code).toBe("bad-response");
      const empty = { ...profile, bytes: 0, open: () => chunks() };
      expect((await failureOf(share([empty], card.ts, "gf-1/b"))).code).toBe("bad-response");
      expect(shown(channels.home)).toHaveLength(1);
    });

    test("tells one person only", async () => {
      const { chat, channels, people, shown, whispers } = await begin();
      const place = { channel: channels.home };
      await chat.tellOnly(place, people.member, { text: "Only for you." }, never);
      expect(whispers(channels.home)).toEqual([{ userId: people.member, text: "Only for you." }]);
      expect(shown(channels.home)).toEqual([]);
      const refused = await failureOf(chat.tellOnly(place, people.outsider, { text: "x" }, never));
      expect(refused.code).toBe("forbidden");
    });

    test("reacts and takes it back, each as often as one likes", async () => {
      const { chat, channels, shown } = await begin();
      const card = await say("a page", "gf-1");
      await chat.react(card, "eyes", never);
      await chat.react(card, "eyes", never);
      expect(shown(channels.home)[0]?.reactions).toEqual(["eyes"]);
      await chat.unreact(card, "eyes", never);
      await chat.unreact(card, "eyes", never);
      expect(shown(channels.home)[0]?.reactions).toEqual([]);
      const gone = { channel: channels.home, ts: "1.000001" };
      expect((await failureOf(chat.react(gone, "eyes", never))).code).toBe("message-deleted");
      expect((await failureOf(chat.unreact(gone, "eyes", never))).code).toBe("message-deleted");
      expect((await failureOf(chat.permalink(gone, never))).code).toBe("message-deleted");
    });

    test("links to a message", async () => {
      const { chat, channels } = await begin();
      const card = await say("the card", "gf-1");
      const link = new URL(await chat.permalink(card, never));
      expect(link.pathname).toBe(`/archives/${channels.home}/p${card.ts.replace(".", "")}`);
    });

    test("does nothing when it is aborted before", async () => {
      const { chat, channels, shown } = await begin();
      const card = await say("the card", "gf-1");
      const reason = new Error("given up");
      const aborted = AbortSignal.abort(reason);
      const place = { channel: channels.home, thread: card.ts };
      const calls = [
        () => chat.post(place, { text: "x" }, { intent: "gf-2" }, aborted),
        () => chat.upload(place, [profile], "x", { intent: "gf-3" }, aborted),
        () => chat.edit(card, { text: "x" }, "news", aborted),
        () => chat.tellOnly(place, "U1", { text: "x" }, aborted),
        () => chat.react(card, "eyes", aborted),
        () => chat.unreact(card, "eyes", aborted),
        () => chat.permalink(card, aborted),
      ];
      for (const call of calls) await expect(call()).rejects.toBe(reason);
      expect(shown(channels.home)).toMatchObject([{ text: "the card", reactions: [] }]);
    });
  });
}

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part);
}

const picture: ChatFile = {
  name: "flame.png",
  title: "Flame graph",
  contentType: "image/png",
  bytes: 6,
  altText: "62% in json.Unmarshal",
  open: () => chunks(Buffer.from("pic"), Buffer.from("ture").subarray(0, 3)),
};

const profile: ChatFile = {
  name: "heap.pb.gz",
  title: "heap of order",
  contentType: "application/gzip",
  bytes: 100_000,
  // Not a picture: it would keep the file from being shared.
  altText: "a heap profile",
  open: () => chunks(Buffer.alloc(60_000, 1), Buffer.alloc(40_000, 2)),
};

async function failureOf(call: Promise<unknown>): Promise<PortError> {
  const outcome = await call.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (outcome instanceof PortError) return outcome;
  throw new Error(`Not a PortError: ${String(outcome)}`, { cause: outcome });
}
