import { type ErrorCode, WebClient } from "@slack/web-api";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeClock, fakeClock } from "../../../src/sandbox/slack/clock.ts";
import { type Fields, fieldsOf } from "../../../src/sandbox/slack/fields.ts";
import type { SlackStandIn } from "../../../src/sandbox/slack/stand-in.ts";
import { incidents, mira, startSlack } from "./bolt.ts";

let slack: SlackStandIn;
let clock: FakeClock;

async function begin(): Promise<WebClient> {
  clock = fakeClock(1_700_000_000_000);
  slack = await startSlack({ clock });
  return new WebClient(slack.tokens.bot, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
}

afterEach(() => slack.close());

async function apiCall(client: WebClient, method: string, args: Record<string, unknown>): Promise<Fields> {
  return fieldsOf(await client.apiCall(method, args));
}

async function failureOf(
  call: Promise<unknown>,
): Promise<{ code?: ErrorCode; data?: Fields; retryAfter?: number }> {
  return call.then(
    () => ({}),
    (error: object) => error,
  );
}

const say = (client: WebClient, more: object = {}) =>
  apiCall(client, "chat.postMessage", { channel: incidents, text: "hi", ...more });

describe("the Web API as the real client sees it", () => {
  it("refuses what the manifest does not grant, wrong tokens, unknown arguments and foreign channels", async () => {
    const client = await begin();
    expect(await failureOf(client.users.lookupByEmail({ email: "mira@shop.example" }))).toMatchObject({
      data: { error: "missing_scope", needed: "users:read.email" },
    });
    expect(
      await failureOf(new WebClient("xoxb-other", { slackApiUrl: slack.apiUrl }).auth.test()),
    ).toMatchObject({ data: { error: "invalid_auth" } });
    expect(await failureOf(say(client, { chanel: "x" }))).toMatchObject({
      data: { error: "invalid_arg_name" },
    });
    expect(await failureOf(say(client, { channel: "C0SECRT003" }))).toMatchObject({
      data: { error: "channel_not_found" },
    });
    expect(await failureOf(say(client, { channel: "C0GENRL002" }))).toMatchObject({
      data: { error: "not_in_channel" },
    });
    expect(await failureOf(say(client, { channel: "C0OLDIE004" }))).toMatchObject({
      data: { error: "is_archived" },
    });
    expect(slack.problems()).toHaveLength(6);
    expect(slack.problems([{ method: "auth.test", error: "invalid_auth" }])).toHaveLength(5);
  });

  it("shows what is for one person in a thread only where the thread has replies", async () => {
    const client = await begin();
    const { ts } = await say(client);
    const aside = { channel: incidents, user: mira, text: "for Mira" };
    await apiCall(client, "chat.postEphemeral", aside);
    await apiCall(client, "chat.postEphemeral", { ...aside, thread_ts: ts });
    expect(slack.problems()).toEqual([expect.stringMatching(/^#incidents .* is shown to nobody/)]);
    await say(client, { thread_ts: ts });
    await apiCall(client, "chat.postEphemeral", { ...aside, thread_ts: ts });
    expect(slack.problems()).toHaveLength(1);
  });

  it("lets one channel have three messages at once and one a second after that", async () => {
    const client = await begin();
    for (const text of ["1", "2", "3"]) expect(await say(client, { text })).toMatchObject({ ok: true });
    expect(await failureOf(say(client))).toMatchObject({ retryAfter: 3 });
    clock.advance(3_000);
    expect(await say(client)).toMatchObject({ ok: true });
  });

  it("refuses an update of more than 4,000 characters and drops blocks that are not sent again", async () => {
    const client = await begin();
    const { ts } = await say(client, { blocks: [{ type: "divider" }] });
    const update = (text: string) => apiCall(client, "chat.update", { channel: incidents, ts, text });
    expect(await failureOf(update("x".repeat(4_001)))).toMatchObject({ data: { error: "msg_too_long" } });
    expect(await update("x".repeat(4_000))).toMatchObject({ ok: true, message: { blocks: [] } });
  });

  it("finds a message by its metadata after an answer that got lost, and reports a second one", async () => {
    const client = await begin();
    const metadata = { event_type: "gofire_card", event_payload: { id: "gf-1" } };
    slack.faults.add({ on: "chat.postMessage", kind: "reset", when: "after" });
    expect(await failureOf(say(client, { metadata }))).toMatchObject({ code: "slack_webapi_request_error" });
    const found = await client.conversations.history({ channel: incidents, include_all_metadata: true });
    expect(found.messages).toMatchObject([{ bot_id: slack.workspace.app.botId, metadata }]);
    expect(slack.problems()).toEqual([]);
    await say(client, { metadata });
    expect(slack.problems()).toEqual([expect.stringContaining("repeats")]);
  });

  it("shows a picture in a thread only after a while, and in blocks only once it is processed", async () => {
    const client = await begin();
    const { ts } = await say(client);
    const bytes = Buffer.from("picture");
    const announced = await apiCall(client, "files.getUploadURLExternal", {
      filename: "flame.png",
      length: bytes.length,
      alt_txt: "62% in json.Unmarshal",
    });
    const upload = await fetch(String(announced.upload_url), { method: "POST", body: bytes });
    expect(await upload.text()).toBe("OK - 7");
    const id = String(announced.file_id);
    await apiCall(client, "files.completeUploadExternal", {
      files: [{ id, title: "Flame graph" }],
      channel_id: incidents,
      thread_ts: ts,
      initial_comment: "CPU",
    });
    const blocks = [{ type: "image", alt_text: "62% in json.Unmarshal", slack_file: { id } }];
    expect(await failureOf(say(client, { blocks }))).toMatchObject({
      data: { errors: ["invalid slack file [json-pointer:/blocks/0/slack_file]"] },
    });
    expect((await client.files.info({ file: id })).file).toMatchObject({ mimetype: "", shares: {} });
    clock.advance(200);
    const { file } = await client.files.info({ file: id });
    expect(file).toMatchObject({
      mimetype: "image/png",
      shares: { public: { [incidents]: [{ thread_ts: ts }] } },
    });
    expect(await say(client, { blocks })).toMatchObject({ ok: true });
  });

  it("lets a trigger open one view within three seconds", async () => {
    const client = await begin();
    const view = {
      type: "modal" as const,
      title: { type: "plain_text" as const, text: "T" },
      blocks: [{ type: "divider" as const }],
    };
    const { newTrigger } = await import("../../../src/sandbox/slack/workspace.ts");
    const trigger_id = newTrigger(slack.workspace, mira);
    expect(await client.views.open({ trigger_id, view })).toMatchObject({ ok: true });
    expect(await failureOf(client.views.open({ trigger_id, view }))).toMatchObject({
      data: { error: "exchanged_trigger_id" },
    });
    const late = newTrigger(slack.workspace, mira);
    clock.advance(3_001);
    expect(await failureOf(client.views.open({ trigger_id: late, view }))).toMatchObject({
      data: { error: "expired_trigger_id" },
    });
  });
});
