import { beforeEach, describe, expect, test } from "vitest";
import type { ChatAccess, ChatRight } from "../../../src/domain/chat/chat-rights.ts";
import { PortError } from "../../../src/domain/errors.ts";
import { refusalFor } from "../../../src/jobs/access/refusal.ts";
import { type FakePeople, fakePeople } from "../../fakes/people.ts";

const never = new AbortController().signal;
const nobody = { users: [], groups: [], channels: [] };
const access: ChatAccess = {
  rights: {
    snapshot: { users: ["U1"], groups: ["S1", "S2"], channels: ["CINCIDENTS"] },
    mute: { ...nobody, groups: ["S1"] },
    resolve: nobody,
  },
  givenBy: { ...nobody, groups: ["SSRE"] },
};

let people: FakePeople;
beforeEach(() => {
  people = fakePeople({
    U1: "member",
    U2: "member",
    UGUEST: "guest",
    UFAR: "stranger",
    UBOT: "bot",
    UGONE: "deactivated",
  });
  people.groups.set("S2", ["U2"]);
});

async function refusal(
  right: ChatRight | undefined,
  userId: string,
  channel = "C1",
  config: ChatAccess = access,
) {
  return await refusalFor(right, { userId, channel }, { people, access: config }, never);
}

describe("who may do what", () => {
  test("a person, a member of a user group, or whoever asks in a channel that is named", async () => {
    expect(await refusal("snapshot", "U1")).toBeUndefined();
    expect(await refusal("snapshot", "U2")).toBeUndefined();
    people.groups.clear();
    expect(await refusal("snapshot", "U2", "CINCIDENTS")).toBeUndefined();
    expect(await refusal("snapshot", "U2")).toEqual({
      kind: "refused",
      why: "You may not capture services here.",
      next: "Who can give you access (access.snapshot in gofire.yaml):",
      askWhom: { users: [], groups: ["SSRE"], channels: [] },
      worksIn: ["CINCIDENTS"],
    });
  });

  test("every full member, where the file names nobody; a right that names nobody lets nobody in", async () => {
    expect(await refusal("status", "U2")).toBeUndefined();
    expect((await refusal("resolve", "U1"))?.why).toBe("You may not resolve incidents here.");
    const others = { rights: {}, others: { ...nobody, users: ["U1"] }, givenBy: nobody };
    expect(await refusal("status", "U1", "C1", others)).toBeUndefined();
    expect(await refusal("status", "U2", "C1", others)).toEqual({
      kind: "refused",
      why: "You may not see what runs here.",
      next: "Ask whoever looks after gofire here for access: access.status in gofire.yaml.",
    });
  });

  test.each([
    ["UGUEST", "Guests of the workspace cannot use gofire."],
    ["UFAR", "People of other workspaces cannot use gofire."],
    ["UBOT", "Apps cannot use gofire."],
    ["UGONE", "This account is deactivated."],
    ["UNOBODY", "The chat does not know who you are, so nothing was done."],
  ])("%s never may, whatever the file says", async (userId, why) => {
    const named = { rights: { snapshot: { ...nobody, users: [userId], channels: ["C1"] } }, givenBy: nobody };
    for (const right of [undefined, "snapshot", "status"] as const) {
      expect(await refusal(right, userId, "C1", named)).toEqual({
        kind: "refused",
        why,
        next: "Ask a full member of this workspace to write it for you.",
      });
    }
  });

  test("nobody may while the chat does not say who somebody is", async () => {
    people.silent.people = true;
    expect(await refusal("status", "U1")).toMatchObject({ kind: "refused", next: "Try again in a minute." });
  });

  test("nobody gets in by a group that cannot be asked about, others still do", async () => {
    people.silent.groups = true;
    expect(await refusal("mute", "U2")).toEqual({
      kind: "refused",
      why: "The chat does not say which user groups you are in just now, so nothing was done.",
      next: "Try again in a minute.",
    });
    expect(await refusal("snapshot", "U1")).toBeUndefined();
    expect(await refusal("snapshot", "U2", "CINCIDENTS")).toBeUndefined();
  });

  test("is not told to wait for what only an operator can mend", async () => {
    const scope = "The gofire app lacks the scope usergroups:read.";
    people.isInGroup = () => Promise.reject(new PortError("forbidden", "chat", scope));
    expect(await refusal("mute", "U2")).toEqual({
      kind: "refused",
      why: `The chat does not tell gofire which user groups you are in, so nothing was done. ${scope}`,
      next: "Who can mend that:",
      askWhom: access.givenBy,
    });
    expect((await refusal("mute", "U2", "C1", { ...access, givenBy: nobody }))?.next).toBe(
      "Ask whoever looks after gofire here to mend that.",
    );
    people.person = () => Promise.reject(new PortError("locked-out", "chat", "The token was revoked."));
    expect((await refusal("status", "U1"))?.why).toMatch(/does not tell gofire who you are.*revoked/);
  });

  test("one group that does not answer does not hide another that does", async () => {
    people.isInGroup = async (_userId, group) => {
      await Promise.resolve();
      if (group === "S1") throw new Error("no answer");
      return true;
    };
    expect(await refusal("snapshot", "U2")).toBeUndefined();
  });

  test("a signal that ends the question is no refusal", async () => {
    const ended = AbortSignal.abort(new Error("too late"));
    await expect(
      refusalFor("snapshot", { userId: "U1", channel: "C1" }, { people, access }, ended),
    ).rejects.toThrow("too late");
  });
});
