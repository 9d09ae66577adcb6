import { type Arbitrary, array, assert, constantFrom, nat, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import type { GateState } from "../../../src/domain/configuration/gate.ts";
import type { FullList, ProposalReport } from "../../../src/domain/configuration/gate-card.ts";
import { readGateButton } from "../../../src/domain/configuration/gate-request.ts";
import type {
  Proposal,
  ProposalEnvironment,
  ProposedChange,
} from "../../../src/domain/configuration/proposal.ts";
import { gateCard } from "../../../src/render/slack/gate-card.ts";
import { gateReply } from "../../../src/render/slack/gate-words.ts";
import { pings, refusalsOf, shownTexts } from "./slack-accepts.ts";

const digest = `h1:${"mD3nTcEq8v1KxW0aZr5uYg".padEnd(43, "A")}=`;
const value: ProposedChange = {
  file: "env/prod/order.yaml",
  path: "redis.max_active",
  kind: "changed",
  from: "200",
  to: "20",
  line: 3,
  impact: "callers wait for a free connection sooner",
};
const prod: ProposalEnvironment = {
  name: "prod",
  digest,
  was: `h1:${"0".repeat(43)}=`,
  changes: [value],
  more: 0,
  uncompared: [],
  services: ["order"],
  problems: [],
  warnings: [],
};
const proposal: Proposal = {
  name: "42",
  repository: "https://git.example.com/shop/config.git",
  branch: "main",
  tip: "a".repeat(40),
  base: "b".repeat(40),
  head: "c".repeat(40),
  addresses: ["ana@shop.example"],
  subject: "Smaller pool",
  environments: [prod],
  problems: [],
};
const waiting: GateState = {
  environment: "prod",
  verdict: "waiting",
  digest,
  reasons: [],
  needed: 2,
  approvals: [],
  rejections: [],
  uncounted: [],
  authors: [],
  unknownAddresses: [],
};
const report: ProposalReport = { proposal, states: [waiting], earlier: [] };
const jonas = { actor: "slack:U0JONAS002", atMs: 0, expiresAtMs: 604_800_000, index: 0 };

function drawn(change: Partial<ProposalReport> = {}, list: FullList = "coming") {
  const { body, isWhole } = gateCard({ report: { ...report, ...change }, list });
  expect(refusalsOf(body)).toEqual([]);
  const lines = shownTexts(body.blocks).flatMap((text) => text.split("\n"));
  return { body, isWhole, lines, buttons: buttonsOf(body.blocks ?? []) };
}

interface Button {
  readonly action_id: string;
  readonly value: string;
  readonly confirm: { readonly title: { readonly text: string }; readonly text: { readonly text: string } };
}

function buttonsOf(blocks: readonly object[]): readonly Button[] {
  return blocks.flatMap((block) =>
    "type" in block && block.type === "actions" ? (block as unknown as { elements: Button[] }).elements : [],
  );
}

function withEnvironment(change: Partial<ProposalEnvironment>): Partial<ProposalReport> {
  return { proposal: { ...proposal, environments: [{ ...prod, ...change }] } };
}

describe("a proposal's card", () => {
  test("says what would change by value, for whom, what that can lead to, who wrote it and what is missing", () => {
    const { lines, body, isWhole } = drawn();
    expect(isWhole).toBe(true);
    expect(lines).toEqual(
      expect.arrayContaining([
        "⏳ Config change 42 · waiting for approval, 0 of 2",
        "⏳ *prod* · waiting for approval, 0 of 2",
        "Services: order",
        "`env/prod/order.yaml`",
        "• redis.max_active 200 → 20 (line 3)",
        "   ↳ can mean: callers wait for a free connection sooner (inferred from its name)",
        "By ana@shop.example: authors do not decide",
        "Digest `mD3nTcEq8v1KxW0aZr5uYg`",
      ]),
    );
    expect(body.text).toContain("prod: waiting for approval, 0 of 2. redis.max_active 200 → 20.");
  });

  test("has buttons that carry what was shown, and whose question names environment, digest and how much", () => {
    const { buttons } = drawn();
    expect(buttons.map((button) => readGateButton(button.action_id, button.value))).toEqual([
      { decision: "approve", environment: "prod", digest, head: "c".repeat(40), proposal: "42" },
      { decision: "reject", environment: "prod", digest, head: "c".repeat(40), proposal: "42" },
    ]);
    for (const { confirm } of buttons) {
      expect(confirm.title.text).toContain("42 for prod");
      expect(confirm.text.text).toContain("prod, digest mD3nTcEq8v1KxW0aZr5uYg, 1 change");
    }
  });

  test("has no buttons for what it leaves out until all of it can be read in the thread", () => {
    const long = withEnvironment({ changes: [{ ...value, to: "x".repeat(120) }] });
    for (const list of ["coming", { problem: "files are switched off" }] as const) {
      const cut = drawn(long, list);
      expect(cut.isWhole).toBe(false);
      expect(cut.buttons).toEqual([]);
      expect(cut.lines.join()).toContain("leaves something out");
    }
    expect(drawn(long, "there").buttons).toHaveLength(2);
    const many = withEnvironment({
      changes: Array.from({ length: 90 }, (_, at) => ({ ...value, line: at })),
    });
    expect(drawn(many).lines.join("\n")).toContain("… and 75 more changes in the file in the thread");
    expect(drawn(many).buttons).toEqual([]);
  });

  test("names who decided and what does not count, and takes approvals no more once somebody rejected", () => {
    const rejected = drawn({
      states: [
        {
          ...waiting,
          verdict: "rejected",
          approvals: [jonas],
          rejections: [{ ...jonas, actor: "slack:U0PRIYA003" }],
          uncounted: [{ actor: "slack:U0MIRA0001", atMs: 0, kind: "approval", why: "author" }],
        },
      ],
      earlier: [{ environment: "prod", actors: ["slack:U0OLAF0006"] }],
    });
    const text = rejected.lines.join("\n");
    expect(text).toMatch(/⛔ Rejected by <@U0PRIYA003>, until it is withdrawn/);
    expect(text).toContain("✅ Approved by <@U0JONAS002>");
    expect(text).toContain("Does not count: approval by <@U0MIRA0001>, wrote or committed some of it");
    expect(text).toContain("Void, because it changed since: what <@U0OLAF0006> decided before");
    expect(rejected.buttons.map(({ action_id }) => action_id)).toEqual([
      "gate-reject/prod",
      "gate-withdraw/prod",
    ]);
  });

  test("gives reasons and no buttons for what cannot be approved, and says when there is nothing to approve", () => {
    const refused = drawn({
      states: [{ ...waiting, verdict: "refused", reasons: ["env/prod/a.yaml:3:1: twice"] }],
    });
    expect(refused.lines.join("\n").replaceAll("\u200b", "")).toContain("✗ env/prod/a.yaml:3:1: twice");
    expect(refused.buttons).toEqual([]);
    const none = drawn({ proposal: { ...proposal, environments: [] }, states: [] });
    expect(none.lines[0]).toBe("➖ Config change 42 · nothing to approve");
    expect(gateCard({ repository: "r", proposal: "42", problem: "gone" }).body.text).toContain("gone");
  });

  test("asks for one more approval for each author whom nobody knows", () => {
    const { lines } = drawn({
      states: [{ ...waiting, needed: 3, unknownAddresses: ["x@elsewhere.example"] }],
    });
    expect(lines.join("\n")).toContain(
      "nobody of people commits as x@elsewhere.example: whoever does may be an approver, so one approval more is needed",
    );
  });

  const evil = constantFrom("<!channel>", "&".repeat(120), "*_~`<@U1>", "x", "\ud83d", "🔥".repeat(60));

  test("is taken by Slack whatever it is made of, calls nobody, and shows a secret in no case", () => {
    const change = record({
      file: evil,
      path: evil,
      kind: constantFrom("changed", "added", "removed", "reordered"),
      from: evil,
      to: evil,
      line: nat(),
    }) as Arbitrary<ProposedChange>;
    const environment = record({
      changes: array(change, { maxLength: 60 }),
      uncompared: array(record({ file: evil, reason: evil }), { maxLength: 20 }),
      warnings: array(evil, { maxLength: 5 }),
      services: array(evil, { maxLength: 40 }),
    });
    assert(
      property(array(environment, { minLength: 1, maxLength: 12 }), evil, (environments, subject) => {
        const named = environments.map((one, at) => ({ ...prod, ...one, name: `env-${at}` }));
        const states = named.map(({ name }) => ({
          ...waiting,
          environment: name,
          reasons: [subject, subject],
        }));
        const { body } = gateCard({
          report: { ...report, proposal: { ...proposal, subject, environments: named }, states },
          list: "there",
        });
        expect(refusalsOf(body)).toEqual([]);
        expect(pings(body)).toEqual([]);
      }),
      { numRuns: 40 },
    );
    const secret = drawn(
      withEnvironment({ changes: [{ file: "a", path: "redis.password", kind: "changed", secret: true }] }),
    );
    expect(secret.lines.join("\n")).toContain("redis.password changed (its value is not shown)");
  });
});

test("where others read, its name and no more is said, which Slack takes whatever it is called", () => {
  const evil = "tune/<!channel>`*".repeat(12);
  for (const name of ["42", evil]) {
    const { body } = gateCard({ proposal: name, isOverheard: true });
    expect(refusalsOf(body)).toEqual([]);
    expect(pings(body)).toEqual([]);
    expect(buttonsOf(body.blocks ?? [])).toEqual([]);
    expect(body.text).toContain("nothing of it is shown or decided here");
  }
});

test("who approved is called by their id in the chat, and nothing else is", () => {
  const reply = gateReply({
    intent: "i",
    kind: "note",
    text: "prod is approved by slack:U0JONAS002 and slack:U0PRIYA003. <!channel>",
    files: [],
    state: "pending",
  });
  expect(pings(reply)).toEqual(["<@U0JONAS002>", "<@U0PRIYA003>"]);
});
