import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openRollbackChecks } from "../../../src/commands/doctor/open-rollbacks.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Rollback } from "../../../src/domain/configuration/rollback.ts";
import type { RollbackRequest } from "../../../src/domain/configuration/rollback-request.ts";
import { auditLogs } from "../../../src/integrations/audit-log/logs.ts";
import { systemClock } from "../../../src/integrations/clock/system-clock.ts";
import { gitWriter } from "../../../src/integrations/git/writer.ts";
import { thisHost } from "../../../src/integrations/host/this-host.ts";
import { parseRedisUrl } from "../../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../../src/integrations/redis/connection.ts";
import { rollbackStore } from "../../../src/integrations/redis/rollback-store.ts";
import { retries } from "../../../src/jobs/index.ts";
import { closeLostRollbacks } from "../../../src/jobs/rollbacks/close-lost.ts";
import { type RollbackAct, rollbackEvent } from "../../../src/jobs/rollbacks/rollback-events.ts";
import type { AuditLog } from "../../../src/ports/audit-log.ts";
import type { ConfigWriter } from "../../../src/ports/config-writer.ts";
import type { Rollbacks } from "../../../src/ports/rollbacks.ts";
import { lostRollbackCard, lostRollbackNote } from "../../../src/render/slack/lost-rollback.ts";
import { unheard } from "../../commands/unheard.ts";
import { type FakeChat, fakeChat } from "../../fakes/chat.ts";
import { type SharedRepository, sharedRepository } from "../../integrations/git-repository.ts";
import { redisProgram, type TestRedis, testRedis } from "../../integrations/redis-server.ts";

const never = new AbortController().signal;
const minute = 60_000;
const cards = { lostRollback: lostRollbackCard, lostRollbackNote };

