import { analyzers } from "../../src/analyzers/index.ts";
import type { ChatReply, CommandHelp } from "../../src/domain/chat/chat-reply.ts";
import type { MessageBody } from "../../src/domain/chat/message.ts";
import type { Rollback } from "../../src/domain/configuration/rollback.ts";
import { analysisChanges } from "../../src/domain/findings/analysis-changes.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { chatReplyBody } from "../../src/render/slack/chat-reply.ts";
import { nowMs, underWay } from "./cards.ts";
import type { Recorded } from "./recorded.ts";

export function explained({ incident, analysis }: Recorded): MessageBody {
  return chatReplyBody({
    kind: "explain",
    incident,
    analysis,
    findings: analysis.findings.map((finding) => {
      const docs = analyzers.find(({ meta }) => meta.id === finding.rule)?.meta.docs;
      return docs === undefined ? { finding } : { finding, docs };
    }),
  });
}

export function statusOf(all: readonly Recorded[]): Extract<ChatReply, { kind: "status" }> {
  const [first] = all.map(({ incident }) => incident);
  if (first === undefined) throw new Error("no recorded capture");
  return {
    kind: "status",
    capturing: [
      { ...first, id: "gf-2b6q", service: "cart", state: "capturing", steps: underWay(first.steps) },
    ],
    waiting: [{ ...first, id: "gf-8w3e", service: "payments", state: "queued", queuePlace: 0 }],
    last: [
      ...all.map(({ incident }) => incident),
      { ...first, id: "gf-6m4p", state: "failed", problem: "cart does not answer at 10.0.0.9:6060." },
      { ...first, id: "gf-1r7s", state: "resolved", resolvedAtMs: first.createdAtMs + 660_000 },
    ],
    shadowed: [inShadow(first)],
    storms: [
      {
        id: "storm-1a2b3c4d",
        channel: first.place.channel,
        sinceMs: nowMs - 900_000,
        pages: 212,
        judged: 9,
        capturing: 0,
        waiting: 3,
        ended: 40,
      },
    ],
    counts: { capturing: 1, waiting: 1, limit: 500 },
    mutes: [
      {
        subject: { kind: "service", service: "catalog" },
        userId: "U0MIRA0001",
        sinceMs: nowMs,
        untilMs: nowMs + 7_200_000,
        reason: "load test",
      },
    ],
  };
}

export function answers(
  lock: Recorded,
  healthy: Recorded,
  status: Extract<ChatReply, { kind: "status" }>,
  commands: readonly CommandHelp[],
): readonly MessageBody[] {
  const [mute] = status.mutes;
  const replies: readonly ChatReply[] = [
    status,
    { kind: "shown", incident: inShadow(lock.incident) },
    {
      kind: "diff",
      before: healthy.incident,
      after: { ...lock.incident, createdAtMs: nowMs },
      changes: analysisChanges(healthy.analysis, lock.analysis),
      caveats: ["These are two processes: order-1 and order-2."],
    },
    { kind: "rollback", rollback: tuned(lock.incident) },
    ...(mute === undefined ? [] : [{ kind: "muted", mute } as const]),
    {
      kind: "already",
      incident: status.capturing[0] ?? lock.incident,
      next: "Its card will say what is found.",
    },
    { kind: "help", commands },
    {
      kind: "refused",
      why: "You may not capture services here.",
      next: "To be named under access.snapshot in gofire.yaml, ask:",
      askWhom: { users: ["U0PRIYA003"], groups: ["S0ONCALL01"], channels: [] },
      worksIn: ["C0INCID001"],
    },
  ];
  return replies.map((reply) => chatReplyBody(reply));
}

/** What would take back a pool size that became 0 with one release for two services. */
function tuned({ id }: Incident): Rollback {
  const value = { path: "redis.max_active", kind: "changed", from: "0", to: "200" } as const;
  const [file, beside] = ["env/prod/order.yaml", "env/prod/payment.yaml"];
  return {
    service: "order",
    repository: "https://git.example.com/shop/config.git",
    branch: "main",
    way: {
      kind: "revert",
      revision: "0f606d972d".repeat(4),
      name: "v20240521-prod-redis-tune",
      author: "ana",
      subject: "Let redis decide how many",
      atMs: nowMs - 14 * 60_000,
      askedAtMs: nowMs,
      isMerge: true,
      incident: {
        id,
        moment: "the page",
        momentMs: nowMs,
        suspected: { finding: "f1", title: "", reason: "a smaller pool has callers wait sooner" },
      },
    },
    own: [
      { ...value, file },
      { file, path: "redis.password", kind: "changed", secret: true },
      { file, path: "redis.idle", kind: "removed", from: "5m" },
    ],
    others: [{ ...value, file: beside }],
    moved: [
      { since: { file, path: "log.level", kind: "changed", from: "warn", to: "debug" }, before: "info" },
    ],
    already: 0,
    uncompared: [],
    later: [{ name: "v20240521-prod-log", author: "bo", atMs: nowMs - 180_000, values: 1 }],
    notes: [],
  };
}

/** As its page's own incident, with what was kept back. */
function inShadow(incident: Incident): Incident {
  const files = incident.steps.flatMap(({ file, kind }) =>
    file === undefined ? [] : [{ artifact: file, name: file, title: kind }],
  );
  return {
    ...incident,
    id: "gf-9k1d",
    shadow: true,
    origin: {
      kind: "page",
      intent: "page",
      page: { title: "ManyGoroutines", sinceMs: incident.createdAtMs },
    },
    place: { ...incident.place, thread: "1716261120.000100" },
    replies: (["flame-graph", "findings", "evidence"] as const).map((kind) => ({
      intent: `gf-9k1d/${kind}`,
      kind,
      text: "",
      files: kind === "evidence" ? files : files.slice(0, 1),
      state: "withheld",
    })),
  };
}
