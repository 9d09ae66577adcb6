import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerClick } from "../../../src/commands/chat/dispatch.ts";
import { snapshotWords } from "../../../src/domain/chat/snapshot-form.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { type Asking, asking, expectKind, never } from "./asking.ts";

describe.skipIf(redisProgram === undefined)("snapshot", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(3);
  });
  beforeEach(() => chat.reset());
  afterAll(() => chat.close());

  test("begins an incident with what was asked for, where it was asked for", async () => {
    const place = { channel: "C1", thread: "1716261120.000100" };
    const reply = await chat.ask("<@U0GOFIRE> snapshot order pod=order-2 cpu=20s block deep", {
      kind: "mention",
      place,
      intent: "Ev1",
    });
    const { incident, isNew } = expectKind(reply, "begun");
    expect(isNew).toBe(true);
    expect(incident).toMatchObject({
      state: "queued",
      service: "order",
      instance: "order-2",
      wish: { cpuSeconds: 20, block: true, deep: true },
      origin: { kind: "mention", userId: "U1", intent: "Ev1" },
      place,
      queuePlace: 0,
    });
    expect(await chat.ports.queue.workOf(incident.id, never)).toBe("pending");
  });

  test("a CPU profile shorter than a second takes one: 0 would take none", async () => {
    const reply = await chat.ask("snapshot order cpu=400ms");
    expect(expectKind(reply, "begun").incident.wish).toEqual({ cpuSeconds: 1 });
  });

  test("delivered twice is one incident", async () => {
    const first = expectKind(await chat.ask("snapshot order", { intent: "Ev1" }), "begun");
    const second = expectKind(await chat.ask("snapshot order", { intent: "Ev1" }), "begun");
    expect(second).toMatchObject({ isNew: false, incident: { id: first.incident.id } });
    expect(await chat.ports.queue.counts(never)).toMatchObject({ waiting: 1 });
  });

  test("of a process that is captured already points to that capture; again queues another", async () => {
    const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
    const already = expectKind(await chat.ask("snapshot order pod=order-1", { userId: "U2" }), "already");
    expect(already).toMatchObject({
      incident: { id: incident.id },
      next: "Its card will say what is found. To queue one more behind it: /gofire snapshot order pod=order-1 again",
    });
    expect(await chat.ports.queue.counts(never)).toMatchObject({ waiting: 1 });
    expect((await chat.ask("snapshot order pod=order-2")).kind).toBe("begun");
    const another = expectKind(await chat.ask("snapshot order again"), "begun");
    expect(another.incident).toMatchObject({ queuePlace: 2 });
    expect(another.incident.id).not.toBe(incident.id);
  });

  test("of a process that was captured a moment ago is begun with a warning that names that capture", async () => {
    const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
    expect(incident.capturedBefore).toBeUndefined();
    const startedAtMs = chat.ports.clock.nowMs() - 120_000;
    await chat.ports.incidents.update(
      incident.id,
      (now) => ({
        ...now,
        state: "verdict",
        bundle: `incidents/${now.id}/bundle-1/`,
        steps: [{ kind: "goroutine", state: "ok", startedAtMs }],
      }),
      never,
    );
    const { incident: next } = expectKind(await chat.ask("snapshot order pod=order-1"), "begun");
    expect(next.capturedBefore?.id).toBe(incident.id);
    expect(Math.round((next.capturedBefore?.agoMs ?? 0) / 60_000)).toBe(2);
    // Another process was not.
    const { incident: other } = expectKind(await chat.ask("snapshot order pod=order-2"), "begun");
    expect(other.capturedBefore).toBeUndefined();
  });

  test("of an address that is not allowed is refused at once, with what would be; one that is allowed is queued", async () => {
    const refused = expectKind(
      await chat.ask("snapshot order pod=<http://10.9.9.9:6060|10.9.9.9:6060>"),
      "help",
    );
    expect(refused).toMatchObject({
      about: "pod",
      problem: "10.9.9.9:6060 is not allowed: name it in gofire.yaml. order has: order-1, order-2.",
    });
    expect(await chat.ports.queue.counts(never)).toMatchObject({ waiting: 0 });
    const begun = expectKind(await chat.ask("snapshot order pod=10.20.0.9:6060"), "begun");
    expect(begun.incident.instance).toBe("10.20.0.9:6060");
  });

  test("when too many wait is refused in words, with a time, and leaves no card to come", async () => {
    for (let count = 0; count < 3; count++) await chat.ask("snapshot order again");
    expect(await chat.ask("snapshot payment")).toEqual({
      kind: "refused",
      why: expect.stringMatching(
        /^payment is not captured: 3 captures are waiting already, which is the limit/,
      ),
      next: "Write the same again in 30 s.",
    });
    const [incident] = await chat.ports.incidents.recent({ service: "payment", limit: 1 }, never);
    expect(incident).toMatchObject({ state: "failed" });
  });

  test("says how many cards of the channel come first: neither those of others nor those that are there", async () => {
    await chat.reset();
    const first = expectKind(await chat.ask("snapshot order"), "begun");
    expect(first).not.toHaveProperty("cardsBefore");
    const elsewhere = await chat.ask("snapshot payment", { place: { channel: "C9" } });
    expect(elsewhere).not.toHaveProperty("cardsBefore");
    expect(await chat.ask("snapshot order pod=order-2")).toMatchObject({ kind: "begun", cardsBefore: 1 });
    await chat.reset();
    const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
    const card = { attemptedAtMs: 1, ref: { channel: "C1", ts: "17.1" } };
    await chat.ports.incidents.update(incident.id, (now) => ({ ...now, card }), never);
    expect(await chat.ask("snapshot payment")).not.toHaveProperty("cardsBefore");
  });

  test("sixty at once: the queue stays bounded and everybody has a place of their own or is refused", async () => {
    const bounded = await asking(20);
    try {
      const replies = await Promise.all(
        Array.from({ length: 60 }, () => bounded.ask("snapshot order again")),
      );
      const places = replies.flatMap((reply) => (reply.kind === "begun" ? [reply.incident.queuePlace] : []));
      expect(places.toSorted((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
      expect(replies.filter(({ kind }) => kind === "refused")).toHaveLength(40);
      expect(await bounded.ports.queue.counts(never)).toMatchObject({ waiting: 20 });
    } finally {
      await bounded.close();
    }
  });

  test("takes names as a phone writes them", async () => {
    const { incident } = expectKind(await chat.ask("Snapshot Order pod=ORDER-2"), "begun");
    expect(incident).toMatchObject({ service: "order", instance: "order-2" });
    expect(expectKind(await chat.ask("Status ORDER"), "status").service).toBe("order");
  });

  test("without a service asks for it and keeps what was said", async () => {
    expect(await chat.ask("snapshot cpu=30s deep pod=order-2")).toEqual({
      kind: "ask",
      services: [
        { name: "order", instances: ["order-1", "order-2"] },
        { name: "payment", instances: ["10.0.0.7:6060"] },
      ],
      preset: { cpuSeconds: 30, deep: true, instance: "order-2" },
      problem: "Which service? Write for example: /gofire snapshot order. There are: order, payment.",
    });
    expect((await chat.ask("", { kind: "shortcut" })).kind).toBe("ask");
  });

  test("of a form's answers is the same as typed", async () => {
    const words = snapshotWords({ service: "order", instance: "order-2", cpu: "5", extras: ["deep"] });
    expect(expectKind(await chat.ask(words), "begun").incident).toMatchObject({
      service: "order",
      instance: "order-2",
      wish: { cpuSeconds: 5, deep: true },
    });
  });

  test.each([
    ["snapshot oder", 'There is no service "oder". Did you mean order?'],
    ["snapshot http://evil:80/", 'There is no service "http://evil:80/". There are: order, payment.'],
    ["snapshot order pod=order-3", 'order has no pod "order-3". Did you mean pod=order-1?'],
    ["snapshot order pod=zzz", 'order has no pod "zzz". There are: order-1, order-2.'],
    // Its card would show the password to the channel.
    [
      "snapshot order pod=http://user:pw@10.0.0.7:6060",
      "An address of a pod has neither path nor password: write pod=HOST:PORT.",
    ],
    ["snapshot order cpu=9m", 'cpu is a duration from 0s to 5m, such as 500ms, 20s or 2m; got "9m".'],
  ])("%s says what to type", async (words, problem) => {
    const help = expectKind(await chat.ask(words), "help");
    expect(help.problem).toBe(problem);
    expect(help.commands.map(({ name }) => name)).toEqual(["snapshot"]);
    expect(await chat.ports.incidents.recent({ limit: 1 }, never)).toEqual([]);
  });

  test("again by a click takes the same capture, in the thread of the card, once for each click", async () => {
    const { incident } = expectKind(await chat.ask("snapshot order pod=order-2 deep"), "begun");
    await chat.ports.incidents.update(
      incident.id,
      (now) => ({
        ...now,
        state: "failed",
        problem: "no answer",
        card: { attemptedAtMs: 1, ref: { channel: "C1", ts: "17.1" } },
      }),
      never,
    );
    const click = {
      intent: "17.1/capture-again/U2/99.1",
      userId: "U2",
      place: { channel: "C1", thread: "17.1" },
      action: "capture-again",
      incidentId: incident.id,
    } as const;
    const again = expectKind(await answerClick(click, chat.ports, never), "begun");
    expect(again).toMatchObject({
      isNew: true,
      incident: {
        service: "order",
        instance: "order-2",
        wish: { deep: true },
        origin: { userId: "U2" },
        place: { channel: "C1", thread: "17.1" },
      },
    });
    const twice = expectKind(await answerClick(click, chat.ports, never), "begun");
    expect(twice).toMatchObject({ isNew: false, incident: { id: again.incident.id } });
    const other = await answerClick({ ...click, intent: "other" }, chat.ports, never);
    expect(expectKind(other, "already").incident.id).toBe(again.incident.id);
  });

  test("with peer wishes for another process to compare with", async () => {
    const { incident } = expectKind(await chat.ask("snapshot order peer"), "begun");
    expect(incident.wish).toEqual({ peer: true });
  });
});