describe.skipIf(redisProgram === undefined)("a rollback that Redis lost", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let store: Rollbacks & { close(): Promise<void> };
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    store = rollbackStore(redis.client, systemClock, { retries: retries.rollback, onTrouble: () => {} });
  });
  afterAll(async () => {
    await store.close();
    await redis.close();
    await server.remove();
  });

  let state: string;
  let shop: SharedRepository;
  let writer: ConfigWriter;
  let log: AuditLog;
  let chat: FakeChat;
  let told: string[];
  let request: RollbackRequest;
  beforeEach(async () => {
    await redis.client.flushdb();
    state = await mkdtemp(join(tmpdir(), "gofire-lost-"));
    shop = sharedRepository();
    shop.clone.commit({ "order.yaml": "v: 1\n" }, { subject: "One", atMs: Date.now() });
    const revision = shop.clone.commit({ "order.yaml": "v: 2\n" }, { subject: "Two", atMs: Date.now() });
    shop.clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    writer = gitWriter({ repository: shop.bare, branch: "main", push: "branch" }, state);
    log = await auditLogs().keep(join(state, "audit"), {
      origin: "gofire.test/audit",
      stateFolder: state,
      at: "test",
    });
    chat = fakeChat();
    told = [];
    const card = await chat.post({ channel: "C1" }, { text: "being rolled back" }, { intent: "card" }, never);
    const way = { kind: "revert", revision } as const;
    const plan = { service: "order", repository: shop.bare, branch: "main", way: { ...way, name: "v2" } };
    const begun = await store.begin(
      {
        service: "order",
        plan: { ...plan, own: [], others: [] } as unknown as Rollback,
        way,
        push: "branch",
        digest: "d".repeat(64),
        place: { channel: "C1" },
        asked: { userId: "U1", atMs: Date.now() - 60 * minute, intent: revision },
      },
      never,
    );
    if ("underWay" in begun) throw new Error("another one is under way");
    request = { ...begun.request, card: { ref: card, attemptedAtMs: 0 } };
  });
  afterEach(async () => {
    await writer.close();
    await log.close();
    shop.remove();
    await rm(state, { recursive: true, force: true });
  });

  async function logged(act: RollbackAct, minutesAgo: number, userId?: string): Promise<void> {
    const by = userId === undefined ? {} : { userId };
    await log.append(rollbackEvent(act, request, { ...by, atMs: Date.now() - minutesAgo * minute }), never);
  }

  async function agreedToAndLost(minutesAgo: number): Promise<void> {
    await logged("requested", minutesAgo + 1, "U1");
    await logged("approved", minutesAgo, "U2");
    await redis.client.flushdb();
  }

  async function close(files: { readonly writer?: ConfigWriter } = { writer }): Promise<void> {
    await closeLostRollbacks(
      {
        configs: { of: () => ({ paths: ["."], ...files }) as never },
        auditLog: log,
        rollbacks: store,
        chat,
        cards,
        clock: systemClock,
        onTrouble: (line) => void told.push(line),
      },
      never,
    );
  }

  async function acts(): Promise<readonly string[]> {
    const all: string[] = [];
    for await (const { event } of log.entries(0, never)) {
      all.push(
        [event.type.replace("rollback.", ""), event.actor, event.facts?.["why"] ?? ""].join(" ").trim(),
      );
    }
    return all;
  }

  /** What doctor says, with the records that there are. */
  async function doctor() {
    const yaml = `configHistory: { repository: "file://${shop.bare}", branch: main }\nrollback: { push: branch }\naccess: { rollback: {} }\naudit: { origin: gofire.test/audit }`;
    const config = parseConfig(yaml, "gofire.yaml", state, []);
    const host = {
      ...thisHost,
      environment: (name: string) => (name === "GOFIRE_STATE" ? state : undefined),
    };
    return await openRollbackChecks(config, undefined, unheard, {
      host: () => Promise.resolve(host),
      config: () => Promise.resolve(config),
      auditLogs: () => Promise.resolve(auditLogs()),
      configWriters: () => Promise.resolve({ open: () => ({ ...writer, close: () => Promise.resolve() }) }),
      knownRollbacks: async (ids, _folder, _tell, signal) => {
        const known = await Promise.all(ids.map((id) => store.read(id, signal)));
        return new Set(known.flatMap((one) => one?.id ?? []));
      },
    });
  }

  test("is named by doctor and by a worker; its card and thread say that nothing was pushed, and the log has an end, once", async () => {
    await logged("requested", 12, "U1");
    await logged("approved", 11, "U2");
    expect(await doctor()).toMatchObject([{ state: "ok", detail: "1 rollback under way" }]);
    await close();
    expect(told).toEqual([]);
    await redis.client.flushdb();
    const nothing = /agreed to and is not in \S+: nothing was pushed/;
    expect(await doctor()).toMatchObject([
      {
        state: "failed",
        detail: expect.stringMatching(nothing),
        next: expect.stringContaining("/gofire rollback order"),
      },
    ]);
    // Two workers begin at once.
    await Promise.all([close(), close()]);
    await close();
    expect(told[0]).toMatch(nothing);
    expect(chat.messages.map(({ body, edits }) => [edits, body.text])).toEqual([
      [
        1,
        expect.stringMatching(
          /^⚠️ order · NOT rolled back\. .*nothing was pushed\. Ask anew.*\/gofire rollback order$/,
        ),
      ],
      [0, expect.stringMatching(/^⚠️ order · NOT rolled back/)],
    ]);
    expect(chat.messages[1]?.place).toEqual({ channel: "C1", thread: chat.messages[0]?.ref.ts });
    expect(JSON.stringify(chat.messages[0]?.body.blocks)).not.toContain("rollback-go");
    expect(await acts()).toEqual([
      "requested slack:U1",
      "approved slack:U2",
      "failed gofire gofire lost its records of it (Redis)",
    ]);
    expect(await doctor()).toEqual([]);
  });

  test("that is in the repository is told as that, with the commit, and as not measured", async () => {
    const made = await writer.prepare(request.way, never);
    if (made.kind !== "prepared") throw new Error(made.kind);
    const written = await writer.write(made, request.id, { subject: "Roll back v2", body: "x" }, never);
    if (written === "moved") throw new Error(written);
    await agreedToAndLost(11);
    await close();
    expect(chat.messages[0]?.body.text).toMatch(
      new RegExp(
        `rolled back in the repository, NOT verified.*has it as ${written.commit.slice(0, 10)}.*not measured`,
      ),
    );
    expect(await acts()).toEqual([
      "requested slack:U1",
      "approved slack:U2",
      "pushed gofire",
      "unverified gofire gofire lost its records of it (Redis)",
    ]);
  });

  test("is only named while somebody may be at it, and while the repository does not say", async () => {
    await agreedToAndLost(2);
    await close();
    await close({});
    expect(told).toEqual([
      expect.stringContaining("nothing was pushed"),
      expect.stringMatching(
        /whether it was pushed is not known: gofire.yaml does not.*Look for "Gofire-Rollback: /,
      ),
    ]);
    expect(chat.messages.map(({ edits }) => edits)).toEqual([0]);
    expect(await acts()).toHaveLength(2);
  });

  test("that nobody agreed to is over, too; a worker that dies on the way is followed by one that does it again", async () => {
    await logged("requested", 31, "U1");
    await redis.client.flushdb();
    await redis.client.set("unrelated", "1");
    const full = new Error("killed");
    const dying = { ...log, append: () => Promise.reject(full) };
    const alive = log;
    log = dying;
    await expect(close()).rejects.toBe(full);
    log = alive;
    // As its claim does by itself.
    await redis.client.flushdb();
    await close();
    expect(chat.messages.map(({ body }) => body.text)).toEqual([
      expect.stringMatching(/NOT rolled back.*Nobody had agreed to it/),
      expect.stringMatching(/NOT rolled back/),
    ]);
    expect(await acts()).toEqual([
      "requested slack:U1",
      "failed gofire gofire lost its records of it (Redis)",
    ]);
  });
});
