import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerClick } from "../../../src/commands/chat/dispatch.ts";
import { homeState } from "../../../src/commands/chat/home.ts";
import { chatCommands } from "../../../src/commands/chat/index.ts";
import { cardActions } from "../../../src/domain/chat/chat-request.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { analysis, finding } from "./analyses.ts";
import { type Asking, asking, expectKind, never, nobodyNamed, stormPage } from "./asking.ts";

const pile = "goroutine/mutex-pileup";
/** Private: U1 is in it, U2 is not. */
const war = { channel: "CWAR" };
const elsewhere = { place: { channel: "C1" } };
const outside = { ...elsewhere, userId: "U2" };

describe.skipIf(redisProgram === undefined)("an incident of a private channel", () => {
  let chat: Asking;
  let secret: Incident;
  beforeAll(async () => {
    chat = await asking(50);
  });
  beforeEach(async () => {
    await chat.reset();
    chat.rooms.closed.set(war.channel, ["U1"]);
    secret = await chat.judged(analysis({ findings: [finding("f1", pile)] }), { place: war });
  });
  afterAll(() => chat.close());

  test("is for others as if it did not exist, whatever they ask", async () => {
    const ofNone = `There is no incident gf-zzzz that you can see.`;
    for (const { name, operands } of chatCommands) {
      if (!/ID/.test(operands.placeholder) && !/incident/.test(operands.placeholder)) continue;
      const words = (id: string) => `${name} ${id}${name === "feedback" ? " f1 right" : ""}`;
      const { problem } = expectKind(await chat.ask(words(secret.id), outside), "help");
      const { problem: unknown } = expectKind(await chat.ask(words("gf-zzzz"), outside), "help");
      expect(unknown, name).toContain(ofNone);
      expect(problem, name).toBe(unknown?.replace("gf-zzzz", secret.id));
    }
    const now = await chat.ports.incidents.read(secret.id, never);
    expect(now?.version).toBe(secret.version);
  });

  test("is not behind any button either", async () => {
    for (const action of cardActions) {
      const click = { intent: action, userId: "U2", place: { channel: "C1" }, action, finding: "f1" };
      const { problem } = expectKind(
        await answerClick({ ...click, incidentId: secret.id }, chat.ports, never),
        "help",
      );
      expect(problem, action).toContain(`There is no incident ${secret.id}`);
    }
    expect((await chat.ports.incidents.read(secret.id, never))?.version).toBe(secret.version);
  });

  test("is no page of a storm that others are told of; who may read it is told in confidence", async () => {
    await stormPage(chat, "page 1", { id: "storm-1a2b3c4d" }, war);
    expect(await chat.ask("status everywhere", outside)).toMatchObject({ storms: [] });
    expect(await chat.ask("status everywhere", elsewhere)).toMatchObject({
      inConfidence: true,
      storms: [{ id: "storm-1a2b3c4d", pages: 1 }],
    });
  });

  test("is in no list of others, which is filled up with what they may see", async () => {
    const seen: string[] = [];
    for (let at = 0; at < 3; at++) seen.push((await chat.judged(analysis())).id);
    for (let at = 0; at < 12; at++) await chat.judged(analysis(), { place: war });
    for (const words of ["status everywhere", "status order"]) {
      const status = expectKind(await chat.ask(words, { ...outside, place: { channel: "C3" } }), "status");
      expect(status.last.map(({ id }) => id)).toEqual(seen.toReversed());
      expect(status).not.toHaveProperty("untold");
      expect(status).not.toHaveProperty("inConfidence");
    }
    const home = await homeState("U2", chat.ports, never);
    if ("kind" in home) throw new Error("refused");
    expect(home.status.last.map(({ id }) => id)).toEqual(seen.toReversed());
  });

  test("is told to its members elsewhere, to them alone", async () => {
    for (const words of ["status everywhere", `explain ${secret.id}`]) {
      expect(await chat.ask(words, elsewhere)).toMatchObject({ inConfidence: true });
      expect(await chat.ask(words, { place: war })).not.toHaveProperty("inConfidence");
    }
  });

  test("is told to nobody of another workspace, and neither is one of an open channel elsewhere", async () => {
    chat.rooms.shared.add("CPARTNERS");
    const ours = await chat.judged(analysis());
    const theirs = await chat.judged(analysis(), { place: { channel: "CPARTNERS" } });
    const among = { place: { channel: "CPARTNERS" } };
    expect(expectKind(await chat.ask(`explain ${ours.id}`, among), "explain").inConfidence).toBe(true);
    expect(expectKind(await chat.ask("status everywhere", among), "status").inConfidence).toBe(true);
    expect(expectKind(await chat.ask(`explain ${theirs.id}`, among), "explain").inConfidence).toBeUndefined();
    expect(
      expectKind(await chat.ask(`explain ${ours.id}`, elsewhere), "explain").inConfidence,
    ).toBeUndefined();
  });

  test("is compared with in its own channel, or for who names it; its picture goes nowhere else", async () => {
    const bundle = { bundle: "incidents/x/bundle-1/" };
    const [before] = [await chat.judged(analysis(), { place: war, ...bundle })];
    const later = await chat.judged(analysis(), bundle);
    const unnamed = expectKind(await chat.ask(`diff ${later.id}`, elsewhere), "help");
    expect(unnamed.problem).toContain("There is no verdict on order before");
    const named = expectKind(await chat.ask(`diff ${later.id} ${before.id}`, elsewhere), "diff");
    expect(named.inConfidence).toBe(true);
    expect((await chat.ports.incidents.read(later.id, never))?.replies).toEqual([]);
    const inside = await chat.judged(analysis(), { place: war, ...bundle });
    expectKind(await chat.ask(`diff ${inside.id} ${before.id}`, { place: war }), "diff");
    expect((await chat.ports.incidents.read(inside.id, never))?.replies).toHaveLength(1);
  });

  test("in shadow has no thread, so its report and its pictures are posted only where they may be read", async () => {
    const made = { place: war, shadow: true, bundle: "incidents/x/bundle-1/" } as const;
    const [before, hidden] = [await chat.judged(analysis(), made), await chat.judged(analysis(), made)];
    const { problem } = expectKind(await chat.ask(`report ${hidden.id}`, elsewhere), "help");
    expect(problem).toContain("Ask in the channel that it belongs to");
    expectKind(await chat.ask(`diff ${hidden.id} ${before.id}`, elsewhere), "diff");
    expect((await chat.ports.incidents.read(hidden.id, never))?.replies).toEqual([]);
    expect(await chat.ask("status everywhere", elsewhere)).toMatchObject({
      inConfidence: true,
      shadowed: [{ id: hidden.id }, { id: before.id }],
    });
    expectKind(await chat.ask(`report ${hidden.id}`, { place: war }), "reporting");
    expectKind(await chat.ask(`diff ${hidden.id} ${before.id}`, { place: war }), "diff");
    expect((await chat.ports.incidents.read(hidden.id, never))?.replies).toMatchObject([
      { kind: "report", askedIn: war },
      { kind: "flame-graph", askedIn: war },
    ]);
    // What they capture themselves is no shadow of somebody else's page.
    await chat.ports.incidents.create(
      {
        service: "payment",
        wish: {},
        origin: { kind: "page", intent: "p" },
        place: war,
        shadow: true,
      },
      never,
    );
    expectKind(await chat.ask("snapshot payment", { place: war }), "begun");
  });

  test("does not answer for a capture that somebody else asks for", async () => {
    const { incident } = expectKind(await chat.ask("snapshot payment", { place: war }), "begun");
    const other = expectKind(await chat.ask("snapshot payment", outside), "begun");
    expect(other.incident.id).not.toBe(incident.id);
    expect(expectKind(await chat.ask("snapshot payment", elsewhere), "already").incident.id).toBeDefined();
  });

  test("is nowhere that somebody else can have a capture put by choosing its channel in a form", async () => {
    const chosen = { kind: "shortcut", place: war, isChosen: true } as const;
    const access = { ...nobodyNamed, others: { users: [], groups: [], channels: [war.channel] } };
    for (const words of ["snapshot order", "status", `explain ${secret.id}`]) {
      const { why } = expectKind(await chat.ask(words, { ...chosen, userId: "U2" }, access), "refused");
      expect(why).toBe("gofire cannot see that you are in this channel.");
    }
    expectKind(await chat.ask("snapshot order", { ...chosen, userId: "U1" }, access), "begun");
    expectKind(await chat.ask("snapshot order again", { ...chosen, ...outside }), "begun");
    chat.rooms.silent = true;
    expectKind(await chat.ask("snapshot order", { ...chosen, userId: "U1" }, access), "refused");
  });

  test("stays closed when the chat does not say who is in it, and a list says that it is not whole", async () => {
    chat.rooms.silent = true;
    const { problem } = expectKind(await chat.ask(`explain ${secret.id}`, elsewhere), "help");
    expect(problem).toContain("There is no incident");
    const status = expectKind(await chat.ask("status everywhere", elsewhere), "status");
    expect(status).toMatchObject({ last: [], untold: 1 });
    expectKind(await chat.ask(`explain ${secret.id}`, { place: war }), "explain");
  });

  test("one of a direct message is for who began it", async () => {
    const direct = await chat.judged(analysis(), { place: { channel: "D1" } });
    expect(await chat.ask(`explain ${direct.id}`, elsewhere)).toMatchObject({
      kind: "explain",
      inConfidence: true,
    });
    expectKind(await chat.ask(`explain ${direct.id}`, outside), "help");
  });
});
