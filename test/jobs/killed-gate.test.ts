import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bot } from "../../src/main.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { startTestBot, until } from "./bot.ts";
import { bundled } from "./bundled.ts";
import { type ChatStop, chatServer } from "./chat-server.ts";
import { freed, patientTimes } from "./dead-worker.ts";
import { bo, cy, openTestGate, type Proposals, proposals } from "./gated.ts";
import type { WorkerProcess } from "./worker-process.ts";

const never = new AbortController().signal;
const place = { channel: "C1" };

describe.skipIf(redisProgram === undefined)("a worker that is killed over somebody's decision", () => {
  let folder: string;
  let program: string;
  let redis: TestRedis;
  let chat: Awaited<ReturnType<typeof chatServer>>;
  let web: Bot;
  let proposed: Proposals;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-killed-gate-"));
    program = join(folder, "worker.mjs");
    [redis, chat] = await Promise.all([
      testRedis(),
      chatServer(),
      bundled(new URL("worker-process.ts", import.meta.url), program),
    ]);
    proposed = proposals();
    web = await startTestBot({ ...settings(), settings: { role: "web" } }, chat.chat);
  }, 120_000);
  afterAll(async () => {
    await web.stop(1_000);
    chat.close();
    proposed.repository.remove();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  });

  function settings() {
    return { redis: redis.url, artifacts: join(folder, "artifacts"), targets: {} };
  }

  function texts(): readonly string[] {
    return chat.chat.messages.map(({ body }) => body.text);
  }

  const gate = () => ({ repository: proposed.repository.folder, state: join(folder, "state") });

  async function worker(): Promise<ChildProcess> {
    const told: WorkerProcess = {
      ...settings(),
      chat: chat.url,
      gate: gate(),
      settings: { workerTimes: patientTimes },
    };
    const child = spawn(process.execPath, [program, JSON.stringify(told)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    return child;
  }

  async function ask(userId: string, decides: object = {}): Promise<void> {
    const request = {
      intent: `T ${userId}`,
      userId,
      place,
      aside: place,
      proposal: "42",
      askedAtMs: Date.now(),
    };
    await web.gateRequests.ask({ ...request, ...decides }, never);
  }

  /** Approves, and kills the worker where it is stuck over that. */
  async function approveAndKill(
    userId: string,
    digest: string,
    child: ChildProcess,
    stop: ChatStop,
  ): Promise<void> {
    const reached = chat.stopAt(stop);
    await ask(userId, { decides: { decision: "approve", environment: "prod", digest } });
    await reached;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    await freed(redis.socket);
  }

  test("loses no approval, shows them on the one card, and says once that it is approved", async () => {
    const opened = await openTestGate(gate());
    const proposal = await opened.gate.proposal("42", never);
    const digest = "environments" in proposal ? (proposal.environments[0]?.digest ?? "") : "";

    const first = await worker();
    await ask("UANYBODY");
    await until(() => (texts()[0] === "waiting 0/2" ? true : undefined), "the card");
    await approveAndKill(bo, digest, first, {
      method: "edit",
      intent: /^gate-/,
      text: /1\/2/,
      when: "before",
    });
    expect(texts()).toEqual(["waiting 0/2"]);
    const second = await worker();
    await until(() => (texts()[0] === "waiting 1/2" ? true : undefined), "the first approval on the card");
    await approveAndKill(cy, digest, second, { method: "post", intent: /approved-prod/, when: "after" });
    const third = await worker();
    await until(async () => {
      const cards = await web.gateCards.of({ repository: opened.gate.repository, proposal: "42" }, never);
      const card = await web.gateCards.read(cards[0] ?? "", never);
      return card?.replies.every(({ state }) => state === "posted") === true ? true : undefined;
    }, "the word in the thread");
    expect(texts()).toEqual(["approved 2/2", expect.stringMatching(/^prod is approved by/)]);
    const actors: string[] = [];
    for await (const { event } of opened.audit.entries(0, never)) actors.push(event.actor);
    expect(actors).toEqual([`slack:${bo}`, `slack:${cy}`]);
    const gone = once(third, "exit");
    third.kill("SIGTERM");
    await gone;
    await opened.close();
  });
});
