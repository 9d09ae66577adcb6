import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countStorms } from "../../../src/domain/alerts/storm-count.ts";
import type { ChatReply, CommandHelp } from "../../../src/domain/chat/chat-reply.ts";
import type { Analysis, Finding } from "../../../src/domain/findings/finding.ts";
import { chatReplyBody, noticeModal } from "../../../src/render/slack/chat-reply.ts";
import { anyIncident, finding, incident, nasty, startMs, analysis as summary } from "./incidents.ts";
import { pings, refusalsOf, shownTexts, viewRefusals } from "./slack-accepts.ts";

function lines(reply: ChatReply): readonly string[] {
  return shownTexts(chatReplyBody(reply).blocks).flatMap((text) => text.split("\n"));
}

function whole(change: Partial<Finding> = {}): Finding {
  const { goroutines: _count, ...rest } = finding();
  return {
    ...rest,
    evidence: [{ artifact: "goroutine.pb.gz", excerpt: "11902 sync.Mutex.Lock\nmore" }],
    ...change,
  };
}

function document(findings: readonly Finding[]): Analysis {
  return {
    schemaVersion: 1,
    target: {},
    verdict: "fail",
    captures: [],
    findings,
    checks: [
      { rule: "goroutine/mutex-pileup", state: "fail" },
      { rule: "gc/pause-p99", state: "inconclusive", reason: "no heap debug=1 capture" },
      { rule: "cpu/spin", state: "skipped", reason: "left out by --rules" },
    ],
    groups: [],
  };
}

const help: CommandHelp = {
  name: "snapshot",
  summary: "Capture a service",
  usage: "SERVICE [deep]",
  examples: [{ line: "snapshot order", does: "capture order" }],
  options: [{ word: "deep", summary: "allow a large dump" }],
};

const status: Extract<ChatReply, { kind: "status" }> = {
  kind: "status",
  channel: "C0INCID001",
  capturing: [],
  waiting: [],
  last: [],
  shadowed: [],
  storms: [],
  counts: { capturing: 1, waiting: 1, limit: 500 },
  mutes: [],
};

