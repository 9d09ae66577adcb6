import { afterEach, describe, expect, test } from "vitest";
import type { MessageRef } from "../../src/domain/chat/message.ts";
import { PortError } from "../../src/domain/errors.ts";
import { createPace } from "../../src/integrations/slack/pace.ts";
import { fakeClock } from "../fakes/clock.ts";
import { incidents } from "../sandbox/slack/bolt.ts";
import { type SlackWorld, slackWorld } from "./slack-world.ts";

const never = new AbortController().signal;
const shared = "C0SHARE005";

let world: SlackWorld;
afterEach(() => world?.close());

function say(channel: string, text: string): Promise<MessageRef> {
  return world.chat.post({ channel }, { text }, { intent: `${channel} ${text}` }, never);
}

async function failureOf(call: Promise<unknown>): Promise<PortError> {
  const outcome = await call.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (outcome instanceof PortError) return outcome;
  throw new Error(`Not a PortError: ${String(outcome)}`, { cause: outcome });
}

describe("Slack's rates", () => {
  test("twenty cards at once in one channel: those that go meet no 429, the others are told when to come back", async () => {
    world = await slackWorld();
    const left = Array.from({ length: 20 }, (_, at) => `card ${at}`);
    for (let round = 0; left.length > 0; round++) {
      expect(round).toBeLessThan(20);
      const texts = left.splice(0);
      const outcomes = await Promise.allSettled(texts.map((text) => say(incidents, text)));
      for (const [at, outcome] of outcomes.entries()) {
        if (outcome.status === "fulfilled") continue;
        expect(outcome.reason).toMatchObject({ code: "rate-limited" });
        left.push(texts[at] ?? "");
      }
      world.clock.advance(1_000);
    }
    expect(new Set(world.shown(incidents).map(({ text }) => text)).size).toBe(20);
    expect(world.slack.problems()).toEqual([]);
  });

  test("a channel that Slack limits is left alone for as long as it says; others go on", async () => {
    world = await slackWorld();
    world.fault({ on: "chat.postMessage", kind: "rate-limited", retryAfterS: 20 });
    expect(await failureOf(say(incidents, "a"))).toMatchObject({
      code: "rate-limited",
      retryAfterMs: 20_000,
    });
    world.clock.advance(5_000);
    const again = await failureOf(say(incidents, "a"));
    expect(again).toMatchObject({ code: "rate-limited", retryAfterMs: 15_000 });
    expect(again.message).toContain("15 s");
    await say(shared, "b");
    world.clock.advance(15_000);
    await say(incidents, "a");
    const calls = world.slack.traffic.exchanges.filter(({ name }) => name === "chat.postMessage");
    expect(calls.map(({ status }) => status)).toEqual([429, 200, 200]);
  });

  test("a second limited channel means the whole workspace: nothing is posted until Slack takes more", async () => {
    world = await slackWorld();
    world.fault({ on: "chat.postMessage", kind: "rate-limited", retryAfterS: 20, times: 2 });
    await failureOf(say(incidents, "a"));
    await failureOf(say(shared, "b"));
    const third = await failureOf(say("C0OLDIE004", "c"));
    expect(third).toMatchObject({ code: "rate-limited", retryAfterMs: 20_000 });
    expect(world.slack.traffic.exchanges).toHaveLength(2);
  });

  test("progress gives way, so that a verdict is shown at once", async () => {
    world = await slackWorld();
    const card = await say(incidents, "card");
    let progress = 0;
    for (let edit = 0; edit < 40; edit++) {
      const body = { text: `step ${edit}` };
      const outcome = await world.chat.edit(card, body, "progress", never).catch((error: unknown) => error);
      if (outcome === undefined) progress += 1;
      else expect(outcome).toMatchObject({ code: "rate-limited" });
    }
    expect(progress).toBe(20);
    for (let edit = 0; edit < 30; edit++) {
      await world.chat.edit(card, { text: `verdict ${edit}` }, "news", never);
    }
    expect(world.shown(incidents)).toMatchObject([{ text: "verdict 29" }]);
    const late = await failureOf(world.chat.edit(card, { text: "one too many" }, "news", never));
    expect(late.retryAfterMs).toBeGreaterThan(5_000);
    world.clock.advance(late.retryAfterMs ?? 0);
    await world.chat.edit(card, { text: "step 41" }, "progress", never);
    expect(world.slack.problems()).toEqual([]);
  });
});

