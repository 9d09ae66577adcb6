import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { homeState } from "../../../src/commands/chat/home.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { analysis } from "./analyses.ts";
import { type Asking, asking, expectKind, never, nobodyNamed } from "./asking.ts";

describe.skipIf(redisProgram === undefined)("a person's own page", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(10);
  });
  afterAll(() => chat.close());

  test("says what runs and came out everywhere, and who may do what", async () => {
    const judged = await chat.judged(analysis(), { place: { channel: "C2" } });
    const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
    const only = { users: ["U2"], groups: [], channels: [] };
    const access = { ...nobodyNamed, rights: { mute: only } };
    const state = await homeState("U1", { ...chat.ports, access }, never);
    if ("kind" in state) throw new Error(`refused: ${JSON.stringify(state)}`);
    expect(state.status.last.map(({ id }) => id)).toEqual([judged.id]);
    expect(state.status.waiting.map(({ id }) => id)).toEqual([incident.id]);
    expect(state.commands.find(({ name }) => name === "mute")?.allowed).toBe(false);
    expect(state.rights).toContainEqual({ right: "mute", audience: only });
    expect(state.rights).toContainEqual({ right: "snapshot" });
  });

  test("says why to those who may not see that", async () => {
    expect(await homeState("UGUEST", chat.ports, never)).toMatchObject({
      kind: "refused",
      why: "Guests of the workspace cannot use gofire.",
    });
    const access = { ...nobodyNamed, rights: { status: { users: [], groups: [], channels: [] } } };
    expect(await homeState("U1", { ...chat.ports, access }, never)).toMatchObject({
      kind: "refused",
      why: "You may not see what runs here.",
    });
  });
});
