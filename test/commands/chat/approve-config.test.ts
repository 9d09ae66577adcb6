import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerChat, answerDecision } from "../../../src/commands/chat/dispatch.ts";
import type { ChatReply } from "../../../src/domain/chat/chat-reply.ts";
import type { ChatRequest, GateClick } from "../../../src/domain/chat/chat-request.ts";
import type { ChatAccess } from "../../../src/domain/chat/chat-rights.ts";
import type { GateRequest } from "../../../src/domain/configuration/gate-request.ts";
import { PortError } from "../../../src/domain/errors.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { type Asking, asking, never, nobodyNamed } from "./asking.ts";

const nobody = { users: [], groups: [], channels: [] };
const onlyU1: ChatAccess = {
  rights: { approve: { ...nobody, users: ["U1"], channels: ["CGATE"] } },
  givenBy: { ...nobody, groups: ["SSRE"] },
};
const repository = "https://git.example.com/shop/config.git";
const digest = `h1:${"mD3nTcEq8v1KxW0aZr5uYg".padEnd(43, "+")}=`;
const place = { channel: "C1" };

describe.skipIf(redisProgram === undefined)("approve-config in the chat", () => {
  let chat: Asking;
  let requests: GateRequest[];
  beforeAll(async () => {
    chat = await asking(100);
  });
  afterAll(() => chat.close());
  beforeEach(async () => {
    await chat.reset();
    requests = [];
  });

  function ports(access: ChatAccess) {
    return {
      ...chat.ports,
      access,
      gate: { repository },
      gateRequests: { ask: async (request: GateRequest) => void requests.push(request) },
    };
  }

  let delivered = 0;
  async function say(
    words: string,
    request: Partial<ChatRequest> = {},
    access: ChatAccess = nobodyNamed,
  ): Promise<ChatReply> {
    delivered++;
    const said = { intent: `T${delivered}`, kind: "command", userId: "U1", place, words } as const;
    return await answerChat({ ...said, ...request }, ports(access), never);
  }

  async function click(
    change: Partial<GateClick> = {},
    access: ChatAccess = nobodyNamed,
  ): Promise<ChatReply> {
    const button = {
      decision: "approve",
      environment: "prod",
      digest,
      head: "c".repeat(40),
      proposal: "42",
    } as const;
    const clicked = { channel: "C1", ts: "1.0" };
    const made = { intent: "click 1", userId: "U1", place, aside: place, clicked, button };
    return await answerDecision({ ...made, ...change }, ports(access), never);
  }

  test.each([
    ["approve-config 42", "42"],
    ["approve-config #42", "42"],
    ["approve-config !42 please", "42"],
    ["approve-config tune/redis", "tune/redis"],
    ["approve-config <https://git.example.com/shop/config/pull/42/files>", "42"],
    ["approve-config https://git.example.com/shop/config/-/merge_requests/7", "7"],
  ])("%s has %s looked at, and decides nothing", async (words, proposal) => {
    expect(await say(words)).toEqual({ kind: "checking", proposal, place });
    expect(requests).toMatchObject([{ proposal, userId: "U1", place, aside: place }]);
    expect(requests[0]).not.toHaveProperty("decides");
  });

  test("a digest, whole or its beginning, approves what has it", async () => {
    for (const typed of [digest, "mD3nTcEq8v1KxW0aZr5uYg", `\`${digest.slice(3, 30)}\``]) {
      expect(await say(`approve-config 42 ${typed}`)).toMatchObject({
        kind: "deciding",
        decision: "approve",
      });
    }
    expect(requests.map(({ decides }) => decides)).toEqual(
      [digest, "mD3nTcEq8v1KxW0aZr5uYg", digest.slice(3, 30)].map((typed) => ({
        decision: "approve",
        digest: typed,
      })),
    );
  });

  test.each([
    ["approve-config", "needs the number of a pull request"],
    ["approve-config help", '"help" is no pull request'],
    ["approve-config --upload-pack=x", "has no option"],
    ["approve-config https://git.example.com/shop/other/pull/42", "is of another repository"],
    ["approve-config 42 mD3nTcEq8v1KxW0aZr5uY", "write at least 22 characters"],
    ["approve-config 42 $(touch_x)y", "is no digest"],
    ["approve-config 42 mD3nTcEq8v1KxW0aZr5uYg more", "one word too many"],
  ])("%s: %s", async (words, problem) => {
    expect(await say(words)).toMatchObject({ kind: "help", problem: expect.stringContaining(problem) });
    expect(requests).toEqual([]);
  });

  const refused = {
    kind: "refused",
    why: "You may not approve or reject configuration changes here.",
    next: "Who can give you access (access.approve in gofire.yaml):",
    askWhom: { users: [], groups: ["SSRE"], channels: [] },
    worksIn: ["CGATE"],
  };

  test("who has no right to approve may have the card shown, and neither clicks nor types an approval", async () => {
    expect(await say("approve-config 42", { userId: "U2" }, onlyU1)).toMatchObject({ kind: "checking" });
    requests = [];
    expect(await say("approve-config 42 mD3nTcEq8v1KxW0aZr5uYg", { userId: "U2" }, onlyU1)).toEqual(refused);
    for (const decision of ["approve", "reject", "withdraw"] as const) {
      const button = { decision, environment: "prod", digest, head: "c".repeat(40), proposal: "42" };
      expect(await click({ userId: "U2", button }, onlyU1)).toEqual(refused);
    }
    expect(requests).toEqual([]);
    expect(await click({ userId: "U2", place: { channel: "CGATE" } }, onlyU1)).toMatchObject({
      kind: "deciding",
    });
    expect(await click({}, onlyU1)).toEqual({
      kind: "deciding",
      decision: "approve",
      proposal: "42",
      environment: "prod",
    });
    expect(requests.at(-1)).toMatchObject({
      intent: "click 1",
      proposal: "42",
      decides: { decision: "approve", environment: "prod", digest },
      clicked: { channel: "C1", ts: "1.0" },
    });
  });

  test.each(["UGUEST", "UFAR", "UBOT", "UNOBODY"])("%s is refused whatever the file says", async (userId) => {
    const named = { rights: { approve: { ...nobody, users: [userId], channels: ["C1"] } }, givenBy: nobody };
    expect(await click({ userId }, named)).toMatchObject({ kind: "refused" });
    expect(await say("approve-config 42 mD3nTcEq8v1KxW0aZr5uYg", { userId }, named)).toMatchObject({
      kind: "refused",
    });
    expect(await say("approve-config 42", { userId }, named)).toMatchObject({ kind: "refused" });
    expect(requests).toEqual([]);
  });

  test("where gofire could not say what comes of it, nothing is done", async () => {
    chat.rooms.closed.set("C1", ["U2"]);
    for (const words of ["approve-config 42", "approve-config 42 mD3nTcEq8v1KxW0aZr5uYg"]) {
      expect(await say(words)).toMatchObject({
        kind: "refused",
        why: expect.stringContaining("so nothing was done"),
        next: expect.stringContaining("/invite @gofire"),
      });
    }
    chat.rooms.silent = true;
    for (const words of ["approve-config 42", "approve-config 42 mD3nTcEq8v1KxW0aZr5uYg"]) {
      expect(await say(words)).toMatchObject({ kind: "refused", next: "Try again in a minute." });
    }
    expect(requests).toEqual([]);
    chat.rooms.silent = false;
    chat.rooms.closed.set("C1", ["U1"]);
    expect(await say("approve-config 42")).toMatchObject({ kind: "checking" });
  });

  test("where people of other workspaces read, no configuration is shown", async () => {
    chat.rooms.shared.add("C1");
    for (const told of [
      await say("approve-config 42"),
      await say(`approve-config 42 ${digest}`),
      await click(),
    ]) {
      expect(told).toMatchObject({
        kind: "refused",
        why: expect.stringContaining("People of other workspaces read here"),
      });
    }
    expect(requests).toEqual([]);
  });

  test("while the chat does not say who somebody is, they decide nothing", async () => {
    chat.people.silent.people = true;
    expect(await click()).toMatchObject({ kind: "refused", next: "Try again in a minute." });
    expect(requests).toEqual([]);
  });

  test("a queue that is full refuses in words, one that is away is told of as uncertain", async () => {
    const full = new PortError("rate-limited", "queue", "50 questions wait.", { retryAfterMs: 30_000 });
    const gateRequests = { ask: () => Promise.reject(full) };
    const clicked = { channel: "C1", ts: "1.0" };
    const button = { decision: "approve", environment: "prod", digest, head: "c", proposal: "42" } as const;
    const made = { intent: "click 2", userId: "U1", place, aside: place, clicked, button };
    expect(await answerDecision(made, { ...ports(nobodyNamed), gateRequests }, never)).toMatchObject({
      kind: "refused",
      why: "50 questions wait.",
    });
    const away = new PortError("unavailable", "Redis", "no answer");
    const lost = { ...ports(nobodyNamed), gateRequests: { ask: () => Promise.reject(away) } };
    await expect(answerDecision(made, lost, never)).rejects.toBe(away);
  });

  test("without a gate it says where to approve instead", async () => {
    expect(await chat.ask("approve-config 42")).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("gofire.yaml has no gate"),
    });
  });
});
