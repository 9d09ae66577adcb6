import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Proposal, ProposalEnvironment } from "../../src/domain/configuration/proposal.ts";
import { PortError } from "../../src/domain/errors.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { gateCardStore } from "../../src/integrations/redis/gate-card-store.ts";
import { hushOverheard } from "../../src/jobs/access/overheard.ts";
import type { Rights } from "../../src/jobs/access/refusal.ts";
import { gate } from "../../src/jobs/gate.ts";
import { gateCard, gateCardsTelling } from "../../src/jobs/gate-card.ts";
import { retries } from "../../src/jobs/index.ts";
import type { ConfigGate } from "../../src/ports/config-gate.ts";
import type { GateCards } from "../../src/ports/gate-cards.ts";
import type { Tellings } from "../../src/ports/tellings.ts";
import { gateList } from "../../src/render/gate-list.ts";
import { chatReplyBody } from "../../src/render/slack/chat-reply.ts";
import { gateCard as drawCard } from "../../src/render/slack/gate-card.ts";
import { gateReply } from "../../src/render/slack/gate-words.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { type FakeAuditLog, fakeAuditLog } from "../fakes/audit-log.ts";
import { type FakeChat, fakeChat } from "../fakes/chat.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import { everybodyMay } from "../fakes/rights.ts";
import { type FakeRooms, fakeRooms } from "../fakes/rooms.ts";
import { fakeTellings } from "../fakes/tellings.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";

const never = new AbortController().signal;
const digest = (letter: string) => `h1:${letter.repeat(43)}=`;
const cards = { gate: drawCard, gateList, gateReply, answer: chatReplyBody };
const repository = "https://git.example.com/shop/config.git";

const prod: ProposalEnvironment = {
  name: "prod",
  digest: digest("B"),
  was: digest("A"),
  changes: [
    { file: "env/prod/order.yaml", path: "redis.max_active", kind: "changed", from: "200", to: "20" },
  ],
  more: 0,
  uncompared: [],
  services: ["order"],
  problems: [],
  warnings: [],
};
const proposal: Proposal = {
  name: "42",
  repository,
  branch: "main",
  tip: "a".repeat(40),
  base: "a".repeat(40),
  head: "c".repeat(40),
  addresses: ["ana@shop.example"],
  subject: "Smaller pool",
  environments: [prod],
  problems: [],
};
const people = new Map([
  ["slack:UANA", ["ana@shop.example"]],
  ["slack:UBO", ["bo@shop.example"]],
  ["slack:UCY", ["cy@shop.example"]],
  ["slack:UDEE", ["dee@shop.example"]],
]);

