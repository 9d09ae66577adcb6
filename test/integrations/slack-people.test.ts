import { describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { slackPeople } from "../../src/integrations/slack/people.ts";
import { shopWorkspace } from "../../src/sandbox/slack/seed.ts";
import { peopleContract } from "../contracts/people.ts";
import { fakePeople } from "../fakes/people.ts";
import { askedSlack, notWaitedForMs } from "./asked-slack.ts";

const never = new AbortController().signal;
const mira = "U0MIRA0001";
const onCall = "S0ONCALL01";

/** People as a real stand-in tells them. */
async function asked(options: Parameters<typeof askedSlack>[0] = {}) {
  const world = await askedSlack(options);
  return { ...world, people: slackPeople(world.client, world.slack.workspace.team.id, world.clock) };
}

const minute = 60_000;

peopleContract("fakePeople", () => {
  const people = fakePeople({ U1: "member", U2: "guest", U3: "stranger", U4: "bot", U5: "deactivated" });
  people.groups.set("S1", ["U1"]);
  return Promise.resolve({
    people,
    ids: { member: "U1", guest: "U2", stranger: "U3", bot: "U4", deactivated: "U5" },
    group: "S1",
    fallSilent: () => void (people.silent = { people: true, groups: true }),
    close: () => Promise.resolve(),
  });
});

peopleContract("slackPeople", async () => {
  const { people, slack, fail } = await asked();
  return {
    people,
    ids: {
      member: mira,
      guest: "U0GUEST004",
      stranger: "U0STRNG005",
      bot: slack.workspace.app.botUserId,
      deactivated: "U0GONE0006",
    },
    group: onCall,
    fallSilent: () => fail("users.info", "usergroups.users.list"),
    close: () => Promise.resolve(),
  };
});

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

  test("who belongs to this workspace of an organisation as well as to another is a member", async () => {
    const olga = { id: "W0OLGA0007", name: "olga", realName: "Olga Two", email: "olga@shop.example" };
    const seed = { ...shopWorkspace, users: [...shopWorkspace.users, { ...olga, kind: "of-two" as const }] };
    const { people, slack } = await asked({ seed });
    expect(await people.person(olga.id, never)).toMatchObject({ standing: "member" });
    expect(slack.workspace.users.get(olga.id)?.teamId).not.toBe(slack.workspace.team.id);
  });

  test("whom Slack does not let gofire see is not known", async () => {
    const { people, slack } = await asked();
    slack.faults.add({ on: "users.info", kind: "error", error: "user_not_visible", when: "before" });
    await expect(people.person("U0STRNG005", never)).rejects.toMatchObject({ code: "not-found" });
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
    const { people, pass, fail } = await asked();
    await people.person(mira, never);
    expect(await people.isInGroup(mira, onCall, never)).toBe(true);
    fail("users.info", "usergroups.users.list");
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
    expect(performance.now() - askedAt).toBeLessThan(notWaitedForMs);
  });

  test("groups have their members; one that is gone has none", async () => {
    const { people } = await asked();
    expect(await people.isInGroup(mira, onCall, never)).toBe(true);
    expect(await people.isInGroup("U0PRIYA003", onCall, never)).toBe(false);
    expect(await people.isInGroup(mira, "S0GONE0001", never)).toBe(false);
  });
});
