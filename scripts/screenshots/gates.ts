import type { MessageBody } from "../../src/domain/chat/message.ts";
import type { ConfigChange } from "../../src/domain/configuration/config-change.ts";
import type { CountedDecision, GateState } from "../../src/domain/configuration/gate.ts";
import type { ProposalReport } from "../../src/domain/configuration/gate-card.ts";
import type { Proposal } from "../../src/domain/configuration/proposal.ts";
import { impactOf } from "../../src/governance/impact.ts";
import { chatReplyBody } from "../../src/render/slack/chat-reply.ts";
import { gateCard } from "../../src/render/slack/gate-card.ts";
import { gateReply } from "../../src/render/slack/gate-words.ts";

const day = 86_400_000;
const digest = "h1:mD3nTcEq8v1KzQeYw7u9Xo5sPj2RbLfGhViNaCkUt0M=";

const changes: readonly ConfigChange[] = [
  {
    file: "env/prod/order.yaml",
    path: "redis.max_active",
    kind: "changed",
    from: "200",
    to: "20",
    line: 3,
  },
  {
    file: "env/prod/order.yaml",
    path: 'data["app.yaml"].http.client.timeout',
    kind: "changed",
    from: "5s",
    to: "30s",
    line: 11,
  },
  { file: "env/prod/order.yaml", path: "redis.password", kind: "changed", secret: true, line: 5 },
  { file: "env/prod/payment.yaml", path: "features.new_ledger", kind: "added", to: "true", line: 9 },
];

const proposal: Proposal = {
  name: "42",
  repository: "https://git.example.com/shop/config.git",
  branch: "main",
  tip: "5f0c1e7b3a".repeat(4),
  base: "5f0c1e7b3a".repeat(4),
  head: "9a41d6c27e".repeat(4),
  addresses: ["ana@shop.example"],
  subject: "Smaller Redis pool for order, as agreed after the incident of Tuesday",
  environments: [
    {
      name: "prod",
      digest,
      was: "h1:0000000000000000000000000000000000000000000=",
      changes: changes.map((change) => {
        const impact = impactOf(change);
        return impact === undefined ? change : { ...change, impact };
      }),
      more: 0,
      uncompared: [],
      services: ["order", "payment"],
      problems: [],
      warnings: [],
    },
  ],
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
  authors: ["slack:U0MIRA0001"],
  unknownAddresses: [],
};

function show(report: ProposalReport): MessageBody {
  return gateCard({ report, list: "there" }).body;
}

/** A proposal's card in each state, and what people are told. */
export function gates(nowMs: number): readonly MessageBody[] {
  const by = (user: string, index: number): CountedDecision => ({
    actor: `slack:${user}`,
    atMs: nowMs,
    expiresAtMs: nowMs + 7 * day,
    index,
  });
  const one = by("U0JONAS002", 0);
  const two = by("U0PRIYA003", 1);
  const report = (state: Partial<GateState>, more: Partial<ProposalReport> = {}): ProposalReport => ({
    proposal,
    states: [{ ...waiting, ...state }],
    earlier: [],
    ...more,
  });
  const approved = { ...waiting, verdict: "approved", approvals: [one, two] } as const;
  return [
    show(report({})),
    show(report({ approvals: [one] }, { earlier: [{ environment: "prod", actors: ["slack:U0PRIYA003"] }] })),
    show(report(approved)),
    show(report({ verdict: "rejected", approvals: [one], rejections: [two] })),
    show(
      report({
        verdict: "refused",
        reasons: ["env/prod/order.yaml:3:9: the key max_active is there twice; Go reads the last one"],
      }),
    ),
    gateReply({
      intent: "",
      kind: "note",
      text: "prod is approved by slack:U0JONAS002 and slack:U0PRIYA003. CI: run its check again (gofire config gate).",
      files: [],
      state: "pending",
    }),
    chatReplyBody({
      kind: "decided",
      decision: "approve",
      proposal: "42",
      state: { ...waiting, approvals: [one] },
      isNew: true,
    }),
    chatReplyBody({ kind: "checking", proposal: "42", place: { channel: "C0INCID001" } }),
  ];
}