describe.skipIf(redisProgram === undefined)("what is asked of the gate", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let store: GateCards & { close(): Promise<void> };
  let folder: string;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    store = gateCardStore(redis.client, { retries: retries["gate-card"], onTrouble: () => {} });
    folder = await mkdtemp(join(tmpdir(), "gofire-gate-"));
  });
  afterAll(async () => {
    await store.close();
    await redis.close();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });

  let chat: FakeChat;
  let tellings: Tellings;
  let clock: FakeClock;
  let audit: FakeAuditLog;
  let now: Proposal | PortError;
  let woken: string[];
  let rights: Rights;
  let rooms: FakeRooms;
  beforeEach(async () => {
    await redis.client.flushdb();
    chat = fakeChat();
    tellings = fakeTellings();
    clock = fakeClock();
    audit = fakeAuditLog();
    now = proposal;
    woken = [];
    rooms = fakeRooms();
    rights = { ...everybodyMay(), rooms };
  });

  const configured: ConfigGate = {
    repository,
    people,
    policies: [{ environment: "prod", paths: ["env/prod"], approvals: 2, expiresAfterMs: 7 * 86_400_000 }],
    async proposal() {
      await Promise.resolve();
      if (now instanceof PortError) throw now;
      return now;
    },
  };

  function ports(gateCards: Partial<GateCards> = {}) {
    return {
      gate: { ...configured, audit },
      gateCards: { ...store, wake: async (id: string) => void woken.push(id), ...gateCards },
      chat,
      cards,
      clock,
      rights,
      artifacts: fakeArtifacts(folder),
      tellings,
    };
  }

  function asked(userId: string, more: Partial<Parameters<typeof gate.run>[0]> = {}) {
    return {
      proposal: "42",
      userId,
      intent: `T-${userId}`,
      askedAtMs: String(clock.nowMs()),
      channel: "C1",
      thread: "",
      asideThread: "",
      decision: "" as const,
      environment: "prod",
      digest: digest("B"),
      clickedTs: "",
      ...more,
    };
  }

  async function ask(content: ReturnType<typeof asked>, gateCards: Partial<GateCards> = {}): Promise<void> {
    await gate.run(content, ports(gateCards), { signal: never, attempt: 1 });
  }

  /** Brings every card up to date that was woken. */
  async function showCards(): Promise<void> {
    for (const cardId of new Set(woken.splice(0)))
      await gateCard.run({ cardId, sinceMs: "0" }, ports(), { signal: never, attempt: 1 });
  }

  const said = () => chat.whispers.map(({ userId, text }) => `${userId}: ${text}`);
  const approvers = () => audit.logged.map(({ event }) => event.actor);

  test("killed between the log and the card: done again it is one entry, and the card shows it", async () => {
    await ask(asked("UANA"));
    await showCards();
    const dead = new PortError("unavailable", "redis", "gone");
    const approve = asked("UBO", { decision: "approve" });
    await expect(ask(approve, { wake: () => Promise.reject(dead) })).rejects.toBe(dead);
    expect(approvers()).toEqual(["slack:UBO"]);
    await ask(approve);
    await showCards();
    expect(approvers()).toEqual(["slack:UBO"]);
    expect(said()).toEqual([expect.stringContaining("Your approval of 42 for prod is in the audit log")]);
    expect(chat.messages.map(({ body }) => body.text)).toEqual([
      expect.stringContaining("waiting for approval, 1 of 2"),
    ]);
    expect(audit.logged[0]?.event.subject).toEqual({
      repository,
      environment: "prod",
      digest: digest("B"),
      proposal: "42",
      base: "a".repeat(40),
      head: "c".repeat(40),
    });
  });

  test("killed after the card was posted, and after the word in the thread: each is there once", async () => {
    const lost = new PortError("unavailable", "chat", "the answer is lost");
    await ask(asked("UANA"));
    const [cardId = ""] = woken;
    chat.fault = (method) => (method === "post" ? { when: "after", error: lost } : undefined);
    await expect(showCards()).rejects.toBe(lost);
    chat.fault = () => undefined;
    woken.push(cardId);
    await showCards();
    expect(chat.messages).toHaveLength(1);
    await ask(asked("UBO", { decision: "approve" }));
    await ask(asked("UCY", { decision: "approve" }));
    chat.fault = (method) => (method === "post" ? { when: "after", error: lost } : undefined);
    await expect(showCards()).rejects.toBe(lost);
    chat.fault = () => undefined;
    woken.push(cardId, cardId);
    await showCards();
    expect(chat.messages.map(({ body }) => body.text)).toEqual([
      expect.stringContaining("prod: approved"),
      expect.stringMatching(/^prod is approved by <@UBO> and <@UCY>/),
    ]);
  });

  test("without the records, which Redis lost, a click makes the old card say what the log has; a command posts a new one", async () => {
    await ask(asked("UANA"));
    await showCards();
    await ask(asked("UBO", { decision: "approve" }));
    await redis.client.flushdb();
    const [old] = chat.messages;
    await ask(asked("UCY", { decision: "approve", clickedTs: old?.ref.ts ?? "" }));
    await showCards();
    expect(old?.body.text).toContain("prod: approved");
    await redis.client.flushdb();
    await ask(asked("UANA", { intent: "T-again" }));
    await showCards();
    expect(chat.messages.at(-2)?.body.text).toContain("prod: approved");
  });

  test.each([
    ["UANA", "approve", /^UANA: You wrote or committed some of this/],
    ["UANA", "reject", /^UANA: You wrote or committed some of this/],
    ["UNEW", "approve", /could be an author.*people\.UNEW\.git in gofire\.yaml/],
    ["UBO", "withdraw", /Nothing of yours counts for prod/],
  ] as const)("%s may not %s it", async (userId, decision, words) => {
    await ask(asked(userId, { decision }));
    expect(said()).toEqual([expect.stringMatching(words)]);
    expect(audit.logged).toEqual([]);
  });

  test("who lost the right since the click decides nothing, and what was decided before stays decided", async () => {
    const first = asked("UBO", { decision: "approve" });
    await ask(first);
    const named = { users: ["UCY"], groups: [], channels: [] };
    rights = { ...rights, access: { rights: { approve: named }, givenBy: { ...named, users: [] } } };
    await ask(asked("UDEE", { decision: "approve" }));
    await ask(asked("UCY", { decision: "approve" }));
    // Done once more, because its worker died before that was noted.
    await ask(first);
    expect(approvers()).toEqual(["slack:UBO", "slack:UCY"]);
    expect(said().slice(1)).toEqual([
      expect.stringMatching(/^UDEE: You may not approve or reject configuration changes here/),
      expect.stringContaining("Your approval of 42 for prod is in the audit log"),
      expect.stringMatching(
        /^UBO: gofire was interrupted .* Your approval of 42 for prod is in the audit log/,
      ),
    ]);
    const away = new PortError("unavailable", "chat", "Slack does not answer");
    rights = { ...rights, people: { ...rights.people, person: () => Promise.reject(away) } };
    // The queue tries it again: nobody is refused because the chat is silent for a moment.
    await expect(ask(asked("UDEE", { decision: "reject" }))).rejects.toBe(away);
  });

  test("what changed since, or is no more what was shown, is not decided on; nor is what was asked long ago", async () => {
    now = { ...proposal, environments: [{ ...prod, digest: digest("C") }] };
    await ask(asked("UBO", { decision: "approve" }));
    now = { ...proposal, environments: [] };
    await ask(asked("UCY", { decision: "reject" }));
    now = proposal;
    const early = asked("UDEE", { decision: "approve" });
    clock.advance(11 * 60_000);
    await ask(early);
    expect(said()).toEqual([
      expect.stringMatching(
        /changed since that was shown, so nothing was approved for prod\. Now it is: prod h1:CCC/,
      ),
      expect.stringMatching(/so nothing was rejected for prod\. Nothing of it can be approved now/),
      expect.stringContaining("more than 10 min, so nothing was decided"),
    ]);
    expect(audit.logged).toEqual([]);
  });

  test("a repository or a log that does not answer has nobody approve anything, and they are told", async () => {
    const approve = asked("UBO", { decision: "approve" });
    now = new PortError("unavailable", "git", "the remote does not answer");
    await expect(ask(approve)).rejects.toBe(now);
    await gate.gaveUp(approve, now.message, ports(), never);
    now = proposal;
    const full = new PortError("unavailable", "audit", "the disk is full");
    const altered = new PortError("forbidden", "audit", "it was altered");
    for (const trouble of [full, altered]) {
      const readable = { ...audit, append: () => Promise.reject(trouble) };
      const asks = { ...ports(), gate: { ...configured, audit: readable } };
      await gate.run(approve, asks, { signal: never, attempt: 1 });
    }
    audit.failWith(full);
    await expect(ask(approve)).rejects.toBe(full);
    expect(said()).toEqual([
      expect.stringContaining("so nothing was decided: the remote does not answer"),
      // A full disk may have taken the entry, and count it later.
      expect.stringContaining("nothing counts for prod yet: the disk is full. What you decided may count"),
      expect.stringContaining("nothing was decided about prod: it was altered"),
    ]);
    expect(audit.logged).toEqual([]);
  });

  test("an address that nobody has asks for one approval more", async () => {
    now = { ...proposal, addresses: ["ana@shop.example", "x@elsewhere.example"] };
    await ask(asked("UANA"));
    for (const userId of ["UBO", "UCY"]) await ask(asked(userId, { decision: "approve" }));
    await showCards();
    expect(chat.messages.map(({ body }) => body.text)).toEqual([
      expect.stringContaining("prod: waiting for approval, 2 of 3"),
    ]);
    await ask(asked("UDEE", { decision: "approve" }));
    await showCards();
    expect(chat.messages[0]?.body.text).toContain("prod: approved");
  });

  test("what a card leaves out, and no file can say, nobody can approve there", async () => {
    const long = { ...prod.changes[0], to: "x".repeat(110) } as (typeof prod.changes)[number];
    now = { ...proposal, environments: [{ ...prod, changes: [long] }] };
    const closed = new PortError("forbidden", "chat", "The workspace's admins switched off files. Ask them.");
    chat.fault = (method) => (method === "upload" ? { when: "before", error: closed } : undefined);
    await ask(asked("UANA"));
    await showCards();
    const written = JSON.stringify(chat.messages[0]?.body.blocks);
    expect(written).toContain("switched off files");
    expect(written).not.toContain("gate-approve");
  });

  test("a card that somebody deleted, or that the chat refused, comes again when it is asked for, and not before", async () => {
    await ask(asked("UANA"));
    await showCards();
    chat.messages.splice(0);
    await ask(asked("UBO", { decision: "approve" }));
    await showCards();
    expect(chat.messages).toEqual([]);
    await ask(asked("UANA", { intent: "T-again" }));
    await showCards();
    expect(chat.messages.map(({ body }) => body.text)).toEqual([
      expect.stringContaining("waiting for approval, 1 of 2"),
    ]);
  });

  test("a card that could not be shown is tried again for a day", async () => {
    await ask(asked("UANA"));
    const [cardId = ""] = woken.splice(0);
    const sinceMs = String(clock.nowMs());
    await gateCard.gaveUp({ cardId, sinceMs }, "Slack is away", ports(), never);
    expect(woken).toEqual([cardId]);
    clock.advance(25 * 3_600_000);
    await gateCard.gaveUp({ cardId, sinceMs }, "Slack is away", ports(), never);
    expect(woken).toEqual([cardId]);
  });

  test("where people of other workspaces were let in since, the card says nothing any more, and nobody decides", async () => {
    await ask(asked("UANA"));
    await ask(asked("UANA", { intent: "T-other", channel: "C2" }));
    await showCards();
    await ask(asked("UBO", { decision: "approve" }));
    await showCards();
    const texts = () => chat.messages.map(({ body }) => body.text);
    const look = () => hushOverheard([gateCardsTelling(ports())], rooms, never);
    await look();
    expect(woken).toEqual([]);

    rooms.silent = true;
    await expect(look()).rejects.toThrow("does not answer");
    woken.push(...(await store.of({ repository, proposal: "42" }, never)));
    await expect(showCards()).rejects.toThrow("does not answer");
    rooms.silent = false;
    woken.splice(0);
    rooms.shared.add("C1");
    await look();
    expect(woken).toHaveLength(1);
    await showCards();
    expect(texts()).toEqual([
      expect.stringContaining("Config change 42 is not shown here."),
      expect.stringContaining("waiting for approval, 1 of 2"),
    ]);
    const drawn = JSON.stringify(chat.messages[0]?.body);
    for (const withheld of ["max_active", "gate-", repository, "ana@shop.example"]) {
      expect(drawn).not.toContain(withheld);
    }
    await look();
    expect(woken).toEqual([]);

    await ask(asked("UCY", { decision: "approve" }));
    await ask(asked("UDEE"));
    expect(said().slice(-2)).toEqual([
      expect.stringMatching(/^UCY: People of other workspaces read here.*nothing is decided/),
      expect.stringMatching(/^UDEE: People of other workspaces read here/),
    ]);
    expect(approvers()).toEqual(["slack:UBO"]);
    // Elsewhere it goes on; the word that it is approved comes there alone.
    await ask(asked("UCY", { decision: "approve", channel: "C2" }));
    await showCards();
    expect(texts()).toEqual([
      expect.stringContaining("is not shown here"),
      expect.stringContaining("prod: approved"),
      expect.stringMatching(/^prod is approved by/),
    ]);
    expect(chat.messages.at(-1)?.ref.channel).toBe("C2");
    // Asked for there for the first time, no card comes at all.
    now = { ...proposal, name: "43" };
    await ask(asked("UANA", { proposal: "43", intent: "T-43" }));
    await showCards();
    expect(chat.messages).toHaveLength(3);
  });

  test("a request that there is not is told to who asked, and to nobody else", async () => {
    now = new PortError("not-found", "git", "there is no pull or merge request 42");
    await ask(asked("UANA"));
    await showCards();
    expect(chat.messages).toEqual([]);
    expect(said()).toEqual([expect.stringContaining("there is no pull or merge request 42")]);
  });
});
