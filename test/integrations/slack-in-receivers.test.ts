import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ChatReply } from "../../src/domain/chat/chat-reply.ts";
import { type HeardSlack, hearSlack, incidents, mira, promised } from "./slack-in.ts";

async function heard(mode: "socket" | "http"): Promise<HeardSlack> {
  const each = await hearSlack(mode);
  onTestFinished(() => each.close());
  return each;
}

describe("Socket Mode", () => {
  test("keeps two connections", async () => {
    const { slack } = await heard("socket");
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2));
  });

  test("a refresh leaves no gap: commands come through while connections are replaced", async () => {
    const { slack, conversation } = await heard("socket");
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2));
    let least = 2;
    for (let round = 0; round < 20; round++) {
      if (round % 4 === 0) slack.sockets.refresh("oldest");
      const result = await slack.people.type(mira, incidents, `/gofire status ${round}`);
      least = Math.min(least, slack.sockets.open);
      expect(result).toMatchObject({ isAcked: true });
    }
    expect(conversation.requests).toHaveLength(20);
    expect(least).toBeGreaterThanOrEqual(1);
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2));
  });

  test("what was heard just before a refresh is acknowledged after it", async () => {
    const { slack, conversation, troubles } = await heard("socket");
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2));
    const reply = promised<ChatReply>();
    conversation.answer = () => reply.promise;
    const answered = slack.people.type(mira, incidents, "/gofire status");
    await vi.waitFor(() => expect(conversation.requests).toHaveLength(1));
    slack.sockets.refresh("all");
    await vi.waitFor(() => expect(slack.sockets.open).toBe(4)); // the old ones wait for that answer
    reply.resolve({ kind: "help", commands: [] });
    expect(await answered).toMatchObject({ isAcked: true, body: { text: "reply help" } });
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2), { timeout: 5_000 });
    expect(troubles).toEqual([]);
  });

  test("connections that break are there again, also when Slack refuses new ones for a while", async () => {
    const { slack, troubles } = await heard("socket");
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2));
    slack.faults.add({ on: "apps.connections.open", kind: "status", status: 503, when: "before", times: 4 });
    slack.sockets.cut();
    await vi.waitFor(() => expect(slack.sockets.open).toBe(0));
    await vi.waitFor(() => expect(slack.sockets.open).toBe(2), { timeout: 10_000, interval: 50 });
    const result = await slack.people.type(mira, incidents, "/gofire status");
    expect(result).toMatchObject({ isAcked: true });
    expect(troubles.join("\n")).toMatch(/cannot connect, trying again[^]*connected again/);
  });

  test("stopping closes every connection", async () => {
    const each = await heard("socket");
    await vi.waitFor(() => expect(each.slack.sockets.open).toBe(2));
    await each.hush();
    await vi.waitFor(() => expect(each.slack.sockets.open).toBe(0));
  });
});

const form = "application/x-www-form-urlencoded";

interface Sent {
  readonly secret?: string;
  readonly skewS?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

async function send({ slack, requestUrl }: HeardSlack, body: string, how: Sent = {}): Promise<Response> {
  const at = String(Math.floor(Date.now() / 1_000) + (how.skewS ?? 0));
  const digest = createHmac("sha256", how.secret ?? slack.signingSecret).update(`v0:${at}:${body}`);
  return await fetch(requestUrl, {
    method: how.method ?? "POST",
    ...(how.method === "GET" ? {} : { body }),
    headers: {
      "content-type": how.contentType ?? form,
      "x-slack-request-timestamp": at,
      "x-slack-signature": `v0=${digest.digest("hex")}`,
      ...how.headers,
    },
  });
}

const command = new URLSearchParams({
  command: "/gofire",
  text: "status",
  user_id: mira,
  channel_id: incidents,
  trigger_id: "1.2.3",
}).toString();

describe("signed requests", () => {
  test("are taken when they are Slack's, whatever else their content type says", async () => {
    const each = await heard("http");
    const answer = await send(each, command, { contentType: `${form}; charset=utf-8` });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ response_type: "ephemeral", text: "reply help" });
  });

  test.each([
    ["another secret", { secret: "guessed" }, /signature does not fit/],
    ["a recording from six minutes ago", { skewS: -360 }, /five minutes off/],
    ["a timestamp from the future, which would stay good for longer", { skewS: 360 }, /five minutes off/],
    ["no timestamp", { headers: { "x-slack-request-timestamp": "" } }, /no timestamp/],
    ["half a signature", { headers: { "x-slack-signature": "v0=abc" } }, /signature does not fit/],
  ])("are refused with %s", async (_what, how, said) => {
    const each = await heard("http");
    const answers = [await send(each, command, how), await send(each, command, how)];
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(each.conversation.requests).toEqual([]);
    expect(each.troubles).toEqual([expect.stringMatching(said)]);
  });

  test("who guesses in many ways, or goes away in the middle, does not fill the log", async () => {
    const each = await heard("http");
    for (let round = 0; round < 3; round++) {
      await send(each, command, { secret: "guessed" });
      await send(each, command, { skewS: 600 });
    }
    expect(each.troubles).toHaveLength(2);

    const { hostname, port, pathname } = new URL(each.requestUrl);
    const socket = connect(Number(port), hostname);
    socket.write(`POST ${pathname} HTTP/1.1\r\nhost: gofire\r\ncontent-length: 9000\r\n\r\ncommand=`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(each.troubles).toHaveLength(2);
    expect((await send(each, command)).status).toBe(200);
  });

  test("a body that was changed on the way is refused", async () => {
    const each = await heard("http");
    const at = String(Math.floor(Date.now() / 1_000));
    const digest = createHmac("sha256", each.slack.signingSecret).update(`v0:${at}:${command}`).digest("hex");
    const answer = await send(each, command.replace("status", "resolve"), {
      headers: { "x-slack-request-timestamp": at, "x-slack-signature": `v0=${digest}` },
    });
    expect(answer.status).toBe(401);
    expect(each.conversation.requests).toEqual([]);
  });

  test("the address is proven, TLS looked at, and nothing smuggled in with that", async () => {
    const each = await heard("http");
    const challenge = JSON.stringify({ type: "url_verification", challenge: "abc" });
    const json = { contentType: "application/json" };
    expect(await (await send(each, challenge, json)).json()).toEqual({ challenge: "abc" });
    expect((await send(each, challenge, { ...json, secret: "guessed" })).status).toBe(401);
    const look = await send(each, `ssl_check=1&${command}`, { secret: "guessed" });
    expect([look.status, await look.text()]).toEqual([200, ""]);
    expect(each.conversation.requests).toEqual([]);
  });

  test("what is no delivery is refused without harm", async () => {
    const each = await heard("http");
    expect((await send(each, "", { method: "GET" })).status).toBe(405);
    expect((await send(each, "{", { contentType: "application/json" })).status).toBe(400);
    expect((await send(each, "payload=%7B")).status).toBe(400);
    expect((await send(each, "x".repeat((4 << 20) + 1))).status).toBe(413);
    expect((await send(each, "command=%2Fgofire")).status).toBe(500);
    expect((await send(each, command)).status).toBe(200);
  });
});
