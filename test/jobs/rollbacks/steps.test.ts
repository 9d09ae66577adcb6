import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Rollback } from "../../../src/domain/configuration/rollback.ts";
import type { RollbackRequest } from "../../../src/domain/configuration/rollback-request.ts";
import { PortError } from "../../../src/domain/errors.ts";
import { systemClock } from "../../../src/integrations/clock/system-clock.ts";
import { gitWriter } from "../../../src/integrations/git/writer.ts";
import { parseRedisUrl } from "../../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../../src/integrations/redis/connection.ts";
import { rollbackStore } from "../../../src/integrations/redis/rollback-store.ts";
import { tellingStore } from "../../../src/integrations/redis/telling-store.ts";
import { hushOverheard } from "../../../src/jobs/access/overheard.ts";
import type { Rights } from "../../../src/jobs/access/refusal.ts";
import { retries } from "../../../src/jobs/index.ts";
import { type RollbackJobPorts, rollback, rollbacksTelling } from "../../../src/jobs/rollback.ts";
import { type RollbackStepJobPorts, rollbackStep } from "../../../src/jobs/rollback-step.ts";
import type { ConfigWriter } from "../../../src/ports/config-writer.ts";
import type { Rollbacks } from "../../../src/ports/rollbacks.ts";
import { chatReplyBody } from "../../../src/render/slack/chat-reply.ts";
import { type FakeAuditLog, fakeAuditLog } from "../../fakes/audit-log.ts";
import { type FakeChat, fakeChat } from "../../fakes/chat.ts";
import { everybodyMay } from "../../fakes/rights.ts";
import { fakeRooms } from "../../fakes/rooms.ts";
import { type SharedRepository, sharedRepository } from "../../integrations/git-repository.ts";
import { redisProgram, type TestRedis, testRedis } from "../../integrations/redis-server.ts";
import { plainCards } from "../bot.ts";

const never = new AbortController().signal;
const minute = 60_000;

