import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerClick, answerJudgement } from "../../../src/commands/chat/dispatch.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { analysis, finding } from "./analyses.ts";
import { type Asking, asking, expectKind, never, nobodyNamed } from "./asking.ts";

const pile = "goroutine/mutex-pileup";

describe.skipIf(redisProgram === undefined)("judging a finding, on real Redis", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(50);
  });
  beforeEach(() => chat.reset());
  afterAll(() => chat.close());

  async function judged() {
    return await chat.judged(analysis({ findings: [finding("f1", pile), finding("f2", "goroutine/count")] }));
  }

  async function click(action: "right" | "wrong", incidentId: string, userId = "U1", comment?: string) {
    const place = { channel: "C1", thread: "17.1" };
    const more = comment === undefined ? {} : { comment };
    return await answerClick(
      { intent: `click ${action} ${userId}`, userId, place, action, incidentId, finding: "f1", ...more },
      chat.ports,
      never,
    );
  }

  async function counts() {
    const all = await chat.ports.feedback.records(never);
    return all.map(({ rule, confidence, fired, right, wrong }) => [rule, confidence, fired, right, wrong]);
  }

  test("gives each person one voice, which they can change; a delivery that comes twice counts once", async () => {
    const { id } = await judged();
    expect(expectKind(await click("right", id), "feedback")).toMatchObject({
      isNew: true,
      says: "right",
      tally: { right: 1, wrong: 0 },
    });
    expect(expectKind(await click("right", id), "feedback")).toMatchObject({ isNew: false });
    await click("right", id, "U2");
    const changed = expectKind(await click("wrong", id), "feedback");
    expect(changed).toMatchObject({ before: "right", tally: { right: 1, wrong: 1 } });
    expect(await counts()).toEqual([[pile, "proven", 0, 1, 1]]);

    const incident = await chat.ports.incidents.read(id, never);
    expect(incident?.feedback).toMatchObject({ f1: { right: 1, wrong: 1 } });
    expect(incident?.record?.entries.filter(({ kind }) => kind === "act")).toMatchObject([
      { userId: "U1", did: "judged-finding", finding: "f1", says: "right" },
      { userId: "U2", says: "right" },
      { userId: "U1", says: "wrong" },
    ]);
  });

  test("many at once: the card's tally is the last one", async () => {
    const { id } = await judged();
    await Promise.all([click("right", id, "U1"), click("wrong", id, "U2"), click("right", id, "U1")]);
    const incident = await chat.ports.incidents.read(id, never);
    expect(incident?.feedback?.["f1"]).toMatchObject({ right: 1, wrong: 1 });
  });

  test("keeps a comment, also through the same click again, and no secret", async () => {
    const { id } = await judged();
    await click("wrong", id, "U1", "these wait by design");
    await click("wrong", id);
    const kept = { rule: pile, finding: "f1", says: "wrong", comment: "these wait by design" };
    expect(await chat.ports.feedback.comments(10, never)).toEqual([
      { ...kept, incidentId: id, atMs: expect.any(Number) },
    ]);
    const secret = ["xoxb", "123456789012"].join("-");
    const refused = expectKind(await click("wrong", id, "U2", `the token ${secret}`), "help");
    expect(refused.problem).toMatch(/looks as if it held a secret/);
    const pasted = expectKind(await click("wrong", id, "U2", `SLACK_BOT_TOKEN="${secret}", as set`), "help");
    expect(pasted.problem).toMatch(/looks as if it held a secret/);
    expect(expectKind(await click("wrong", id, "U2", "x".repeat(501)), "help").problem).toMatch(
      /at most 500/,
    );
    expect(await chat.ports.feedback.comments(10, never)).toHaveLength(1);
    await click("wrong", id, "U2", "so do these");
    await click("right", id, "U2");
    expect((await chat.ports.feedback.comments(10, never)).map(({ comment }) => comment)).toEqual([
      "so do these",
      "these wait by design",
    ]);
    expect(await chat.ports.feedback.comments(1, never)).toHaveLength(1);
  });

  test("works by words for every finding on the card, and says what there is", async () => {
    const { id } = await judged();
    const words = `feedback ${id} F2 wrong comment="by design"`;
    expect(expectKind(await chat.ask(words), "feedback")).toMatchObject({
      finding: { rule: "goroutine/count" },
      comment: "by design",
    });
    expect(expectKind(await chat.ask(`feedback ${id} f9 wrong`), "help").problem).toBe(
      `${id} has no finding "f9" to judge. People can judge: f1, f2.`,
    );
    expect(expectKind(await chat.ask(`feedback ${id} f1 maybe`), "help").problem).toBe(
      'Is it right or wrong? "maybe" is neither.',
    );
  });

  test("of all findings at once: what was said before is shown, and only what is new counts", async () => {
    const rules = [
      pile,
      "goroutine/count",
      "heap/growth",
      "sched/latency",
      "cpu/spin",
      "gc/pause-p99",
      "http/body-leak",
    ];
    const { id } = await chat.judged(
      analysis({ findings: rules.map((rule, index) => finding(`f${index + 1}`, rule)) }),
    );
    await click("right", id);
    const place = { channel: "C1" };
    const clicked = { intent: "c", userId: "U1", place, action: "judge", incidentId: id } as const;
    const asked = expectKind(await answerClick(clicked, chat.ports, never), "judging");
    // The incident remembers five; the others are in its document.
    expect(asked.findings.map((one) => one.id)).toEqual(["f1", "f2", "f3", "f4", "f5", "f6", "f7"]);
    expect(asked.said).toEqual({ f1: "right" });
    const said = { intent: "s", userId: "U1", place, incidentId: id };
    const opinions = { f1: "right", f2: "wrong", f7: "right" } as const;
    const judgement = { ...said, opinions };
    expect(expectKind(await answerJudgement(judgement, chat.ports, never), "judged").changed).toMatchObject([
      { finding: { id: "f2" }, says: "wrong" },
      { finding: { id: "f7" }, says: "right" },
    ]);
    // Sent twice, and changed.
    expect(expectKind(await answerJudgement(judgement, chat.ports, never), "judged").changed).toEqual([]);
    const changed = { ...said, intent: "s again", opinions: { f2: "right" } } as const;
    expect(expectKind(await answerJudgement(changed, chat.ports, never), "judged").changed).toMatchObject([
      { finding: { id: "f2" }, says: "right", before: "wrong" },
    ]);
    expect(new Set(await counts())).toEqual(
      new Set([
        [pile, "proven", 0, 1, 0],
        ["goroutine/count", "proven", 0, 1, 0],
        ["http/body-leak", "proven", 0, 1, 0],
      ]),
    );
    const incident = await chat.ports.incidents.read(id, never);
    expect(
      incident?.record?.entries.flatMap((entry) =>
        entry.kind === "act" && entry.did === "judged-finding" ? [`${entry.finding} ${entry.says}`] : [],
      ),
    ).toEqual(["f1 right", "f2 wrong", "f7 right", "f2 right"]);
    const strange = await answerJudgement({ ...said, opinions: { f9: "wrong" } }, chat.ports, never);
    expect(expectKind(strange, "help").problem).toContain('has no finding "f9"');
  });

  test("of all findings at once needs the right to, when it is asked for and when it is sent", async () => {
    const { id } = await judged();
    const access = { ...nobodyNamed, rights: { feedback: { users: ["U2"], groups: [], channels: [] } } };
    const ports = { ...chat.ports, access };
    const who = { intent: "c", userId: "U1", place: { channel: "C1" }, incidentId: id };
    for (const reply of [
      await answerClick({ ...who, action: "judge" }, ports, never),
      await answerJudgement({ ...who, opinions: { f1: "wrong" } }, ports, never),
    ]) {
      expect(expectKind(reply, "refused").why).toBe("You may not judge findings here.");
    }
    expect(await counts()).toEqual([]);
  });

  test("needs the right to, at each click", async () => {
    const { id } = await judged();
    const access = { ...nobodyNamed, rights: { feedback: { users: ["U2"], groups: [], channels: [] } } };
    const place = { channel: "C1" };
    const asked = {
      intent: "c",
      userId: "U1",
      place,
      action: "wrong",
      incidentId: id,
      finding: "f1",
    } as const;
    const reply = await answerClick(asked, { ...chat.ports, access }, never);
    expect(expectKind(reply, "refused").why).toBe("You may not judge findings here.");
    expect(await counts()).toEqual([]);
  });

  test("findings are counted once for each verdict, however often its job runs", async () => {
    const { feedback } = chat.ports;
    const found = [finding("f1", pile), finding("f2", pile), finding("f3", "goroutine/count")];
    await Promise.all([feedback.fired("gf-1", found, never), feedback.fired("gf-1", found, never)]);
    await feedback.fired("gf-2", found.slice(0, 1), never);
    const counted = await counts();
    expect(counted).toHaveLength(2);
    expect(counted).toContainEqual(["goroutine/count", "proven", 1, 0, 0]);
    expect(counted).toContainEqual([pile, "proven", 3, 0, 0]);
  });
});

