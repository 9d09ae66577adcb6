import { afterEach, describe, expect, test } from "vitest";
import { PortError, type PortErrorCode } from "../../src/domain/errors.ts";
import { incidents, testManifest } from "../sandbox/slack/bolt.ts";
import { type SlackWorld, slackWorld } from "./slack-world.ts";

const never = new AbortController().signal;
const open = "C0GENRL002";
const closed = "C0SECRT003";

let world: SlackWorld;
afterEach(() => world?.close());

function say(channel: string, attemptedAtMs?: number) {
  const posting = attemptedAtMs === undefined ? { intent: "gf-1" } : { intent: "gf-1", attemptedAtMs };
  return world.chat.post({ channel }, { text: "the card" }, posting, never);
}

function granting(scopes: readonly string[]) {
  return { manifest: { ...testManifest, oauth_config: { scopes: { bot: scopes } } } };
}

const granted = testManifest.oauth_config.scopes.bot;

async function failureOf(call: Promise<unknown>): Promise<PortError> {
  const outcome = await call.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (outcome instanceof PortError) return outcome;
  throw new Error(`Not a PortError: ${String(outcome)}`, { cause: outcome });
}

function called(): readonly string[] {
  return world.slack.traffic.exchanges
    .filter(({ direction }) => direction === "from-app")
    .map(({ name, error }) => (error === undefined ? name : `${name} ${error}`));
}

describe("a channel that gofire is not in", () => {
  test("is joined when it is public, and the message is posted once", async () => {
    world = await slackWorld();
    await say(open);
    expect(world.shown(open).map(({ text }) => text)).toEqual(["the card"]);
    expect(called()).toEqual(["chat.postMessage not_in_channel", "conversations.join", "chat.postMessage"]);
  });

  test("is joined for files, and to be searched", async () => {
    world = await slackWorld(granting([...granted, "chat:write.public"]));
    const attemptedAtMs = world.nowMs();
    world.spoil("post", "reset after");
    await failureOf(say(open));
    const { ts } = await say(open, attemptedAtMs);
    expect(world.shown(open)).toMatchObject([{ ts }]);
    expect(called()).toContain("conversations.join");
  });

  test("is asked for in words when gofire may not join", async () => {
    world = await slackWorld(granting(granted.filter((scope) => scope !== "channels:join")));
    const error = await failureOf(say(open));
    expect(error).toMatchObject({ code: "forbidden" });
    expect(error.message).toBe(
      "gofire is not in this channel. Type `/invite @gofire` in that channel, then ask again. (not_in_channel)",
    );
  });

  test("private ones stay unseen, and say how to let gofire in", async () => {
    world = await slackWorld();
    const error = await failureOf(say(closed));
    expect(error.code).toBe("not-found");
    expect(error.message).toContain("/invite @gofire");
    expect(called()).toEqual(["chat.postMessage channel_not_found"]);
  });
});

describe("what Slack refuses", () => {
  test("names the scope that is missing, and how to add it", async () => {
    world = await slackWorld(granting(granted.filter((scope) => scope !== "reactions:write")));
    const card = await say(incidents);
    const error = await failureOf(world.chat.react(card, "eyes", never));
    expect(error.code).toBe("forbidden");
    expect(error.message).toMatch(/lacks the scope reactions:write\..*api\.slack\.com\/apps.*Reinstall/);
  });

  const cases: readonly (readonly [string, PortErrorCode, RegExp])[] = [
    ["invalid_auth", "locked-out", /Bot User OAuth Token/],
    ["account_inactive", "locked-out", /Install the app again/],
    ["token_revoked", "locked-out", /Bot User OAuth Token/],
    ["not_allowed_token_type", "locked-out", /not a bot token/],
    ["is_archived", "forbidden", /unarchived/],
    ["restricted_action", "forbidden", /admins/],
    ["restricted_action_thread_locked", "thread-closed", /Ask in the channel itself/],
    ["channel_not_found", "not-found", /\/invite @gofire/],
    ["thread_not_found", "thread-closed", /somebody deleted it/],
    ["user_not_in_channel", "forbidden", /not in this channel/],
    ["internal_error", "unavailable", /gofire tries again/],
    ["fatal_error", "unavailable", /gofire tries again/],
    ["request_timeout", "unavailable", /gofire tries again/],
    ["service_unavailable", "unavailable", /gofire tries again/],
    ["rate_limited", "rate-limited", /goes on then/],
    ["metadata_too_large", "bad-response", /mistake in gofire.*metadata_too_large/],
    ["something_new", "bad-response", /something_new/],
  ];

  test.each(cases)("%s is %s", async (refusal, code, words) => {
    world = await slackWorld();
    world.fault({ on: "chat.postMessage", kind: "error", error: refusal, when: "before" });
    const error = await failureOf(say(incidents));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
    expect(error.target).toBe(`Slack chat.postMessage in ${incidents}`);
    expect(called()).toHaveLength(1);
  });

  test("a message that somebody deleted cannot be edited, reacted to or linked to", async () => {
    world = await slackWorld();
    const gone = { channel: incidents, ts: "1716261100.000100" };
    const calls = [
      () => world.chat.edit(gone, { text: "x" }, "news", never),
      () => world.chat.react(gone, "eyes", never),
      () => world.chat.permalink(gone, never),
    ];
    for (const call of calls) expect((await failureOf(call())).code).toBe("message-deleted");
  });

  test("files for a thread that is gone are not shared into the channel", async () => {
    world = await slackWorld();
    const file = {
      name: "findings.md",
      title: "Findings",
      contentType: "text/markdown",
      bytes: 1,
      async *open() {
        yield await Promise.resolve(Buffer.from("x"));
      },
    };
    const place = { channel: incidents, thread: "1716261100.000100" };
    const error = await failureOf(world.chat.upload(place, [file], "Findings", { intent: "gf-1/f" }, never));
    expect(error.code).toBe("thread-closed");
    expect(world.shown(incidents)).toEqual([]);
  });
});
