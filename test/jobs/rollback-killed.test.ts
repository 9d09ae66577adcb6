import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { gitWriter } from "../../src/integrations/git/writer.ts";
import { summaryOf } from "../../src/jobs/incidents/summary.ts";
import type { Bot } from "../../src/main.ts";
import type { ConfigWriter } from "../../src/ports/config-writer.ts";
import { analysis, finding } from "../commands/chat/analyses.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { sharedRepository } from "../integrations/git-repository.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { draftFor, healthyTarget, startTestBot, type TestTarget, until } from "./bot.ts";
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
  ["proposal", "before", { logged: requested }],
  ["proposal", "after", { logged: requested }],
  ["proposal", "after", { said: "asked" }],
  ["proposal", "after", { logged: approved }],
  ["proposal", "before", { told: "rollback-decided" }],
  ["proposal", "before", "write"],
  ["branch", "after", "write"],
  ["proposal", "before", { logged: pushed }],
  ["proposal", "after", { logged: pushed }],
  ["proposal", "after", { said: "outcome of" }],
  ["branch", "after", { logged: verified }],
];

/** Somebody who clicks now, in a channel. */
function by(userId: string, channel: string) {
  return { userId, place: { channel }, aside: { channel }, atMs: Date.now() };
}

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

  test.each(deaths)(
    "%s, %s %j: each click is done once: pushed once, logged once, told once",
    async (push, when, what) => {
      // Who cannot know whether it was told says so.
      const isAgain = typeof what === "object" && "told" in what;
      const decided = isAgain ? "U2 rollback-decided, again" : "U2 rollback-decided";
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
      const id = await ask(change, settings);
      await agreeOnce(id, first);
      await gone;
      await freed(redis.socket);
      const second = await worker();
      try {
        await agreeOnce(id, second);
        await until(() => (toldOf(change).includes(decided) ? true : undefined), "word to who agreed");
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
      // Both who pressed heard of it, once.
      expect(toldOf(change)).toEqual(["U1 rollback-asked", decided]);
      shop.remove();
    },
  );

  /** In this channel, by who heard it. */
  function toldOf(channel: string): readonly string[] {
    return chat.chat.whispers
      .filter(({ place }) => place.channel === channel)
      .map(({ userId, text }) => `${userId} ${text}`);
  }

  /** The first person's click on a plan, in a channel of its own; the rollback that it begins. */
  async function ask(change: string, { repository, push, stateFolder }: RollbackWorker): Promise<string> {
    const writer = gitWriter({ repository, branch: "main", push }, join(stateFolder, "web"), 60_000);
    const made = await writer.prepare({ kind: "revert", revision: change }, never);
    await writer.close();
    if (made.kind !== "prepared") throw new Error(made.kind);
    const intent = `ask ${change}`;
    const incidentId = await suspecting(change);
    const does = { kind: "ask", service: "order", incidentId, digest: made.digest } as const;
    await web.rollbackSteps.ask({ ...by("U1", change), intent, does }, never);
    return await until(async () => (await web.rollbacks.begunBy(intent, never))?.id, "a rollback");
  }

  /** Of an incident with a finding that the change could explain: once that is gone, the rollback is verified. */
  async function suspecting(change: string): Promise<string> {
    const revision = {
      revision: change,
      author: "ana",
      subject: "Two",
      atMs: 0,
      changes: [
        {
          file: "order.yaml",
          path: "v",
          kind: "changed",
          from: "1",
          to: "2",
          couldExplain: { finding: "f1", reason: "inferred" },
        },
      ],
      more: 0,
      uncompared: [],
    } as const;
    const atMs = Date.now();
    const config = {
      repository: "config",
      paths: ["."],
      atMs,
      windowMs: 3_600_000,
      notes: [],
      revisions: [revision],
    };
    const found = analysis({ findings: [finding("f1", "goroutine/lock-holder")], config });
    const draft = { ...draftFor("order", `incident ${change}`), place: { channel: change } };
    const { incident } = await web.incidents.create(draft, never);
    const document = `incidents/${incident.id}/analysis.json`;
    const bytes = Readable.from([Buffer.from(JSON.stringify(found))]);
    const contentType = "application/json";
    await fakeArtifacts(join(folder, "artifacts")).put(document, bytes, { contentType }, never);
    const summary = summaryOf(found, document, undefined);
    await web.incidents.update(
      incident.id,
      (now) => ({ ...now, state: "verdict", analysis: summary }),
      never,
    );
    return incident.id;
  }

  /** The second person's click, once the card is there; nobody's when the worker is dead by then. */
  async function agreeOnce(id: string, child: ChildProcess): Promise<void> {
    const isDead = () => child.exitCode !== null || child.signalCode !== null;
    const request = await until(async () => {
      const now = await web.rollbacks.read(id, never);
      const isReady = isDead() || now?.state !== "asked" || now.card?.shownAtMs !== undefined;
      return isReady ? now : undefined;
    }, "a card");
    if (request.card?.shownAtMs === undefined) return;
    const step = { ...by("U2", request.place.channel), intent: `agree ${id}` };
    await web.rollbackSteps.ask({ ...step, does: { kind: "agree", rollbackId: id } }, never);
  }
});
