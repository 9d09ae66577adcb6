import { afterEach, describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { slackClient } from "../../src/integrations/slack/client.ts";
import { slackPeople } from "../../src/integrations/slack/people.ts";
import type { People } from "../../src/ports/people.ts";
import type { SlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import { startSlack } from "../sandbox/slack/bolt.ts";

const never = new AbortController().signal;
const mira = "U0MIRA0001";
const onCall = "S0ONCALL01";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** People as a real stand-in tells them; `pass` lets time go by for what is remembered. */
async function asked(): Promise<{
  readonly slack: SlackStandIn;
  readonly people: People;
  readonly pass: (ms: number) => void;
  readonly calls: (method: string) => number;
}> {
  const slack = await startSlack({ limitsRates: false });
  const client = slackClient({ token: slack.tokens.bot, apiUrl: slack.apiUrl, clock: systemClock });
  open.push(
    () => slack.close(),
    () => client.close(),
  );
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  return {
    slack,
    people: slackPeople(client, slack.workspace.team.id, clock),
    pass: (ms) => void (nowMs += ms),
    calls: (method) => slack.traffic.exchanges.filter(({ name }) => name === method).length,
  };
}

const minute = 60_000;

describe("people of the workspace", () => {
  test.each([
    ["U0MIRA0001", "member"],
    ["U0GUEST004", "guest"],
    ["U0STRNG005", "stranger"],
    ["U0GONE0006", "deactivated"],
  ])("%s is a %s", async (id, standing) => {
    const { people } = await asked();
    expect(await people.person(id, never)).toMatchObject({ id, standing });
  });

  test("gofire itself is a bot", async () => {
    const { people, slack } = await asked();
    expect(await people.person(slack.workspace.app.botUserId, never)).toMatchObject({ standing: "bot" });
  });

  test("who is not known is not found, and asked for again", async () => {
    const { people, calls } = await asked();
    for (let times = 0; times < 2; times++) {
      await expect(people.person("U0NOBODY99", never)).rejects.toMatchObject({ code: "not-found" });
    }
    expect(calls("users.info")).toBe(2);
  });

  test("is remembered for five minutes, then asked for again", async () => {
    const { people, pass, calls } = await asked();
    await Promise.all([people.person(mira, never), people.person(mira, never)]);
    pass(4 * minute);
    await people.person(mira, never);
    expect(calls("users.info")).toBe(1);
    pass(2 * minute);
    await people.person(mira, never);
    expect(calls("users.info")).toBe(2);
  });

  test("the last good answer serves an hour while Slack fails, then nobody is let in", async () => {
    const { people, pass, slack } = await asked();
    await people.person(mira, never);
    expect(await people.isInGroup(mira, onCall, never)).toBe(true);
    const down = { kind: "status", status: 503, when: "before", times: 100 } as const;
    slack.faults.add({ on: "users.info", ...down });
    slack.faults.add({ on: "usergroups.users.list", ...down });
    pass(50 * minute);
    expect(await people.person(mira, never)).toMatchObject({ standing: "member" });
    expect(await people.isInGroup(mira, onCall, never)).toBe(true);
    pass(20 * minute);
    await expect(people.person(mira, never)).rejects.toThrow(PortError);
    await expect(people.isInGroup(mira, onCall, never)).rejects.toThrow(PortError);
  });

  test("nobody waits for a Slack that hangs", async () => {
    const { people, slack } = await asked();
    slack.faults.add({ on: "users.info", kind: "hang", when: "before" });
    const askedAt = performance.now();
    await expect(people.person(mira, never)).rejects.toMatchObject({ code: "timeout" });
    expect(performance.now() - askedAt).toBeLessThan(2_000);
  });

  test("groups have their members; one that is gone has none", async () => {
    const { people } = await asked();
    expect(await people.isInGroup(mira, onCall, never)).toBe(true);
    expect(await people.isInGroup("U0PRIYA003", onCall, never)).toBe(false);
    expect(await people.isInGroup(mira, "S0GONE0001", never)).toBe(false);
  });
});
