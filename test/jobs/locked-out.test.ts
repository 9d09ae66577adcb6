import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { slackChat } from "../../src/integrations/slack/chat.ts";
import { type SlackClient, slackClient } from "../../src/integrations/slack/client.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import { resolveIncident } from "../../src/jobs/incidents/resolve.ts";
import { showWhatWasRefused } from "../../src/jobs/thread/let-in.ts";
import type { Bot } from "../../src/main.ts";
import type { Services } from "../../src/ports/services.ts";
import type { SlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { manifest } from "../render/slack/slack-accepts.ts";
import { incidents, startSlack } from "../sandbox/slack/bolt.ts";
import { draftFor, settled, sickTarget, startTestBot, type TestTargets, testServices, until } from "./bot.ts";

const never = new AbortController().signal;

describe.skipIf(redisProgram === undefined)("a bot that Slack does not let in for a while", () => {
  let redis: TestRedis;
  let artifacts: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let slack: SlackStandIn;
  let client: SlackClient;
  let bot: Bot;
  const told: string[] = [];
  beforeAll(async () => {
    [redis, artifacts, target, slack] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(),
      startSlack({ manifest }),
    ]);
    client = slackClient({
      token: slack.tokens.bot,
      apiUrl: slack.apiUrl,
      clock: systemClock,
      onTrouble: (line) => told.push(line),
    });
    const chat = slackChat({ client, own: slack.workspace.app, clock: systemClock, onTrouble: () => {} });
    const targets = { order: target.url };
    bot = await startTestBot({ redis: redis.url, artifacts, targets }, chat, () => {}, withFewFiles(targets));
  });
  afterAll(async () => {
    await bot.stop(2_000);
    target.close();
    await client.close();
    await slack.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  async function begun(channel: string, thread?: string) {
    const place = thread === undefined ? { channel } : { channel, thread };
    const draft = { ...draftFor("order", `in ${channel} ${thread}`), place };
    return (await beginIncident(draft, bot, never)).incident.id;
  }

  test("keeps card and replies, and posts each once when the token is taken again", async () => {
    slack.faults.add({
      on: "chat.postMessage",
      kind: "error",
      error: "token_revoked",
      when: "before",
      times: 2,
    });
    const id = await begun(incidents);
    await until(() => told.find((line) => line.includes("Bot User OAuth Token")), "the log says so");
    const waiting = await bot.incidents.read(id, never);
    expect(waiting?.card?.problem).toBeUndefined();
    const end = await settled(bot, id);
    expect(end.state).toBe("verdict");
    expect(end.card?.problem).toBeUndefined();
    expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
    expect(slack.workspace.channels.get(incidents)?.messages).toHaveLength(3);
    expect(told.at(-1)).toMatch(/lets gofire in again/);
  });

  test("gives up for good where only the channel is closed", async () => {
    const end = await settled(bot, await begun("C0OLDIE004"));
    expect(end.card?.problem).toMatch(/archived/);
    expect(new Set(end.replies.map(({ state }) => state))).toEqual(new Set(["given-up"]));
  });

  test("shows what it was refused to show in a channel once it is let in there, each message once", async () => {
    const channel = "C0SECRT003";
    const id = await begun(channel);
    expect((await settled(bot, id)).card?.problem).toMatch(/invite @gofire/);
    slack.people.invite(channel, slack.workspace.app.botUserId);
    const ports = { ...bot, clock: systemClock };
    await Promise.all([
      showWhatWasRefused(channel, ports, never),
      showWhatWasRefused(channel, ports, never),
      showWhatWasRefused(incidents, ports, never),
    ]);
    const end = await settled(bot, id);
    expect(end.card).toMatchObject({ ref: { channel } });
    expect(end.card?.problem).toBeUndefined();
    expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
    await showWhatWasRefused(channel, ports, never);
    expect((await settled(bot, id)).version).toBe(end.version);
    const messages = slack.workspace.channels.get(channel)?.messages ?? [];
    expect(messages.filter(({ botId }) => botId !== undefined)).toHaveLength(3);
  });

  test("that is removed from a channel in the middle says the rest once it is invited again", async () => {
    const channel = "C0SECRT003";
    const { botUserId } = slack.workspace.app;
    slack.people.invite(channel, botUserId);
    const messages = () => slack.workspace.channels.get(channel)?.messages ?? [];
    const known = messages().length;
    const draft = { ...draftFor("order", "removed in the middle"), place: { channel } };
    const { id } = (await beginIncident(draft, bot, never)).incident;
    await until(() => messages()[known], "the card");
    slack.people.kick(channel, botUserId);
    const removed = await settled(bot, id);
    expect(removed.state).toBe("verdict");
    expect(removed.card?.problem).toMatch(/invite @gofire/);
    slack.people.invite(channel, botUserId);
    await showWhatWasRefused(channel, { ...bot, clock: systemClock }, never);
    const end = await settled(bot, id);
    expect(end.card?.problem).toBeUndefined();
    expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
    expect(messages().slice(known)).toMatchObject([
      { ts: end.card?.ref?.ts, text: expect.stringMatching(/ fail$/) },
      { threadTs: end.card?.ref?.ts },
      { threadTs: end.card?.ref?.ts },
    ]);
  });

  /** Captures in a channel of its own, and does something as soon as the card shows that the capture runs. */
  async function interrupted(channel: string, interrupt: (card: SlackMessage) => void) {
    slack.people.invite(channel, slack.workspace.app.botUserId);
    const messages = () => slack.workspace.channels.get(channel)?.messages ?? [];
    const known = messages().length;
    const draft = { ...draftFor("order", `interrupted ${known}`), place: { channel } };
    const { id } = (await beginIncident(draft, bot, never)).incident;
    interrupt(await until(() => messages()[known], "the card"));
    return { id, said: () => messages().slice(known) };
  }

  test("says the verdict in a new card, once, when somebody deletes the card in the middle", async () => {
    const channel = "C0GENRL002";
    const [mira = ""] = slack.workspace.channels.get(channel)?.members ?? [];
    const { id, said } = await interrupted(channel, ({ ts }) => slack.people.remove(mira, channel, ts));
    const end = await settled(bot, id);
    expect(end.card?.problem).toBeUndefined();
    expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
    expect(said()).toMatchObject([
      { ts: end.card?.ref?.ts, text: expect.stringMatching(/ fail$/) },
      { threadTs: end.card?.ref?.ts },
      { threadTs: end.card?.ref?.ts },
    ]);
    // Who deletes the verdict has read it.
    slack.people.remove(mira, channel, end.card?.ref?.ts ?? "");
    await resolveIncident(id, mira, { ...bot, clock: systemClock }, never);
    expect((await settled(bot, id)).card?.problem).toMatch(/somebody deleted it/);
    expect(said()).toHaveLength(2);
  });

  test("keeps the verdict of a channel that is archived in the middle, and tells nobody twice", async () => {
    const channel = "C0GENRL002";
    const { id, said } = await interrupted(channel, () => slack.people.archive(channel));
    const end = await settled(bot, id);
    expect(end).toMatchObject({ state: "verdict", analysis: { verdict: "fail" } });
    expect(end.card?.problem).toMatch(/archived/);
    expect(new Set(end.replies.map(({ state }) => state))).toEqual(new Set(["given-up"]));
    expect(said()).toHaveLength(1);
  });

  test.each(["was deleted", "was locked"])(
    "answers in the channel when the thread it belongs in %s",
    async (how) => {
      const page = slack.people.page(incidents, { text: `order is slow, and the page ${how}` });
      const before = slack.workspace.channels.get(incidents)?.messages ?? [];
      const at = before.findIndex(({ ts }) => ts === page);
      if (how === "was deleted") before.splice(at, 1);
      const locked = { kind: "error", error: "restricted_action_thread_locked", when: "before" } as const;
      if (how === "was locked") slack.faults.add({ on: "chat.postMessage", ...locked });
      const known = before.length;
      const end = await settled(bot, await begun(incidents, page));
      expect(end.card?.problem).toBeUndefined();
      expect(end.replies.map(({ state }) => state)).toEqual(["posted", "posted"]);
      const said = (slack.workspace.channels.get(incidents)?.messages ?? []).slice(known);
      expect(said.map(({ threadTs }) => threadTs)).toEqual([undefined, end.card?.ref?.ts, end.card?.ref?.ts]);
    },
  );
});

/** So many captures in a minute would have more files than gofire gives to Slack in one, and each test would wait for the next. */
function withFewFiles(targets: TestTargets): Services {
  const services = testServices(targets);
  const exclude = ["heap", "heap-text", "mutex", "block", "threadcreate", "metrics"] as const;
  return {
    ...services,
    async open(...asked) {
      const opened = await services.open(...asked);
      return { ...opened, capture: { ...opened.capture, exclude } };
    },
  };
}