describe("the files of many incidents", () => {
  test("leave room for findings; what waits is sent on from where it was", async () => {
    world = await slackWorld();
    const place = { channel: incidents };
    const share = (intent: string, count: number) =>
      world.chat.upload(place, files(count), intent, { intent }, never);
    for (let incident = 0; incident < 5; incident++) await share(`evidence ${incident}`, 11);
    const late = await failureOf(share("evidence 5", 11));
    expect(late.code).toBe("rate-limited");
    expect(late.retryAfterMs).toBeGreaterThan(10_000);
    for (let incident = 0; incident < 10; incident++) await share(`findings ${incident}`, 3);
    world.clock.advance(late.retryAfterMs ?? 0);
    await share("evidence 5", 11);
    const calls = world.slack.traffic.exchanges.filter(({ name }) => name === "files.getUploadURLExternal");
    expect(calls).toHaveLength(6 * 11 + 10 * 3);
    expect(world.shown(incidents)).toHaveLength(16);
    expect(world.slack.problems()).toEqual([]);
  });
});

describe("the pace of calls", () => {
  const rate = { most: 2, windowMs: 1_000 };

  test("lets a burst go, then keeps the rate", async () => {
    const clock = fakeClock();
    const pace = createPace(clock);
    const wentAtMs: number[] = [];
    for (let call = 0; call < 6; call++) {
      await pace.enter("k", rate, 5_000, never);
      wentAtMs.push(clock.monotonicMs());
    }
    expect(wentAtMs).toEqual([0, 0, 1_000, 1_000, 2_000, 2_000]);
  });

  test("keys do not hinder each other", async () => {
    const clock = fakeClock();
    const pace = createPace(clock);
    for (const key of ["a", "b", "c", "a", "b", "c"]) await pace.enter(key, rate, 0, never);
    expect(clock.slept).toEqual([]);
  });

  test("who would wait too long is told how long, and takes nobody's place", async () => {
    const clock = fakeClock();
    const pace = createPace(clock);
    await pace.enter("k", rate, 0, never);
    await pace.enter("k", rate, 0, never);
    clock.advance(300);
    for (let call = 0; call < 5; call++) {
      expect(await failureOf(pace.enter("k", rate, 100, never))).toMatchObject({
        code: "rate-limited",
        retryAfterMs: 700,
      });
    }
    clock.advance(700);
    await pace.enter("k", rate, 0, never);
  });

  test("who gives up while waiting leaves the place to the next", async () => {
    const clock = fakeClock();
    const stop = new AbortController();
    const reason = new Error("given up");
    const pace = createPace({
      ...clock,
      async sleep(ms, signal) {
        if (signal === stop.signal) {
          // Somebody asks in between.
          await expect(pace.enter("k", rate, 0, never)).rejects.toThrow("no more calls");
          stop.abort(reason);
        }
        await clock.sleep(ms, signal);
      },
    });
    await pace.enter("k", rate, 0, never);
    await pace.enter("k", rate, 0, never);
    await expect(pace.enter("k", rate, 5_000, stop.signal)).rejects.toBe(reason);
    await pace.enter("k", rate, 5_000, never);
    await pace.enter("k", rate, 5_000, never);
    expect(clock.monotonicMs()).toBe(1_000);
  });

  test("takes half of a rate for a minute once Slack refused a call, half of that when it does again", async () => {
    const clock = fakeClock();
    const pace = createPace(clock);
    const most = { most: 8, windowMs: 1_000 };
    async function burst(): Promise<number> {
      clock.advance(1_000);
      let count = 0;
      while ((await pace.enter("k", most, 0, never).catch(() => "full")) === undefined) count += 1;
      return count;
    }
    const bursts = [await burst()];
    // Several at once count once.
    for (let call = 0; call < 5; call++) pace.pause("k", 500);
    bursts.push(await burst());
    pace.pause("k", 500);
    bursts.push(await burst());
    clock.advance(61_000);
    bursts.push(await burst());
    expect(bursts).toEqual([8, 4, 2, 8]);
  });

  test("a pause that begins while somebody waits holds them back, too", async () => {
    const clock = fakeClock();
    const pace = createPace({
      ...clock,
      async sleep(ms, signal) {
        pace.pause("k", 10_000);
        await clock.sleep(ms, signal);
      },
    });
    await pace.enter("k", rate, 0, never);
    await pace.enter("k", rate, 0, never);
    expect(await failureOf(pace.enter("k", rate, 5_000, never))).toMatchObject({ retryAfterMs: 9_000 });
  });
});

function files(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    name: `profile-${at}.pb.gz`,
    title: "profile",
    contentType: "application/gzip",
    bytes: 1,
    async *open() {
      yield await Promise.resolve(Buffer.from("x"));
    },
  }));
}
