import { describe, expect, test } from "vitest";
import { slackChannels } from "../../src/integrations/slack/channels.ts";
import { slackRooms } from "../../src/integrations/slack/rooms.ts";
import { shopWorkspace } from "../../src/sandbox/slack/seed.ts";
import { roomsContract } from "../contracts/rooms.ts";
import { fakeRooms } from "../fakes/rooms.ts";
import { manifest } from "../render/slack/slack-accepts.ts";
import { askedSlack, notWaitedForMs } from "./asked-slack.ts";

const never = new AbortController().signal;
const mira = "U0MIRA0001";
const jonas = "U0JONAS002";
const incidents = "C0INCID001";
/** Mira's, without gofire. */
const security = "C0SECRT003";
/** Mira's and gofire's. */
const war = "C0WARRM006";
/** Open, and shared with another organisation. */
const partners = "C0SHARE005";
const minute = 60_000;

/** Channels as a real stand-in tells them. */
async function asked(scopes: (scope: string) => boolean = () => true) {
  const world = await askedSlack({
    manifest,
    seed: {
      ...shopWorkspace,
      channels: [
        ...shopWorkspace.channels,
        { id: war, name: "war-room", members: [mira], isPrivate: true, hasBot: true },
      ],
    },
  });
  const granted = world.slack.workspace.manifest.botScopes as Set<string>;
  for (const scope of granted) if (!scopes(scope)) granted.delete(scope);
  return { ...world, rooms: slackRooms(world.client, slackChannels(world.client, world.clock), world.clock) };
}

const methods = ["conversations.info", "users.conversations"];

roomsContract("fakeRooms", () => {
  const rooms = fakeRooms();
  rooms.closed.set("C2", ["U1"]);
  rooms.shared.add("C3");
  rooms.closed.set("C4", ["U1"]);
  for (const channel of ["C4", "C0NOWHERE9"]) rooms.unseen.add(channel);
  return Promise.resolve({
    rooms,
    person: "U1",
    somebodyElse: "U2",
    open: "C1",
    closed: "C2",
    shared: "C3",
    unseen: "C4",
    fallSilent: () => void (rooms.silent = true),
    close: () => Promise.resolve(),
  });
});

roomsContract("slackRooms", async () => {
  const world = await asked();
  return {
    rooms: world.rooms,
    person: mira,
    somebodyElse: jonas,
    open: incidents,
    closed: war,
    shared: partners,
    unseen: security,
    fallSilent: () => world.fail(...methods),
    close: () => Promise.resolve(),
  };
});

describe("channels as Slack tells them", () => {
  test("where gofire is not, nobody is known to be", async () => {
    const { rooms } = await asked();
    expect(await rooms.isOpen(security, never)).toBe(false);
    expect(await rooms.isIn(mira, security, never)).toBe(false);
    expect(await rooms.isOpen("C0NOWHERE9", never)).toBe(false);
  });

  test("are asked for once a minute, and who left is out then", async () => {
    const { rooms, pass, calls, slack } = await asked();
    expect(await rooms.isIn(mira, war, never)).toBe(true);
    slack.workspace.channels.get(war)?.members.delete(mira);
    expect(await rooms.isIn(mira, war, never)).toBe(true);
    expect(calls("users.conversations")).toBe(1);
    pass(minute);
    expect(await rooms.isIn(mira, war, never)).toBe(false);
    expect(calls("users.conversations")).toBe(2);
  });

  test("one that gofire does not see is asked for again soon: it may have been invited", async () => {
    const { rooms, pass, calls, slack } = await asked();
    expect(await rooms.isOnlyOurs(security, never)).toBe(false);
    slack.workspace.channels.get(security)?.members.add(slack.workspace.app.botUserId);
    expect(await rooms.isOnlyOurs(security, never)).toBe(false);
    expect(calls("conversations.info")).toBe(1);
    pass(5_000);
    expect(await rooms.isOnlyOurs(security, never)).toBe(true);
  });

  test("the last good answer serves five minutes while Slack fails, then nothing is known", async () => {
    const { rooms, pass, fail } = await asked();
    expect(await rooms.isIn(mira, war, never)).toBe(true);
    expect(await rooms.isOpen(incidents, never)).toBe(true);
    fail(...methods);
    pass(4 * minute);
    expect(await rooms.isIn(mira, war, never)).toBe(true);
    expect(await rooms.isOpen(incidents, never)).toBe(true);
    pass(2 * minute);
    await expect(rooms.isIn(mira, war, never)).rejects.toMatchObject({ code: "unavailable" });
    await expect(rooms.isOpen(incidents, never)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("more private channels than one page are read to the end", async () => {
    const { rooms, slack } = await asked();
    const { channels } = slack.workspace;
    const model = channels.get(war);
    if (model === undefined) throw new Error("there is no war room");
    channels.delete(war);
    for (let at = 0; at < 1_200; at++) channels.set(`C0MANY${at}`, { ...model, id: `C0MANY${at}` });
    channels.set(war, model);
    expect(await rooms.isIn(mira, war, never)).toBe(true);
  });

  test("without the scopes everything is closed", async () => {
    const { rooms } = await asked((scope) => !/^(channels|groups):read$/.test(scope));
    expect(await rooms.isOpen(incidents, never)).toBe(false);
    await expect(rooms.isIn(mira, war, never)).rejects.toMatchObject({ code: "forbidden" });
  });

  test("nobody waits for a Slack that hangs", async () => {
    const { rooms, slack } = await asked();
    slack.faults.add({ on: "users.conversations", kind: "hang", when: "before" });
    const askedAt = performance.now();
    await expect(rooms.isIn(mira, war, never)).rejects.toMatchObject({ code: "timeout" });
    expect(performance.now() - askedAt).toBeLessThan(notWaitedForMs);
  });
});
