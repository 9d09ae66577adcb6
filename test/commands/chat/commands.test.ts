import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerChat, answerClick } from "../../../src/commands/chat/dispatch.ts";
import { chatCommands } from "../../../src/commands/chat/index.ts";
import { readArguments } from "../../../src/commands/chat/read-arguments.ts";
import { readWords } from "../../../src/commands/chat/words.ts";
import { type CardAction, cardActions } from "../../../src/domain/chat/chat-request.ts";
import { PortError } from "../../../src/domain/errors.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { analysis, finding, group } from "./analyses.ts";
import { type Asking, asking, expectKind, never, nobodyNamed, stormPage } from "./asking.ts";

const pile = "goroutine/mutex-pileup";

describe("the list of commands", () => {
  test("every example is read by its own command", () => {
    for (const command of chatCommands) {
      expect(command.examples.length, command.name).toBeGreaterThan(0);
      for (const { line } of command.examples) {
        const [first, ...rest] = readWords(line);
        expect(first?.text).toBe(command.name);
        expect(() => readArguments(command, rest), line).not.toThrow();
      }
    }
  });

  test("every option is named in the usage line", () => {
    for (const { usage, options } of chatCommands) {
      for (const option of Object.keys(options)) expect(usage).toContain(option);
    }
  });
});

