import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Incident, Reply } from "../../src/domain/incidents/incident.ts";
import { isInShadow, shadowLine } from "../../src/jobs/thread/shadow.ts";
import type { Chat } from "../../src/ports/chat.ts";
import { card } from "../../src/render/slack/card.ts";
import { fakeChat } from "../fakes/chat.ts";
import { fakeClock } from "../fakes/clock.ts";
import { anyIncident, incident as plainIncident } from "../render/slack/incidents.ts";
import { publishOne } from "./publish-one.ts";

function unused(): never {
  throw new Error("not asked for in this test");
}

/** A chat that notes every word and every reaction. */
function tattling(): { readonly chat: Chat; readonly calls: string[] } {
  const calls: string[] = [];
  const chat = new Proxy<Chat>(fakeChat(), {
    get(target, name, receiver) {
      calls.push(String(name));
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return { chat, calls };
}

async function published(begun: Incident) {
  const { chat, calls } = tattling();
  const cards = {
    card,
    reply: () => ({ text: "reply" }),
    comment: () => "comment",
    storm: unused,
    stormList: unused,
    tls: unused,
    announcement: unused,
    answer: unused,
    lostRollback: unused,
    lostRollbackNote: unused,
    rollback: unused,
    rollbackOutcome: unused,
    overheardRollback: unused,
  };
  const one = publishOne(begun, { chat, clock: fakeClock(), cards });
  await one.publish();
  return { calls, incident: one.incident };
}

/** Each with an intent of its own, as the store has them. */
function distinct(replies: readonly Reply[]): readonly Reply[] {
  return replies.map((reply, at) => ({ ...reply, intent: `gf-3fa9/${at}` }));
}

describe("an incident in shadow", () => {
  test("says nothing, whatever became of it", async () => {
    await fc.assert(
      fc.asyncProperty(anyIncident, async (any) => {
        const replies = distinct(any.replies);
        const { calls, incident } = await published({ ...any, replies, shadow: true });
        expect(calls).toEqual([]);
        expect(incident.replies.some(({ state }) => state === "pending" || state === "posting")).toBe(false);
        expect(incident).not.toHaveProperty("card");
        expect(incident).not.toHaveProperty("pageMark");
      }),
      { numRuns: 200 },
    );
  });

  test("answers who asked, where they asked", async () => {
    const asked: Reply = {
      intent: "gf-3fa9/report-1",
      kind: "report",
      text: "Report.",
      files: [],
      state: "pending",
      askedIn: { channel: "C2" },
    };
    const { calls, incident } = await published(plainIncident({ shadow: true, replies: [asked] }));
    expect(calls).toEqual(["post"]);
    expect(incident.replies).toMatchObject([{ state: "posted", ref: { channel: "C2" } }]);
  });
});

test("a service says whether its pages are in shadow, else it is as for all", async () => {
  const service = { matches: [] };
  const services = () =>
    Promise.resolve([
      { ...service, name: "order", shadow: true },
      { ...service, name: "cart", shadow: false },
      { ...service, name: "payment" },
    ]);
  async function inShadow(shadow?: boolean): Promise<readonly boolean[]> {
    const paging = { services, ...(shadow === undefined ? {} : { shadow }) };
    return await Promise.all(["order", "cart", "payment", undefined].map((name) => isInShadow(name, paging)));
  }
  expect(await inShadow()).toEqual([true, false, false, false]);
  expect(await inShadow(true)).toEqual([true, false, true, true]);
  expect(await shadowLine({ services })).toMatch(/^In shadow: pages of order are captured/);
  expect(await shadowLine({ services, shadow: true })).toMatch(
    /^In shadow: pages of all services but cart are/,
  );
  expect(await shadowLine({ services: () => Promise.resolve([]) })).toBeUndefined();
});