describe.skipIf(redisProgram === undefined)("asking for a report", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(50);
  });
  beforeEach(() => chat.reset());
  afterAll(() => chat.close());

  test("puts one into the thread for each request, and no second one before the first is written", async () => {
    const { id } = await chat.judged(analysis({ findings: [finding("f1", pile)] }));
    for (const intent of ["T-a", "T-a", "T-b"]) {
      expect(expectKind(await chat.ask(`report ${id}`, { intent }), "reporting").incident.id).toBe(id);
    }
    const asked = await chat.ports.incidents.read(id, never);
    expect(asked?.replies).toMatchObject([{ intent: `${id}/report-1`, kind: "report", reports: true }]);
    expect(asked?.record?.entries.filter(({ kind }) => kind === "act")).toHaveLength(2);
  });

  test("where there is no thread, says why", async () => {
    const card = { attemptedAtMs: 1, problem: "This channel is archived." };
    const { id } = await chat.judged(analysis(), { card });
    expect(expectKind(await chat.ask(`report ${id}`), "help").problem).toBe(
      `${id} has no thread that a report could go to: its card is not shown. This channel is archived.`,
    );
  });

  test("a mute is part of the story of what it was given for", async () => {
    const found = await chat.judged(analysis({ findings: [finding("f1", pile)] }));
    const other = await chat.judged(analysis(), { service: "payment" });
    await chat.ask(`mute ${pile} 1h reason="load test"`);
    await chat.ask("mute payment 2h");
    const acts = async (id: string) =>
      (await chat.ports.incidents.read(id, never))?.record?.entries.filter(({ kind }) => kind === "act");
    expect(await acts(found.id)).toMatchObject([
      { did: "muted", subject: `the rule ${pile}`, reason: "load test", userId: "U1" },
    ]);
    expect(await acts(other.id)).toMatchObject([{ did: "muted", subject: "alerts about payment" }]);
  });
});
