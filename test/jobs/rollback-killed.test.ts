import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rollback } from "../../src/domain/configuration/rollback.ts";
import type { RollbackRequest } from "../../src/domain/configuration/rollback-request.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { gitWriter } from "../../src/integrations/git/writer.ts";
import type { Bot } from "../../src/main.ts";
import type { ConfigWriter } from "../../src/ports/config-writer.ts";
import { sharedRepository } from "../integrations/git-repository.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { healthyTarget, startTestBot, type TestTarget, until } from "./bot.ts";
import { bundled } from "./bundled.ts";
import { chatServer } from "./chat-server.ts";
import { freed } from "./dead-worker.ts";
import type { Death, RollbackWorker } from "./rollbacks/child.ts";

const never = new AbortController().signal;
const requested = "rollback.requested";
const approved = "rollback.approved";
const pushed = "rollback.pushed";
const verified = "rollback.verified";

/** Where the first worker dies, by how it is pushed. */
const deaths: readonly (readonly [push: ConfigWriter["push"], when: Death["when"], what: Death["what"]])[] = [
  ["proposal", "after", { said: "asked" }],
  ["proposal", "before", "write"],
  ["branch", "after", "write"],
  ["proposal", "before", { logged: pushed }],
  ["proposal", "after", { logged: pushed }],
  ["proposal", "after", { said: "outcome of" }],
  ["branch", "after", { logged: verified }],
];

describe.skipIf(redisProgram === undefined)("a worker that is killed over a rollback", () => {
  let folder: string;
  let program: string;
  let redis: TestRedis;
  let target: TestTarget;
  let chat: Awaited<ReturnType<typeof chatServer>>;
  let web: Bot;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-rollback-"));
    program = join(folder, "worker.mjs");
    [redis, target, chat] = await Promise.all([
      testRedis(),
      healthyTarget(),
      chatServer(),
      bundled(new URL("rollbacks/child.ts", import.meta.url), program),
    ]);
    const bot = { redis: redis.url, artifacts: join(folder, "artifacts"), targets: { order: target.url } };
    web = await startTestBot({ ...bot, settings: { role: "web" } }, chat.chat);
  }, 120_000);
  afterAll(async () => {
    await web.stop(1_000);
    target.close();
    chat.close();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(deaths)("%s, %s %j: pushed once, logged once, told once", async (push, when, what) => {
    const shop = sharedRepository();
    const own = await mkdtemp(join(folder, "one-"));
    const settings: RollbackWorker = {
      redis: redis.url,
      artifacts: join(folder, "artifacts"),
      targets: { order: target.url },
      chat: chat.url,
      repository: shop.bare,
      push,
      stateFolder: own,
      logFolder: join(own, "audit"),
    };
    async function worker(death?: Death): Promise<ChildProcess> {
      const words = [program, JSON.stringify({ ...settings, ...(death === undefined ? {} : { death }) })];
      const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
      if (child.stdout !== null) await once(child.stdout, "data");
      return child;
    }
    shop.clone.commit({ "order.yaml": "v: 1\n" }, { subject: "One", atMs: Date.now() });
    const change = shop.clone.commit({ "order.yaml": "v: 2\n" }, { subject: "Two", atMs: Date.now() });
    shop.clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    const first = await worker({ when, what });
    const gone = once(first, "exit");
    const id = await begin(change, settings);
    await agreeOnce(id, first);
    await gone;
    await freed(redis.socket);
    const second = await worker();
    try {
      await agreeOnce(id, second);
      const end = await until(async () => {
        const now = await web.rollbacks.read(id, never);
        return now?.isTold === true ? now : undefined;
      }, "all is told");
      expect(end.state).toBe(push === "branch" ? "verified" : "proposed");
    } finally {
      const ended = once(second, "exit");
      second.kill("SIGKILL");
      await ended;
      await freed(redis.socket);
    }
    // In the repository: one commit with this id, wherever it was pushed to.
    const git = (...words: readonly string[]) => shop.clone.git([`--git-dir=${shop.bare}`, ...words]);
    expect(
      git("log", "--all", "--format=%H", `--grep=Gofire-Rollback: ${id}`).trim().split("\n"),
    ).toHaveLength(1);
    expect(git("rev-list", "--count", "--all").trim()).toBe("3");
    // In the log: each act once, in its order.
    const log = await auditLogs().keep(settings.logFolder, {
      origin: "gofire.test/audit",
      stateFolder: own,
      at: "test",
    });
    const acts: string[] = [];
    for await (const { event } of log.entries(0, never)) acts.push(event.type);
    await log.close();
    expect(acts).toEqual([requested, approved, pushed, ...(push === "branch" ? [verified] : [])]);
    // In the chat: one card with its end, one outcome.
    const told = chat.chat.messages.filter(({ intent }) => intent.startsWith(`rollback-${id}`));
    expect(told.map(({ intent, body }) => [intent, body.text])).toEqual([
      [`rollback-${id}`, `rollback ${id} · ${push === "branch" ? "verified" : "proposed"}`],
      [`rollback-${id}/outcome`, `outcome of ${id} · ${push === "branch" ? "verified" : "proposed"}`],
    ]);
    shop.remove();
  });

  /** As the first person's click leaves it. */
  async function begin(change: string, { repository, push, stateFolder }: RollbackWorker): Promise<string> {
    const way = { kind: "revert", revision: change } as const;
    const writer = gitWriter({ repository, branch: "main", push }, join(stateFolder, "web"), 60_000);
    const made = await writer.prepare(way, never);
    await writer.close();
    if (made.kind !== "prepared") throw new Error(made.kind);
    const plan: Rollback = {
      service: "order",
      repository,
      branch: "main",
      way: { ...way, name: "v2", author: "ana", subject: "Two", atMs: 0, askedAtMs: 0, isMerge: false },
      own: [{ file: "order.yaml", path: "v", kind: "changed", from: "2", to: "1" }],
      others: [],
      moved: [],
      already: 0,
      uncompared: [],
      later: [],
      notes: [],
    };
    const begun = await web.rollbacks.begin(
      {
        service: `order`,
        plan,
        way,
        push,
        digest: made.digest,
        place: { channel: "C1" },
        incident: {
          id: "gf-3fa9",
          expected: [{ id: "f1", rule: "goroutine/lock-holder", title: "199 wait" }],
        },
        asked: { userId: "U1", atMs: Date.now(), intent: change },
      },
      never,
    );
    if ("underWay" in begun) throw new Error("another one is under way");
    await web.rollbacks.wake(begun.request.id, never);
    return begun.request.id;
  }

  /** The second person, once the card is there; nobody when the worker is dead by then. */
  async function agreeOnce(id: string, child: ChildProcess): Promise<void> {
    await until(async () => {
      const now = await web.rollbacks.read(id, never);
      const isDead = child.exitCode !== null || child.signalCode !== null;
      return isDead || now?.state !== "asked" || now.card?.shownAtMs !== undefined ? true : undefined;
    }, "a card");
    const agreed = { userId: "U2", atMs: Date.now() };
    const change = (now: RollbackRequest): RollbackRequest =>
      now.state === "asked" && now.card?.shownAtMs !== undefined ? { ...now, state: "agreed", agreed } : now;
    await web.rollbacks.update(id, change, never);
    await web.rollbacks.wake(id, never);
  }
});
