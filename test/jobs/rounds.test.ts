import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Rollback } from "../../src/domain/configuration/rollback.ts";
import { PortError } from "../../src/domain/errors.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { openRedis } from "../../src/integrations/redis/connection.ts";
import { openActKeys } from "../../src/integrations/redis/open-act-store.ts";
import { makeRounds } from "../../src/jobs/upkeep/rounds.ts";
import { fakeAuditLog } from "../fakes/audit-log.ts";
import { fakeChat } from "../fakes/chat.ts";
import { redisProgram, testRedis } from "../integrations/redis-server.ts";
import { startTestBot, until } from "./bot.ts";

const never = new AbortController().signal;
const hourAgo = () => Date.now() - 3_600_000;

test("many rounds in one process are no leak that Node warns of", async () => {
  const warnings: string[] = [];
  const heard = ({ name }: Error) => void warnings.push(name);
  process.on("warning", heard);
  onTestFinished(() => void process.off("warning", heard));
  const ending = new AbortController();
  const rounds = Array.from({ length: 20 }, () => ({ everyMs: 60_000, work: () => Promise.resolve() }));
  const made = makeRounds(rounds, () => {}, ending.signal);
  ending.abort();
  await made;
  // Node tells a warning in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).not.toContain("MaxListenersExceededWarning");
});

describe.skipIf(redisProgram === undefined)("what every worker looks after by the clock", () => {
  test("a rollback goes on while the chat takes no word of a mute", async () => {
    const redis = await testRedis();
    const artifacts = await mkdtemp(join(tmpdir(), "gofire-rounds-"));
    onTestFinished(async () => {
      await redis.remove();
      await rm(artifacts, { recursive: true, force: true });
    });
    const chat = fakeChat();
    chat.fault = (method) =>
      method === "post"
        ? { when: "before", error: new PortError("unavailable", "chat", "Slack has trouble of its own.") }
        : undefined;
    const settings = { auditLog: fakeAuditLog(), sweepEveryMs: 100 };
    const bot = await startTestBot({ redis: redis.url, artifacts, targets: {}, settings }, chat);
    onTestFinished(() => bot.stop(1_000));
    const { client } = bot.redis;
    const subject = { kind: "service", service: "order" } as const;
    const mute = { subject, userId: "U1", sinceMs: Date.now(), untilMs: Date.now() + 600_000 };
    const by = { userId: "U1", intent: "mute 1", atMs: Date.now(), place: { channel: "C1" } };
    await bot.mutes.mute(mute, never, by);
    const way = { kind: "revert", revision: "b".repeat(40) } as const;
    const plan = { repository: "config", way: { ...way, name: "v2" }, own: [], others: [] };
    const begun = await bot.rollbacks.begin(
      {
        service: "order",
        plan: plan as unknown as Rollback,
        way,
        push: "branch",
        digest: "d".repeat(64),
        place: { channel: "C1" },
        asked: { userId: "U1", atMs: hourAgo(), intent: "rollback 1" },
      },
      never,
    );
    if ("underWay" in begun) throw new Error("another one is under way");
    const { id } = begun.request;
    // Whoever did both died an hour ago.
    await client.zadd(openActKeys[0], hourAgo(), by.intent);
    await client.zadd("{gofire}:rollbacks:untold", hourAgo(), id);
    const ended = await until(
      async () => {
        const now = await bot.rollbacks.read(id, never);
        return now?.state === "asked" ? undefined : now;
      },
      "the rollback that nobody agreed to in time is over",
      10_000,
    );
    expect(ended).toMatchObject({ state: "withdrawn", ended: { how: "expired" } });
    expect(await bot.openActs.left(0, never)).toHaveLength(1);
  });

  test("that cannot begin says goodbye to Redis: the process could not end", async () => {
    const redis = await testRedis();
    onTestFinished(() => redis.remove());
    // What BullMQ does not take.
    const settings = { workerTimes: { lockMs: 2_000, stalledCheckMs: 0 } };
    const begun = startTestBot({ redis: redis.url, artifacts: tmpdir(), targets: {}, settings }, fakeChat());
    await expect(begun).rejects.toThrow("stalledInterval");
    const other = await openRedis(parseRedisUrl(redis.url), { onTrouble: () => {} });
    onTestFinished(() => other.close());
    const others = async () => {
      const all = String(await other.client.client("LIST"))
        .trim()
        .split("\n");
      return all.filter(
        (one) => one.includes(`name=gofire-${process.pid} `) && !one.includes("cmd=client|list"),
      );
    };
    let left: readonly string[] = [];
    await until(
      async () => {
        left = await others();
        return left.length === 0 ? true : undefined;
      },
      () => `this connection to be the only one, beside ${left.join("; ")}`,
      5_000,
    );
  });
});
