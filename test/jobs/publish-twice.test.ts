import { expect, test } from "vitest";
import type { Card, Incident, Reply } from "../../src/domain/incidents/incident.ts";
import { fakeChat } from "../fakes/chat.ts";
import { fakeClock } from "../fakes/clock.ts";
import { plainCards } from "./bot.ts";
import { incidentOf } from "./incident-of.ts";
import { publishOne } from "./publish-one.ts";

const signal = new AbortController().signal;
const place = { channel: "C1" };
const reply: Reply = {
  intent: "gf-3fa9/findings",
  kind: "findings",
  text: "All 2",
  files: [],
  state: "pending",
};

/** What two workers do who both think that the job is theirs, and what is in the channel then. */
async function bothPublish(change: Partial<Incident>) {
  const chat = fakeChat();
  const clock = fakeClock();
  const { ref } = change.card ?? {};
  if (ref !== undefined) await chat.post(place, { text: "the card" }, { intent: "gf-3fa9" }, signal);
  const one = publishOne(incidentOf("gf-3fa9", { place, ...change }), { chat, clock, cards: plainCards });
  const outcomes = await Promise.allSettled([one.publish(), one.publish()]);
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [String(outcome.reason)] : [],
  );
  clock.advance(3_000);
  const afterwards = await one.publish();
  return { refused, afterwards, intents: chat.messages.map(({ intent }) => intent) };
}

test("a worker that was taken for dead and its successor post one card", async () => {
  const { refused, afterwards, intents } = await bothPublish({});
  expect(refused).toEqual([expect.stringContaining("Another worker sends this just now")]);
  expect(intents).toEqual(["gf-3fa9"]);
  expect(afterwards).toMatchObject({ kind: "done" });
});

test("and each reply once", async () => {
  const card: Card = { attemptedAtMs: 0, ref: { channel: "C1", ts: "1716261121.000100" }, state: "verdict" };
  const { refused, intents } = await bothPublish({ card, replies: [reply] });
  expect(refused).toEqual([expect.stringContaining("Another worker sends this just now")]);
  expect(intents).toEqual(["gf-3fa9", "gf-3fa9/findings"]);
});
