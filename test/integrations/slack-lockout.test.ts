import { afterEach, describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { createLockout } from "../../src/integrations/slack/lockout.ts";
import { fakeClock } from "../../src/sandbox/slack/clock.ts";
import { incidents } from "../sandbox/slack/bolt.ts";
import { type SlackWorld, slackWorld } from "./slack-world.ts";

const never = new AbortController().signal;
let world: SlackWorld;
afterEach(() => world?.close());

async function say(text: string): Promise<string> {
  return await world.chat.post({ channel: incidents }, { text }, { intent: text }, never).then(
    () => "posted",
    (error: unknown) => {
      if (!(error instanceof PortError)) throw error;
      return `${error.code} ${error.retryAfterMs}`;
    },
  );
}

function asked(): number {
  return world.slack.traffic.exchanges.filter(({ direction }) => direction === "from-app").length;
}

describe("a token that Slack does not take", () => {
  test("is not tried again before a pause that grows, whatever is asked, and then at once for all", async () => {
    world = await slackWorld();
    world.fault({ on: "chat.postMessage", kind: "error", error: "token_revoked", when: "before", times: 2 });
    expect(await say("one")).toBe("locked-out 5000");
    expect(await say("two")).toBe("locked-out 5000");
    const ref = { channel: incidents, ts: "1716261100.000100" };
    await expect(world.chat.react(ref, "eyes", never)).rejects.toMatchObject({ code: "locked-out" });
    expect(asked()).toBe(1);
    world.clock.advance(5_000);
    expect(await say("one")).toBe("locked-out 10000");
    world.clock.advance(10_000);
    expect(await say("one")).toBe("posted");
    expect(await say("two")).toBe("posted");
    expect(world.shown(incidents).map(({ text }) => text)).toEqual(["one", "two"]);
  });

  test("a missing scope of one method leaves the others alone; one that no card needs is final", async () => {
    world = await slackWorld();
    const scopes = world.slack.workspace.manifest.botScopes as Set<string>;
    scopes.delete("files:write");
    const file = {
      name: "findings.md",
      title: "Findings",
      contentType: "text/markdown",
      bytes: 1,
      async *open() {
        yield await Promise.resolve(Buffer.from("x"));
      },
    };
    const upload = () =>
      world.chat.upload({ channel: incidents }, [file], "Findings", { intent: "gf-1/f" }, never);
    await expect(upload()).rejects.toMatchObject({ code: "locked-out", retryAfterMs: 5_000 });
    expect(await say("one")).toBe("posted");
    await expect(upload()).rejects.toMatchObject({ code: "locked-out" });
    scopes.add("files:write");
    world.clock.advance(5_000);
    await upload();
    expect(world.shown(incidents).flatMap(({ files }) => files)).toHaveLength(1);
  });
});

describe("who looks after gofire", () => {
  test("is told at once, every ten refusals, and when it works again", () => {
    const clock = fakeClock(0);
    const told: string[] = [];
    const lockout = createLockout(
      { nowMs: () => clock.nowMs(), monotonicMs: () => clock.nowMs(), sleep: () => Promise.resolve() },
      (line) => told.push(line),
    );
    const refusal = new PortError("locked-out", "Slack chat.update", "The token was revoked.");
    for (let time = 0; time < 12; time++) {
      lockout.refused("chat.update", refusal, "everything");
      lockout.refused("chat.update", refusal, "everything");
      expect(() => lockout.check("files.info")).toThrow("The token was revoked.");
      clock.advance(60_000);
    }
    expect(() => lockout.check("files.info")).not.toThrow();
    lockout.letIn("auth.test");
    lockout.letIn("auth.test");
    expect(told).toEqual([
      "The token was revoked. Cards and replies wait until then; gofire asks again in 5 s.",
      "The token was revoked. Cards and replies wait until then; gofire asks again in 1 min.",
      "Slack lets gofire in again; what waited is posted now.",
    ]);
  });
});
