import { expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { oneSender } from "../../src/jobs/thread/one-sender.ts";
import type { Chat, ChatFile } from "../../src/ports/chat.ts";
import { fakeChat } from "../fakes/chat.ts";
import { fakeSendLocks } from "../fakes/send-locks.ts";

const never = new AbortController().signal;
const place = { channel: "C1" };
const body = { text: "the card" };
const profile: ChatFile = {
  name: "heap.pb.gz",
  title: "heap",
  contentType: "application/gzip",
  bytes: 3,
  async *open() {
    yield await Promise.resolve(new Uint8Array(3));
  },
};

/** Two workers who write to one chat, and the locks between them. */
function twoWorkers() {
  const chat = fakeChat();
  const locks = fakeSendLocks();
  return { chat, locks, one: oneSender(chat, locks), other: oneSender(chat, locks) };
}

type Send = (chat: Chat) => Promise<unknown>;
const sends: readonly (readonly [string, Send])[] = [
  ["post", (chat) => chat.post(place, body, { intent: "gf-1", attemptedAtMs: 0 }, never)],
  ["upload", (chat) => chat.upload(place, [profile], "Files", { intent: "gf-1", attemptedAtMs: 0 }, never)],
];

test.each(sends)(
  "of two who %s the same at once the second looks again later, and finds it",
  async (_name, send) => {
    const { chat, one, other } = twoWorkers();
    const [first, second] = await Promise.allSettled([send(one), send(other)]);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({
      status: "rejected",
      reason: { code: "unavailable", retryAfterMs: 1_000, message: "Another worker sends this just now." },
    });
    expect(await send(other)).toEqual(first.status === "fulfilled" ? first.value : undefined);
    expect(chat.messages).toHaveLength(1);
  },
);

test("edits of one message follow each other, those of two do not wait", async () => {
  const { one, other } = twoWorkers();
  const [mine, yours] = [
    await one.post(place, body, { intent: "gf-1" }, never),
    await one.post(place, body, { intent: "gf-2" }, never),
  ];
  const outcomes = await Promise.allSettled([
    one.edit(mine, body, "news", never),
    other.edit(mine, body, "news", never),
    other.edit(yours, body, "news", never),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test.each(sends)("who stood still for too long does not %s any more", async (_name, send) => {
  const { chat, locks, one } = twoWorkers();
  locks.mayBegin = false;
  await expect(send(one)).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 1_000 });
  expect(chat.messages).toEqual([]);
});

test("nor edit", async () => {
  const { chat, locks, one } = twoWorkers();
  const ref = await one.post(place, body, { intent: "gf-1" }, never);
  locks.mayBegin = false;
  await expect(one.edit(ref, { text: "old" }, "news", never)).rejects.toMatchObject({ code: "unavailable" });
  expect(chat.messages[0]?.body).toEqual(body);
});

test("who loses the lock under a call gives it up, as something to be looked for", async () => {
  const { chat, locks } = twoWorkers();
  const hanging = oneSender(
    {
      ...chat,
      async post(_place, _body, { intent }, signal) {
        locks.lose(intent);
        await Promise.resolve();
        throw signal.reason;
      },
    },
    locks,
  );
  await expect(hanging.post(place, body, { intent: "gf-1" }, never)).rejects.toMatchObject({
    name: "PortError",
    code: "unavailable",
  });
});

test("who is told to stop throws the reason", async () => {
  const { one } = twoWorkers();
  const stopped = AbortSignal.abort(new Error("the worker ends"));
  await expect(one.post(place, body, { intent: "gf-1" }, stopped)).rejects.toThrow("the worker ends");
});

test("what may have got through without an answer is given two seconds to turn up, what was refused none", async () => {
  const { chat, locks, one } = twoWorkers();
  for (const [intent, code] of [
    ["gf-1", "unavailable"],
    ["gf-2", "timeout"],
    ["gf-3", "rate-limited"],
    ["gf-4", "forbidden"],
  ] as const) {
    chat.fault = () => ({ when: "before", error: new PortError(code, "chat", "no") });
    await expect(one.post(place, body, { intent }, never)).rejects.toMatchObject({ code });
  }
  chat.fault = () => undefined;
  await one.post(place, body, { intent: "gf-5" }, never);
  expect(locks.released).toEqual([
    { message: "gf-1", restMs: 2_000 },
    { message: "gf-2", restMs: 2_000 },
    { message: "gf-3", restMs: 0 },
    { message: "gf-4", restMs: 0 },
    { message: "gf-5", restMs: 0 },
  ]);
});