describe("any answer", () => {
  const anyText = fc.array(nasty, { minLength: 1, maxLength: 30 });
  const anyAnswer: fc.Arbitrary<ChatReply> = fc
    .record({ texts: anyText, incidents: fc.array(anyIncident, { minLength: 1, maxLength: 60 }) })
    .chain(({ texts, incidents }) => fc.constantFrom(...answersFrom(texts, incidents)));

  it("is inside all limits of Slack, has a text, and calls nobody", () => {
    fc.assert(
      fc.property(anyAnswer, (reply) => {
        const body = chatReplyBody(reply);
        expect(refusalsOf(body)).toEqual([]);
        expect(viewRefusals(noticeModal(reply), "modal")).toEqual([]);
        expect(pings(body)).toEqual([]);
        expect(body.blocks?.length).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });
});

/** One of each kind, with these texts wherever there is one. */
function answersFrom(
  texts: readonly string[],
  incidents: ReturnType<typeof incident>[],
): readonly ChatReply[] {
  const [text = "", other = text] = texts;
  const [one = incident()] = incidents;
  const findings = texts.map((title) =>
    whole({ title, summary: title, where: [{ function: title, file: title, line: 1 }], next: texts }),
  );
  const [first = whole()] = findings;
  const docs = { what: text, why: text, next: text, falsePositives: text, references: [] };
  const group = { state: text, count: 1, stack: first.where };
  const commands = texts.map((name) => ({ ...help, name, summary: other, usage: other }));
  return [
    { kind: "begun", incident: one, isNew: true },
    { kind: "begun", incident: one, isNew: true, isOutOfReach: true },
    { kind: "resolved", incident: one, isNew: false },
    { kind: "already", incident: one, next: text },
    { kind: "ask", services: texts.map((name) => ({ name, instances: [] })), preset: {}, problem: text },
    { ...status, service: text, capturing: incidents, waiting: incidents, last: incidents },
    {
      kind: "explain",
      incident: one,
      analysis: document(findings),
      findings: findings.map((entry) => ({ finding: entry, docs })),
    },
    {
      kind: "diff",
      before: one,
      after: one,
      caveats: texts,
      changes: {
        verdict: { before: "fail", after: "pass" },
        goroutines: { before: 1, after: 2 },
        appeared: findings.map((entry) => ({ finding: entry, other: "pass" })),
        gone: findings.map((entry) => ({ finding: entry, other: "absent" })),
        changed: findings.map((entry) => ({ before: entry, after: entry })),
        same: findings,
        grown: texts.map(() => ({ group, before: 0, after: 1 })),
        shrunk: texts.map(() => ({ group, before: 1, after: 0 })),
      },
    },
    { kind: "unmuted", subject: { kind: "rule", rule: text, service: other } },
    { kind: "help", commands, problem: text },
    { kind: "refused", why: text, next: other },
  ];
}

describe("begun", () => {
  it("says how to get at the verdict, and at the card, where gofire may not post", () => {
    const begun: ChatReply = { kind: "begun", incident: incident(), isNew: true, isOutOfReach: true };
    expect(lines(begun)).toEqual([
      "⏳ *order* is captured as gf-3fa9, but gofire cannot post here.",
      "Write `/invite @gofire`, and its card comes.",
      "What is found, in a minute: `/gofire explain gf-3fa9`",
    ]);
    const direct = { ...begun, incident: incident({ place: { channel: "D0MIRA0002" } }) };
    expect(lines(direct).join(" ")).not.toMatch(/invite/);
  });
});

describe("status", () => {
  it("says what runs, what waits, what came out and what is muted", () => {
    const reply: ChatReply = {
      ...status,
      capturing: [incident({ state: "capturing", steps: [{ kind: "heap", state: "running" }] })],
      waiting: [incident({ id: "gf-bbbb", service: "cart", queuePlace: 1 })],
      last: [
        incident({ id: "gf-cccc", state: "verdict", analysis: summary() }),
        incident({ id: "gf-dddd", state: "failed", problem: "order does not answer." }),
        incident({ id: "gf-eeee", state: "resolved", resolvedAtMs: startMs + 60_000, analysis: summary() }),
      ],
      mutes: [
        {
          subject: { kind: "rule", rule: "goroutine/count", service: "order" },
          userId: "U1",
          sinceMs: 0,
          untilMs: startMs,
          reason: "load test",
        },
      ],
    };
    const date = `<!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>`;
    expect(lines(reply)).toEqual([
      "*Status* of <#C0INCID001>",
      "🔍 *order* · capturing, 0 of 1 done · gf-3fa9",
      "⏳ *cart* · 1 capture before this one · gf-bbbb",
      "*Last verdicts*",
      `🔴 *order* · FAIL: 11,902 goroutines wait for one mutex · gf-cccc · ${date}`,
      `⚪️ *order* · no verdict: order does not answer · gf-dddd · ${date}`,
      `✅ *order* · resolved after 1 min, was FAIL: 11,902 goroutines wait for one mutex · gf-eeee · ${date}`,
      "*Muted*",
      `🔕 the rule goroutine/count on order until ${date} · load test`,
      "In all channels: 1 capturing, 1 waiting of at most 500.",
    ]);
    expect(chatReplyBody(reply).text).toContain(
      "order: FAIL: 11,902 goroutines wait for one mutex, gf-cccc, 2026-11-24 03:12 UTC.",
    );
  });
});

function pages(count: number, about: Parameters<typeof incident>[0]) {
  return Array.from({ length: count }, () => incident({ storm: { id: "storm-1a2b3c4d" }, ...about }));
}

describe("status in a storm", () => {
  const storms = countStorms([
    ...pages(9, { state: "verdict", analysis: summary() }),
    ...pages(2, { state: "capturing" }),
    ...pages(3, {}),
    ...pages(190, { state: "failed", problem: "One capture of order answers all its pages." }),
    ...pages(8, { state: "resolved", resolvedAtMs: startMs }),
    incident({ state: "failed", problem: "not of the storm" }),
  ]);
  const date = `<!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>`;

  /** With that link to each digest. */
  function stormLine(link: string): string | undefined {
    const reply = { ...status, storms: storms.map((storm) => ({ ...storm, link })) };
    return lines(reply).find((line) => line.startsWith("🌊"));
  }

  it("counts the pages of the digest in one line", () => {
    const figures = "9 captured · 2 being captured · 3 waiting · 8 ended";
    expect(lines({ ...status, storms })).toContain(
      `🌊 *212 pages in the storm digest* · ${figures} · storm-1a2b3c4d · ${date}`,
    );
    const { channel: _channel, ...everywhere } = status;
    expect(lines({ ...everywhere, storms })).toContain(
      `🌊 *212 pages in the storm digest* · ${figures} · storm-1a2b3c4d · <#C0INCID001> · ${date}`,
    );
    expect(chatReplyBody({ ...status, storms }).text).toContain(
      "212 pages in the storm digest storm-1a2b3c4d, 9 captured, 2 being captured, 3 waiting, 8 ended, since 2026-11-24 03:12 UTC.",
    );
  });

  it("links to the digest, whatever its URL holds", () => {
    const url = "https://shop.slack.com/archives/C0INCID001/p1716261120000100?thread_ts=1&cid=C0";
    expect(stormLine(url)).toContain(
      `🌊 *<${url.replace("&", "&amp;")}|212 pages in the storm digest>* · 9 captured`,
    );
    expect(stormLine("https://a>|<!channel>")).toContain("🌊 *212 pages in the storm digest* · 9 captured");
  });
});

describe("explain", () => {
  it("has the whole finding: figure, cause, frames, steps, evidence, why it hurts, when it is wrong", () => {
    const symptom = whole({
      id: "f2",
      role: "symptom",
      causedBy: "f1",
      confidence: "likely",
      next: ["One.", "Two."],
    });
    const context = whole({
      id: "f3",
      severity: "info",
      title: "1 goroutine in select",
      confidence: "possible",
    });
    const docs = {
      what: "x",
      why: "Nobody is served.",
      next: "x",
      falsePositives: "A short pile-up.",
      references: [],
    };
    const reply: ChatReply = {
      kind: "explain",
      incident: incident({ state: "verdict" }),
      analysis: document([symptom, context]),
      findings: [{ finding: symptom, docs }, { finding: context }],
    };
    expect(lines(reply)).toEqual([
      "🔴 FAIL · order · gf-3fa9 explained",
      "*f2: 11,902 goroutines wait for one mutex*",
      "*11,902 goroutines, limit 10* · critical · likely (inferred) · follows from f1",
      "It is one and the same mutex by its address.",
      "📍 `ledger.(*Store).Post` ledger/ledger.go:88",
      "1. One.",
      "2. Two.",
      "`goroutine.pb.gz` 11902 sync.Mutex.Lock",
      "Why it hurts: Nobody is served.",
      "When this is wrong: A short pile-up.",
      "goroutine/mutex-pileup",
      "*Also, for context*",
      "• 1 goroutine in select · 11,902 goroutines, limit 10 · possible, not proven",
      "3 rules: 1 looked, 2 could not",
      "Not checked by 1 rule: no heap debug=1 capture",
      "Not checked by 1 rule: left out by --rules",
    ]);
  });
});

describe("diff", () => {
  it("says new and gone only of what was looked for both times", () => {
    const reply: ChatReply = {
      kind: "diff",
      before: incident({ id: "gf-aaaa" }),
      after: incident({ id: "gf-bbbb" }),
      caveats: ["The pods differ."],
      changes: {
        verdict: { before: "pass", after: "fail" },
        goroutines: { before: 1_310, after: 12_408 },
        appeared: [
          { finding: whole(), other: "pass" },
          { finding: whole({ title: "Other" }), other: "skipped" },
        ],
        gone: [{ finding: whole({ title: "Old" }), other: "inconclusive" }],
        changed: [
          {
            before: whole({ measured: { value: 40, limit: 50, unit: "ms" }, severity: "warning" }),
            after: whole({ title: "GC pauses", measured: { value: 79, limit: 50, unit: "ms" } }),
          },
        ],
        same: [],
        grown: [
          { group: { state: "semacquire", count: 11_902, stack: finding().where }, before: 0, after: 11_902 },
        ],
        shrunk: [
          {
            group: {
              state: "IO wait",
              count: 2,
              // None of it is a line that somebody here can change.
              stack: [
                { function: "internal/poll.runtime_pollWait", file: "runtime/netpoll.go", line: 351 },
                { function: "net.(*conn).Read", file: "net/net.go", line: 194 },
                { function: "net/http.(*connReader).backgroundRead", file: "net/http/server.go", line: 702 },
              ],
            },
            before: 102,
            after: 2,
          },
        ],
      },
    };
    const date = `<!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC>`;
    expect(lines(reply)).toEqual([
      "🔴 order · PASS → FAIL",
      `gf-aaaa (${date}) → gf-bbbb (${date})`,
      "Goroutines *1,310* → *12,408* (+11,098)",
      "⚠️ The pods differ.",
      "🔺 *New:* 11,902 goroutines wait for one mutex · proven",
      "🔺 *New, or not looked for before:* Other · proven",
      "✅ *Not looked for this time:* Old · proven",
      "🔁 *Changed:* GC pauses (40 ms → 79 ms, warning → critical)",
      "Grew:",
      "+11,902 goroutines (0 → 11,902) semacquire `ledger.(*Store).Post` ledger/ledger.go:88",
      "Shrank:",
      "−100 goroutines (102 → 2) IO wait `http.(*connReader).backgroundRead` http/server.go:702",
    ]);
  });
});

describe("muted", () => {
  it("is announced with who did it, until when, what it does and how to end it", () => {
    const mute = {
      subject: { kind: "service", service: "order" },
      userId: "U0MIRA0001",
      sinceMs: 0,
      untilMs: startMs,
    } as const;
    expect(lines({ kind: "muted", mute })).toEqual([
      `🔕 alerts about order until <!date^${startMs / 1_000}^{date_short_pretty} {time}|2026-11-24 03:12 UTC> · by <@U0MIRA0001>`,
      "People can capture it all the same.",
      "End it now: `/gofire unmute order`",
    ]);
    expect(lines({ kind: "unmuted", subject: mute.subject, mute })).toEqual([
      "🔔 No longer muted: alerts about order",
    ]);
    expect(lines({ kind: "unmuted", subject: mute.subject })).toEqual([
      "🔔 Nothing was muted: alerts about order",
    ]);
  });
});

describe("help", () => {
  it("lists commands and who may not, and tells all about one", () => {
    expect(
      lines({
        kind: "help",
        commands: [help, { ...help, name: "mute", allowed: false }],
        problem: "No command snap.",
      }),
    ).toEqual([
      "⚠️ No command snap.",
      "`/gofire snapshot SERVICE [deep]` Capture a service",
      "`/gofire mute SERVICE [deep]` Capture a service · 🚫 not for you here",
      "`/gofire help COMMAND` tells more. In a thread: `@gofire COMMAND`",
    ]);
    expect(lines({ kind: "help", commands: [help] })).toEqual([
      "`/gofire snapshot SERVICE [deep]` Capture a service",
      "• `deep` allow a large dump",
      "*For example*",
      "`/gofire snapshot order` capture order",
    ]);
  });
});

describe("refused", () => {
  it("says why, what to do, whom to ask and where it works", () => {
    const reply: ChatReply = {
      kind: "refused",
      why: "You may not capture services here.",
      next: "To be named under access.snapshot in gofire.yaml, ask:",
      askWhom: { users: ["U0MIRA0001"], groups: ["S0ONCALL01"], channels: [] },
      worksIn: ["C0INCID001"],
    };
    expect(lines(reply)).toEqual([
      "🚫 You may not capture services here.",
      "To be named under access.snapshot in gofire.yaml, ask: <!subteam^S0ONCALL01>, <@U0MIRA0001>",
      "It works in <#C0INCID001>",
    ]);
  });
});

describe("ask", () => {
  it("says in words what may be typed where no form can be opened", () => {
    const services = Array.from({ length: 21 }, (_, index) => ({ name: `s${index}`, instances: [] }));
    const shown = lines({
      kind: "ask",
      services,
      preset: {},
      problem: "Which service? Write: snapshot order",
    });
    expect(shown[0]).toBe("Which service? Write: snapshot order");
    expect(shown[1]).toMatch(/^Services: `s0`, .*`s19` and 1 more$/);
  });
});
