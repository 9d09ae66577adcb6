import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { incidents, type LiveBot, liveBot } from "./bot.ts";

const token = "alerts-token";
const groups = 1_000;
const alertsEach = 3;
const serviceNames = Array.from({ length: 12 }, (_, at) => `service-${at}`);
/** Shorter in CI; `npm run storm` has the half minute that a restart on another machine takes. */
const outageMs = Number(process.env["GOFIRE_STORM_OUTAGE_SECONDS"] ?? 5) * 1_000;
/** So that an outage is no end of the storm. */
const quietMs = outageMs + 5_000;
const connections = 10;
/** Slower than Slack takes them; faster than the minute in which a real one comes. */
const sendForMs = 10_000;
/** Of the process with the stand-in in it, which keeps every message and call. */
const mostHeapBytes = 200 * 2 ** 20;

describe.skipIf(redisProgram === undefined)("a storm of a thousand groups", () => {
  let redis: TestRedis;
  let bot: LiveBot;

  async function begin(): Promise<void> {
    redis = await testRedis();
    onTestFinished(() => redis.remove());
    const before = process.env["REDIS_URL"];
    process.env["REDIS_URL"] = redis.url;
    onTestFinished(() => {
      if (before === undefined) delete process.env["REDIS_URL"];
      else process.env["REDIS_URL"] = before;
    });
    const target = await sickTarget();
    onTestFinished(() => target.close());
    bot = await liveBot("socket", Object.fromEntries(serviceNames.map((name) => [name, target.url])), {
      messages: { channels: [], senders: [] },
      request: {
        channel: incidents,
        hearsMessages: false,
        comparesPeers: false,
        storm: { pages: 10, withinMs: 60_000, quietMs },
        secrets: { bearer: token },
        services: () =>
          Promise.resolve(serviceNames.map((name) => ({ name, matches: [], instances: [target.url] }))),
      },
    });
    onTestFinished(() => bot.close());
  }

  /** Delivers as Alertmanager does: again, after growing pauses, until it is taken; never after a 4xx. */
  async function deliver(group: number): Promise<number> {
    const body = JSON.stringify(bodyOf(group));
    for (let attempt = 0; ; attempt++) {
      const status = await fetch(`${bot.url}/webhooks/alertmanager`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body,
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      if (status === 200) return attempt;
      if (status !== 503 && status !== 0) throw new Error(`group ${group} was answered ${status}`);
      await sleep(Math.min(500 * 1.5 ** attempt, 5_000) * (0.5 + Math.random()));
    }
  }

  /** All groups over `sendForMs`; tells how many attempts failed. */
  async function storm(): Promise<number> {
    let next = 0;
    let refused = 0;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (;;) {
          const group = next++;
          if (group >= groups) return;
          const dueMs = startedAt + (group * sendForMs) / groups - performance.now();
          if (dueMs > 0) await sleep(dueMs);
          refused += await deliver(group);
        }
      }),
    );
    return refused;
  }

  function channelMessages(): readonly SlackMessage[] {
    return bot.messages().filter(({ threadTs, onlyFor }) => threadTs === undefined && onlyFor === undefined);
  }

  function digests(): readonly SlackMessage[] {
    return channelMessages().filter(({ text }) => text.startsWith("Storm"));
  }

  /** The groups in the last list of the digest's thread. */
  async function accountedFor(digest: SlackMessage): Promise<ReadonlySet<string>> {
    const list = await until(
      () =>
        [...bot.slack.workspace.files.values()].find(
          ({ name, shares }) =>
            /^storm-\w+\.over\.md$/.test(name) && shares.some(({ threadTs }) => threadTs === digest.ts),
        ),
      "the list of the storm's end",
      90_000,
    );
    const rows = list.bytes
      .toString()
      .split("\n")
      .filter((line) => line.startsWith("| critical |"));
    expect(rows).toHaveLength(groups);
    for (const row of rows) expect(row).toMatch(/gf-\w{4,6} \|$/);
    return new Set(rows.map((row) => /group-\d+/.exec(row)?.[0] ?? ""));
  }

  test("is one digest; Redis killed in its midst loses none of them, and memory stays bounded", async () => {
    await begin();
    const heapBefore = heapBytes();
    let highest = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().heapUsed);
    }, 100);
    onTestFinished(() => clearInterval(watch));
    const sent = storm();
    await sleep(sendForMs / 3);
    await redis.kill();
    await sleep(outageMs);
    await redis.start();
    expect(await sent, "attempts while Redis was away").toBeGreaterThan(0);

    const digest = await until(
      () => digests().find(({ text }) => text.startsWith("Storm over")),
      "the storm's end",
      90_000,
    );
    expect(digest.text).toContain(`${groups.toLocaleString("en")} groups, 12 services, 3,000 alerts`);
    expect(await accountedFor(digest)).toEqual(
      new Set(Array.from({ length: groups }, (_, group) => `group-${group}`)),
    );
    expect(digests()).toHaveLength(1);
    // The nine that came before it was a storm have cards, and nobody else.
    expect(channelMessages()).toHaveLength(10);
    const verdicts = bot
      .messages()
      .filter(({ threadTs, text }) => threadTs === digest.ts && /FAIL/.test(text));
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.length).toBeLessThanOrEqual(serviceNames.length);
    expect(digest.reactions).toEqual([]);
    // What leaves at the permitted pace may come faster where a busy machine held some of it back; it is posted later, once.
    expect(bot.slack.problems().filter((problem) => !/was refused: ratelimited/.test(problem))).toEqual([]);
    clearInterval(watch);
    const grown = highest - heapBefore;
    process.stdout.write(
      `${Math.round(grown / 2 ** 20)} MiB more heap at most, ${Math.round((heapBytes() - heapBefore) / 2 ** 20)} MiB kept\n`,
    );
    expect(grown).toBeLessThan(mostHeapBytes);
  }, 240_000);
});

function bodyOf(group: number) {
  const service = serviceNames[group % serviceNames.length] ?? "";
  const startsAt = new Date(Date.UTC(2024, 4, 21, 3, 12) + group).toISOString();
  const body = alertmanagerBody({ alerts: alertsEach, groupKey: `{}:{group="${group}"}`, service, startsAt });
  return {
    ...body,
    commonLabels: { alertname: `group-${group}` },
    alerts: body.alerts.map((alert) => ({ ...alert, labels: { ...alert.labels, severity: "critical" } })),
  };
}

/** What is in use once everything that can go has gone. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