describe.skipIf(redisProgram === undefined)("chat commands", () => {
  let chat: Asking;
  beforeAll(async () => {
    chat = await asking(50);
  });
  beforeEach(() => chat.reset());
  afterAll(() => chat.close());

  async function problem(words: string, place = { channel: "C1" }): Promise<string | undefined> {
    return expectKind(await chat.ask(words, { place }), "help").problem;
  }

  async function click(action: CardAction, incidentId: string, userId = "U1") {
    return await answerClick(
      {
        intent: `click ${action} ${userId}`,
        userId,
        place: { channel: "C1", thread: "17.1" },
        action,
        incidentId,
      },
      chat.ports,
      never,
    );
  }

  describe("help", () => {
    test("is what no words mean, and says what the person may do", async () => {
      const access = { ...nobodyNamed, rights: { mute: { users: ["U2"], groups: [], channels: [] } } };
      const { commands, problem: none } = expectKind(await chat.ask("", {}, access), "help");
      expect(none).toBeUndefined();
      expect(commands.map(({ name, allowed }) => [name, allowed])).toEqual([
        ["snapshot", true],
        ["status", true],
        ["show", true],
        ["explain", true],
        ["diff", true],
        ["peer", true],
        ["tls", true],
        ["rollback", true],
        ["approve-config", true],
        ["report", true],
        ["feedback", true],
        ["resolve", true],
        ["mute", false],
        ["unmute", false],
        ["help", true],
      ]);
      expect(commands[0]?.options[1]).toEqual({
        word: "cpu=20s",
        summary: "length of the CPU profile; 0s takes none",
      });
      const one = expectKind(await chat.ask("HELP mute"), "help");
      expect(one.commands.map(({ name }) => name)).toEqual(["mute"]);
    });

    test.each([
      ["snapshoot order", 'There is no command "snapshoot". Did you mean snapshot?'],
      ["rm -rf /", 'There is no command "rm".'],
      ["order", "What about order? To capture it, write: /gofire snapshot order"],
      ["Order please!", "What about order? To capture it, write: /gofire snapshot order"],
      ["ordr", 'There is no command "ordr". To capture order, write: /gofire snapshot order'],
      ["help sttus", 'There is no command "sttus". Did you mean status?'],
      ['explain "gf-3fa9', 'The quote before gf-3fa9 is never closed: write " after the last word.'],
    ])("answers %j", async (words, text) => {
      expect(await problem(words)).toBe(text);
    });
  });

  test("nobody is answered who may not: not even with help", async () => {
    for (const userId of ["UGUEST", "UFAR", "UBOT", "UNOBODY"]) {
      for (const words of ["", "help", "snapshot order", "no such command", "status"]) {
        expect((await chat.ask(words, { userId })).kind).toBe("refused");
      }
    }
    expect(await chat.ports.incidents.recent({ limit: 1 }, never)).toEqual([]);
  });

  test("every command and every click asks for its right", async () => {
    const incident = await chat.judged(analysis({ findings: [finding("f1", pile)] }));
    const nobody = { users: [], groups: [], channels: [] };
    const access = { ...nobodyNamed, others: nobody };
    for (const { name } of chatCommands) {
      const words = `${name} order 2h`;
      expect([name, (await chat.ask(words, {}, access)).kind]).toEqual([
        name,
        name === "help" ? "help" : "refused",
      ]);
    }
    for (const action of cardActions) {
      const reply = await answerClick(
        { intent: action, userId: "U1", place: { channel: "C1" }, action, incidentId: incident.id },
        { ...chat.ports, access },
        never,
      );
      expect([action, reply.kind]).toEqual([action, "refused"]);
    }
    expect(await chat.ports.incidents.read(incident.id, never)).toEqual(incident);
    expect(await chat.ports.incidents.recent({ limit: 5 }, never)).toHaveLength(1);
  });

  describe("status", () => {
    test("shows what runs and waits, with places of now, and the last verdicts of the channel", async () => {
      const judged = await chat.judged(analysis({ findings: [finding("f1", pile)] }));
      const elsewhere = await chat.judged(analysis(), { place: { channel: "C2" }, service: "payment" });
      const first = expectKind(await chat.ask("snapshot order"), "begun").incident;
      const second = expectKind(await chat.ask("snapshot order pod=order-2"), "begun").incident;
      const capturing = expectKind(await chat.ask("snapshot payment"), "begun").incident;
      await chat.ports.incidents.update(capturing.id, (now) => ({ ...now, state: "capturing" }), never);

      const reply = expectKind(await chat.ask("status"), "status");
      expect(reply.channel).toBe("C1");
      expect(reply.waiting.map(({ id, queuePlace }) => [id, queuePlace])).toEqual([
        [first.id, 0],
        [second.id, 1],
      ]);
      expect(reply.capturing.map(({ id }) => id)).toEqual([capturing.id]);
      expect(reply.last.map(({ id }) => id)).toEqual([judged.id]);
      expect(reply.counts).toEqual({ waiting: 3, capturing: 0, limit: 50 });

      const ofService = expectKind(await chat.ask("status payment"), "status");
      expect(ofService).toMatchObject({ service: "payment", waiting: [] });
      expect(ofService.last.map(({ id }) => id)).toEqual([elsewhere.id]);
      const everywhere = expectKind(await chat.ask("status everywhere"), "status");
      expect(everywhere.last.map(({ id }) => id)).toEqual([elsewhere.id, judged.id]);
      expect(await problem("status pament")).toBe('There is no service "pament". Did you mean payment?');
    });

    test("counts the pages of a storm instead of listing what only its digest tells of", async () => {
      const storm = { id: "storm-1a2b3c4d" };
      const before = await chat.judged(analysis());
      const captured = await chat.judged(analysis(), { storm });
      for (let at = 0; at < 12; at++) await stormPage(chat, `page ${at}`, storm);
      const reply = expectKind(await chat.ask("status"), "status");
      expect(reply.last.map(({ id }) => id)).toEqual([captured.id, before.id]);
      expect(reply.storms).toMatchObject([
        { id: storm.id, channel: "C1", pages: 13, judged: 1, capturing: 0, waiting: 0, ended: 0 },
      ]);
      const elsewhere = { place: { channel: "C2" } };
      expect(expectKind(await chat.ask("status", elsewhere), "status").storms).toEqual([]);
    });

    test("links to the digest of a storm once it stands there, and says the rest when the chat does not", async () => {
      const place = { channel: "C1" };
      const page = { group: "g", service: "order", title: "Slow", alerts: 1, sinceMs: 0 };
      await chat.storms.join(place.channel, { ...page, intent: "link 1" }, never);
      const { id = "" } = (await chat.storms.join(place.channel, { ...page, intent: "link 2" }, never)) ?? {};
      await stormPage(chat, "link 2", { id });
      const storms = async () => expectKind(await chat.ask("status"), "status").storms;
      expect(await storms()).toMatchObject([{ id, pages: 1 }]);
      expect((await storms())[0]).not.toHaveProperty("link");

      const ref = await chat.chat.post(place, { text: "digest" }, { intent: id }, never);
      const card = { attemptedAtMs: 1, ref };
      await chat.storms.update(id, (now) => ({ ...now, card }), never);
      const link = `https://chat.example/archives/C1/p${ref.ts.replace(".", "")}`;
      expect(await storms()).toMatchObject([{ id, pages: 1, link }]);

      await chat.storms.update(
        id,
        (now) => ({ ...now, card: { ...card, ref: { ...ref, ts: "9.9" } } }),
        never,
      );
      expect((await storms())[0]).not.toHaveProperty("link");
    });
  });

  describe("explain", () => {
    test("gives the whole analysis with what its rules look for", async () => {
      const whole = analysis({
        findings: [finding("f1", pile), finding("f2", "of-a/later-version")],
        groups: [group("a.Post", 12)],
      });
      const { id } = await chat.judged(whole);
      const bare = id.replace("gf-", "").toUpperCase();
      const reply = expectKind(await chat.ask(`explain ${bare}`), "explain");
      expect(reply.incident.id).toBe(id);
      expect(reply.analysis).toEqual(whole);
      expect(reply.findings.map(({ finding: { id: name } }) => name)).toEqual(["f1", "f2"]);
      expect(reply.findings[0]?.docs?.what).toEqual(expect.any(String));
      expect(reply.findings[1]?.docs).toBeUndefined();
      const one = expectKind(await chat.ask(`explain ${id} F2`), "explain");
      expect(one.findings.map(({ finding: { id: name } }) => name)).toEqual(["f2"]);
      expect(await problem(`explain ${id} f9`)).toBe(`${id} has no finding "f9". It has: f1, f2.`);
    });

    test("without an id means the newest of the thread, else of the channel", async () => {
      const card = { attemptedAtMs: 1, ref: { channel: "C1", ts: "17.1" } };
      const first = await chat.judged(analysis(), { card });
      const second = await chat.judged(analysis());
      const inThread = await chat.ask("explain", { place: { channel: "C1", thread: "17.1" } });
      expect(expectKind(inThread, "explain").incident.id).toBe(first.id);
      expect(expectKind(await chat.ask("explain"), "explain").incident.id).toBe(second.id);
      expect(expectKind(await click("explain", second.id), "explain").incident.id).toBe(second.id);
      expect(await problem("explain", { channel: "C9" })).toBe(
        "Which incident? There is none in this channel: write its id, such as gf-3fa9.",
      );
    });

    test("says that others read first, to the person alone", async () => {
      const { id } = await chat.judged(analysis({ findings: [finding("f1", pile)] }));
      const analyses = {
        read: () =>
          Promise.reject(new PortError("rate-limited", "analyses", "Others first.", { retryAfterMs: 5_000 })),
      };
      const request = { intent: "T", kind: "command", userId: "U1", place: { channel: "C1" } } as const;
      const ports = { ...chat.ports, analyses };
      expect(await answerChat({ ...request, words: `explain ${id}` }, ports, never)).toEqual({
        kind: "refused",
        why: "Others first.",
        next: "Write the same again in 5 s.",
      });
    });

    test("says why there is nothing to explain", async () => {
      expect(await problem("explain gf-oops")).toBe(
        "There is no incident gf-00ps that you can see. The id is in the last line of its card; cards older than " +
          "30 days are forgotten, and those of a private channel are shown only to who is in it.",
      );
      const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
      expect(await problem(`explain ${incident.id}`)).toBe(
        `${incident.id} has no verdict yet: it is still queued. Its card will say when it has one.`,
      );
      await chat.ports.incidents.update(
        incident.id,
        (now) => ({ ...now, state: "failed", problem: "Nobody answers at order:6060." }),
        never,
      );
      expect(await problem(`explain ${incident.id}`)).toBe(
        `${incident.id} has no verdict. Nobody answers at order:6060.`,
      );
      const judged = await chat.judged(analysis());
      await chat.artifacts.remove(`incidents/${judged.id}/analysis.json`, never);
      expect(await problem(`explain ${judged.id}`)).toBe(
        `The analysis of ${judged.id} is kept no more. Its card still says what was found.`,
      );
    });
  });

  describe("diff", () => {
    test("of one id compares with the capture of the same process before it", async () => {
      const sick = analysis({ findings: [finding("f1", pile)], groups: [group("a.Post", 900)] });
      const before = await chat.judged(sick, { instance: "order-1" });
      await chat.judged(analysis(), { instance: "order-2" });
      await chat.judged(analysis(), { service: "payment" });
      const healthy = analysis({ checks: [{ rule: pile, state: "pass" }], groups: [group("a.Post", 2)] });
      const after = await chat.judged(healthy, { instance: "order-1" });
      const reply = expectKind(await chat.ask(`diff ${after.id}`), "diff");
      expect(reply).toMatchObject({
        before: { id: before.id },
        after: { id: after.id },
        caveats: [],
        changes: {
          verdict: { before: "fail", after: "pass" },
          goroutines: { before: 900, after: 2 },
          gone: [{ other: "pass" }],
        },
      });
      expect(expectKind(await click("compare", after.id), "diff").before.id).toBe(before.id);
    });

    test("of two ids puts the older one first and says what makes it weaker", async () => {
      const nothing = { bytes: 0, durationMs: 0 };
      const cpu = { ...nothing, kind: "cpu", status: "skipped", reason: "mostly idle" } as const;
      const heap = { ...nothing, kind: "heap", status: "failed", reason: "404" } as const;
      const trace = { ...nothing, kind: "trace", status: "skipped", reason: "not asked for" } as const;
      const goroutines = { ...nothing, kind: "goroutine", status: "ok" } as const;
      const broken = { ...nothing, kind: "goroutine", status: "partial", reason: "cut off" } as const;
      const older = await chat.judged(analysis({ captures: [goroutines, broken, cpu, heap, trace] }));
      const target = { service: "order", instance: "order-2", goVersion: "go1.24.0" };
      const newer = await chat.judged(analysis({ target, captures: [broken, cpu] }));
      const reply = expectKind(await chat.ask(`diff ${newer.id} ${older.id}`), "diff");
      expect([reply.before.id, reply.after.id]).toEqual([older.id, newer.id]);
      expect(reply.caveats).toEqual([
        "These are two processes: order-1 and order-2.",
        "Go differs: go1.23.5 and go1.24.0.",
        "Neither capture has cpu.",
        "The earlier capture lacks heap.",
        "The later capture lacks goroutine.",
      ]);
    });

    test("says what cannot be compared", async () => {
      const one = await chat.judged(analysis());
      const other = await chat.judged(analysis(), { service: "payment" });
      expect(await problem(`diff ${one.id} ${one.id}`)).toBe(`Both are ${one.id}: name two incidents.`);
      expect(await problem(`diff ${one.id} ${other.id}`)).toBe(
        `${one.id} is about order and ${other.id} about payment: only captures of one service can be compared.`,
      );
      expect(await problem(`diff ${one.id}`)).toBe(
        `There is no verdict on order before ${one.id} to compare it with. Capture again and write: /gofire diff ${one.id} and the new id.`,
      );
    });
  });

  describe("mute", () => {
    test("is seen by everybody and ended by its time or by somebody", async () => {
      const before = Date.now();
      const { mute } = expectKind(await chat.ask('mute order 2h reason="load test"'), "muted");
      expect(mute).toMatchObject({
        subject: { kind: "service", service: "order" },
        userId: "U1",
        reason: "load test",
      });
      expect(mute.untilMs - mute.sinceMs).toBe(7_200_000);
      expect(mute.sinceMs).toBeGreaterThanOrEqual(before);
      await chat.ask("mute goroutine/count 1d service=payment");
      expect(expectKind(await chat.ask("status order"), "status").mutes).toEqual([mute]);
      expect(expectKind(await chat.ask("status"), "status").mutes).toHaveLength(2);

      expect(await chat.ask("mute order off", { userId: "U2" })).toEqual({
        kind: "unmuted",
        subject: mute.subject,
        mute,
      });
      expect(await chat.ask("unmute order")).toEqual({ kind: "unmuted", subject: mute.subject });
      expect(
        expectKind(await chat.ask("unmute goroutine/count service=payment"), "unmuted").mute,
      ).toBeDefined();
      expect(expectKind(await chat.ask("status"), "status").mutes).toEqual([]);
    });

    test.each([
      ["mute", "mute needs a SERVICE or RULE and how long, such as: /gofire mute order 2h."],
      ["mute order", "mute needs a SERVICE or RULE and how long, such as: /gofire mute order 2h."],
      ["mute order forever", '"forever" is no time from 1m to 7d. Write for example: /gofire mute order 2h'],
      ["mute order 30s", '"30s" is no time from 1m to 7d. Write for example: /gofire mute order 2h'],
      ["mute order 8d", '"8d" is no time from 1m to 7d. Write for example: /gofire mute order 2h'],
      ["mute oder 1h", 'There is no service "oder". Did you mean order?'],
      ["mute goroutine/cuont 1h", 'There is no rule "goroutine/cuont". Did you mean goroutine/count?'],
      ["mute order 1h service=order", "service= goes with a rule, such as goroutine/count."],
    ])("%s says what to type", async (words, text) => {
      expect(await problem(words)).toBe(text);
      expect(await chat.ports.mutes.list(never)).toEqual([]);
    });
  });

  describe("resolve", () => {
    test("ends an incident once, by a word or a click", async () => {
      const { id } = await chat.judged(analysis());
      const reply = expectKind(await click("resolve", id, "U2"), "resolved");
      expect(reply).toMatchObject({ isNew: true, incident: { state: "resolved", resolvedBy: "U2" } });
      const again = expectKind(await chat.ask("resolve"), "resolved");
      expect(again).toMatchObject({ isNew: false, incident: { resolvedBy: "U2" } });
      expect(again.incident.version).toBe(reply.incident.version);
    });

    test("waits for the verdict", async () => {
      const { incident } = expectKind(await chat.ask("snapshot order"), "begun");
      expect(await problem(`resolve ${incident.id}`)).toBe(
        `${incident.id} is not judged yet: it can be resolved once it has a verdict.`,
      );
      expect(await chat.ports.incidents.read(incident.id, never)).toMatchObject({ state: "queued" });
    });
  });
});
