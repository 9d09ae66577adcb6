import { expect, test } from "vitest";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { fakeChat } from "../fakes/chat.ts";
import { fakeClock } from "../fakes/clock.ts";
import { plainCards } from "./bot.ts";
import { incidentOf } from "./incident-of.ts";
import { publishOne } from "./publish-one.ts";

const signal = new AbortController().signal;

/** What the job does with progress that is to be shown, `shownAgoMs` after the last edit by this worker's clock. */
async function outcomeAfter(shownAgoMs: number, meanwhile?: Partial<Incident>) {
  const clock = fakeClock();
  const chat = fakeChat();
  const place = { channel: "C1" };
  const ref = await chat.post(place, { text: "as it was" }, { intent: "gf-3fa9" }, signal);
  const begun = incidentOf("gf-3fa9", {
    state: "capturing",
    place,
    card: { attemptedAtMs: 0, ref, state: "capturing", shownAtMs: clock.nowMs() - shownAgoMs, digest: "" },
  });
  const one = publishOne(begun, { chat, clock, cards: plainCards });
  chat.fault = (method) => {
    if (method === "edit") one.incident = { ...one.incident, ...meanwhile };
    return undefined;
  };
  const outcome = await one.publish();
  return { outcome, edits: chat.messages[0]?.edits, settled: one.settled };
}

test("edits of the same state follow each other after three seconds, also when clocks differ a little", async () => {
  expect(await outcomeAfter(1_000)).toMatchObject({ outcome: { kind: "later", delayMs: 2_000 }, edits: 0 });
  expect(await outcomeAfter(-2_000)).toMatchObject({ outcome: { kind: "later", delayMs: 3_000 }, edits: 0 });
  expect(await outcomeAfter(3_000)).toMatchObject({ outcome: { kind: "done" }, edits: 1 });
});

test("a card that a worker with a clock an hour ahead has shown does not stand still for an hour", async () => {
  expect(await outcomeAfter(-3_600_000)).toMatchObject({ outcome: { kind: "done" }, edits: 1 });
});

test("an incident that ends while its card is edited is not put aside with a card that still says capturing", async () => {
  expect(await outcomeAfter(3_000, { state: "verdict" })).toEqual({
    outcome: { kind: "later", delayMs: 0, reason: "the incident changed meanwhile" },
    edits: 1,
    settled: [],
  });
});