describe.skipIf(redisProgram === undefined)("what somebody presses on a rollback's card", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let store: Rollbacks & { close(): Promise<void> };
  let state: string;
  let shop: SharedRepository;
  let writer: ConfigWriter;
  let way: RollbackRequest["way"];
  let digest: string;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    store = rollbackStore(redis.client, systemClock, { retries: retries.rollback, onTrouble: () => {} });
    state = await mkdtemp(join(tmpdir(), "gofire-steps-"));
    shop = sharedRepository();
    shop.clone.commit({ "order.yaml": "v: 1\n" }, { subject: "One", atMs: Date.now() });
    const revision = shop.clone.commit({ "order.yaml": "v: 2\n" }, { subject: "Two", atMs: Date.now() });
    shop.clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    writer = gitWriter({ repository: shop.bare, branch: "main", push: "branch" }, state);
    way = { kind: "revert", revision };
    const made = await writer.prepare(way, never);
    if (made.kind !== "prepared") throw new Error(made.kind);
    ({ digest } = made);
  });
  afterAll(async () => {
    await writer.close();
    await store.close();
    await redis.close();
    await server.remove();
    shop.remove();
    await rm(state, { recursive: true, force: true });
  });

  let rights: Rights;
  let log: FakeAuditLog;
  let chat: FakeChat;
  let id: string;
  beforeEach(async () => {
    await redis.client.flushdb();
    rights = everybodyMay();
    log = fakeAuditLog();
    chat = fakeChat();
    id = (await begun("C1")).id;
  });

  async function begun(channel: string): Promise<RollbackRequest> {
    const plan = { service: "order", repository: "config", branch: "main", way: { ...way, name: "v2" } };
    const draft = {
      service: "order",
      plan: { ...plan, own: [], others: [] } as unknown as Rollback,
      way,
      push: "branch",
      digest,
      place: { channel },
      asked: { userId: "U1", atMs: Date.now(), intent: `ask ${channel}` },
    } as const;
    const made = await store.begin(draft, never);
    if ("underWay" in made) throw new Error("another one is under way");
    return made.request;
  }

  function ports() {
    return {
      configs: { of: () => ({ writer }) },
      auditLog: log,
      chat,
      cards: { ...plainCards, answer: chatReplyBody },
      clock: systemClock,
      rollbacks: store,
      tellings: tellingStore(redis.client),
      rights,
    } as unknown as RollbackStepJobPorts & RollbackJobPorts;
  }

  /** What the person is told in the end. */
  async function press(
    kind: "agree" | "cancel",
    userId: string,
    { intent = `${kind} ${userId}`, minutesAgo = 0, channel = "C1" } = {},
  ): Promise<string> {
    const payload = {
      kind,
      userId,
      intent,
      channel,
      thread: "",
      asideThread: "",
      rollbackId: id,
      atMs: String(Date.now() - minutesAgo * minute),
    };
    await rollbackStep.run(payload, ports(), { signal: never, attempt: 1 });
    return chat.whispers.at(-1)?.text ?? "";
  }

  const acts = () => log.logged.map(({ event }) => `${event.type} ${event.actor}`);
  const texts = () => chat.messages.map(({ body }) => body.text);
  const stateNow = async () => (await store.read(id, never))?.state;

  test("who has two accounts is one person by the addresses they commit with, and is told so", async () => {
    rights = {
      ...rights,
      accounts: new Map([
        ["slack:U1", ["ana@shop.example"]],
        ["slack:U1OLD", ["ana@old.example", "ana@shop.example"]],
        ["slack:U1PHONE", ["ana@old.example"]],
        ["slack:U2", ["bo@shop.example"]],
      ]),
    };
    for (const account of ["U1OLD", "U1PHONE"]) {
      expect(await press("agree", account)).toMatch(
        /commit with the same address, so they are one person.*Ask somebody else/,
      );
    }
    expect(await press("agree", "U1")).toMatch(/somebody else has to agree/);
    expect([acts(), await stateNow()]).toEqual([[], "asked"]);
    expect(await press("agree", "U2")).toMatch(/is agreed to\. It is in the audit log/);
    expect([acts(), await stateNow()]).toEqual([["rollback.approved slack:U2"], "agreed"]);
  });

  test("rights are those of the moment in which it is done; what was done stays done", async () => {
    const nobody = { users: [], groups: [], channels: [] };
    const free = rights;
    rights = { ...rights, access: { rights: { rollback: nobody }, givenBy: nobody } };
    expect(await press("agree", "U2")).toMatch(/You may not roll configuration back here/);
    expect(await press("cancel", "U2")).toMatch(/You may not roll configuration back here/);
    expect([acts(), await stateNow()]).toEqual([[], "asked"]);
    rights = free;
    await press("agree", "U2");
    rights = { ...rights, access: { rights: { rollback: nobody }, givenBy: nobody } };
    // The same once more, because its worker died before that was noted.
    expect(await press("agree", "U2")).toMatch(/is agreed to/);
    expect(await press("agree", "U3")).toMatch(/You may not/);
    expect(acts()).toEqual(["rollback.approved slack:U2"]);
  });

  test("a chat that does not tell who somebody is has it tried again, and nobody agree meanwhile", async () => {
    const away = new PortError("unavailable", "chat", "Slack does not answer");
    rights = { ...rights, people: { ...rights.people, person: () => Promise.reject(away) } };
    await expect(press("agree", "U2")).rejects.toBe(away);
    expect([acts(), await stateNow(), chat.whispers]).toEqual([[], "asked", []]);
  });

  test("who may have been told already is told again, and that it may be twice; who was not for certain is told once", async () => {
    const told = () => chat.whispers.map(({ text }) => text);
    const away = new PortError("unavailable", "chat", "Slack does not answer");
    const busy = new PortError("rate-limited", "chat", "Slack takes no more for now");
    const able = chat;
    chat = { ...able, tellOnly: () => Promise.reject(busy) };
    await expect(press("agree", "U2")).rejects.toBe(busy);
    // It got through, and its worker does not know that it did.
    chat = {
      ...able,
      async tellOnly(...words) {
        await able.tellOnly(...words);
        throw away;
      },
    };
    await expect(press("agree", "U2")).rejects.toBe(away);
    chat = able;
    await press("agree", "U2");
    expect(told()).toEqual([
      expect.stringMatching(/^Rollback .* is agreed to/),
      expect.stringMatching(/^gofire was interrupted when it told you this.*is agreed to/),
    ]);
    expect(acts()).toEqual(["rollback.approved slack:U2"]);
  });

  test("where people of other workspaces read, nobody agrees, and anybody who may cancels", async () => {
    const rooms = fakeRooms();
    rooms.shared.add("C1");
    rights = { ...rights, rooms };
    expect(await press("agree", "U2")).toMatch(/other workspaces read here, so nobody agrees to a rollback/);
    const wish = { kind: "ask", service: "order", digest, rollbackId: undefined } as const;
    const by = {
      userId: "U3",
      intent: "ask U3",
      channel: "C1",
      thread: "",
      asideThread: "",
      atMs: `${Date.now()}`,
    };
    await rollbackStep.run({ ...wish, ...by }, ports(), { signal: never, attempt: 1 });
    expect(chat.whispers.at(-1)?.text).toMatch(/so gofire asks nobody there to agree to a rollback/);
    expect([acts(), await stateNow()]).toEqual([[], "asked"]);
    expect(await press("cancel", "U2")).toMatch(/is cancelled/);
  });

  test("a card loses its values where people of other workspaces were let in since, also once it is over", async () => {
    const rooms = fakeRooms();
    rights = { ...rights, rooms };
    const [woken, kind] = [[] as string[], rollbacksTelling(ports())];
    const recorded = { ...kind, wake: (one: string) => Promise.resolve(void woken.push(one)) };
    const look = () => hushOverheard([recorded], rooms, never);
    const work = () => rollback.run({ rollbackId: id }, ports(), { signal: never, attempt: 1 });
    await work();
    await look();
    expect([texts(), woken]).toEqual([[`rollback ${id} · asked`], []]);
    rooms.shared.add("C1");
    await look();
    expect(woken.splice(0)).toEqual([id]);
    await work();
    await look();
    expect([texts(), woken]).toEqual([[`overheard rollback ${id} · asked`], []]);

    await press("cancel", "U2");
    rooms.shared.clear();
    await work();
    expect(await store.read(id, never)).toMatchObject({ isTold: true });
    expect(texts()).toEqual([`rollback ${id} · withdrawn`]);
    rooms.shared.add("C1");
    await look();
    expect(woken).toEqual([id]);
    await work();
    expect(texts()).toEqual([`overheard rollback ${id} · withdrawn`]);
  });

  test("what no worker came to for ten minutes is not done; cancelling is, and only where the card is", async () => {
    expect(await press("agree", "U2", { minutesAgo: 11 })).toMatch(/more than 10 min, so nothing was done/);
    expect(await press("cancel", "U2", { channel: "C2" })).toMatch(/does not know this rollback/);
    expect(await stateNow()).toBe("asked");
    expect(await press("cancel", "U2", { minutesAgo: 11 })).toMatch(/is cancelled/);
    expect(await press("agree", "U3")).toMatch(/was withdrawn/);
    expect([acts(), await stateNow()]).toEqual([[], "withdrawn"]);
  });

  test("a card that cannot be shown is one that nobody can agree to: it is over at once", async () => {
    await press("cancel", "U2");
    chat = fakeChat({ unseen: ["CGONE"] });
    ({ id } = await begun("CGONE"));
    await rollback.run({ rollbackId: id }, ports(), { signal: never, attempt: 1 });
    expect(acts()).toEqual(["rollback.requested slack:U1", "rollback.failed gofire"]);
    expect(await store.read(id, never)).toMatchObject({
      state: "failed",
      problem: expect.stringContaining("Its card cannot be shown"),
    });
  });
});
