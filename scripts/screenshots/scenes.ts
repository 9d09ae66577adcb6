import { analyzers } from "../../src/analyzers/index.ts";
import { analysisChanges } from "../../src/domain/analysis-changes.ts";
import type { ChatReply, CommandHelp } from "../../src/domain/chat-reply.ts";
import { chatRights } from "../../src/domain/chat-rights.ts";
import type { CaptureStep, Incident } from "../../src/domain/incident.ts";
import type { MessageBody } from "../../src/domain/message.ts";
import type { Peer } from "../../src/domain/peer.ts";
import type { PeerComparison } from "../../src/domain/peer-comparison.ts";
import { type StormRow, worstFirst } from "../../src/domain/storm.ts";
import { card } from "../../src/render/slack/card.ts";
import { chatReplyBody } from "../../src/render/slack/chat-reply.ts";
import { homeView } from "../../src/render/slack/home.ts";
import { snapshotModal } from "../../src/render/slack/modal.ts";
import { stormDigest } from "../../src/render/slack/storm.ts";
import { contextOf, rising, troubled } from "./contexts.ts";
import { type Recorded, recorded } from "./recorded.ts";

/** What is shown, by the name of its picture. */
export interface Scenes {
  /** Each in a channel of its own, in this order. */
  readonly messages: Readonly<Record<string, readonly MessageBody[]>>;
  /** Shown with its thread. */
  readonly threads: Readonly<Record<string, Recorded>>;
  readonly modal: object;
  readonly home: object;
}

const nowMs = Date.UTC(2026, 10, 24, 3, 12, 4);

/** Every state of a card, every answer, the form and Home, from recorded captures. */
export async function scenes(commands: readonly CommandHelp[]): Promise<Scenes> {
  const [lock, crash, healthy, unclear, cpu] = await Promise.all([
    recorded("mutex-io", "gf-3fa9"),
    recorded("panic", "gf-9x2c", "go1.26.8"),
    recorded("shared-transport", "gf-7k2m"),
    recorded("just-started", "gf-4h8t"),
    recorded("gogc-thrash", "gf-5d1n"),
  ]);
  const status = statusOf([lock, crash, healthy, unclear]);
  return {
    messages: {
      states: states(lock.incident),
      verdicts: [
        card(lock.incident),
        card({
          ...crash.incident,
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
          service: "refunds",
          repeats: 7,
          lastRepeatAtMs: nowMs,
        }),
        card(cpu.incident),
        card(healthy.incident),
        card(unclear.incident),
      ],
      peers: peers(lock.incident),
      context: await contexts(),
      trouble: trouble(lock.incident),
      storm: storms([lock.incident, cpu.incident, healthy.incident]),
      explain: [explained(lock)],
      answers: answers(lock, healthy, status, commands),
    },
    threads: { "thread-lock": lock, "thread-cpu": cpu },
    modal: snapshotModal({
      services: ["cart", "catalog", "order", "payments", "refunds"].map((name) => ({
        name,
        instances: name === "order" ? ["order-1", "order-2"] : [name],
      })),
      preset: { service: "order", block: true },
    }),
    home: homeView({
      status,
      commands,
      rights: chatRights.map((right) =>
        right === "snapshot" || right === "mute"
          ? { right, audience: { users: ["U0PRIYA003"], groups: ["S0ONCALL01"], channels: ["C0INCID001"] } }
          : { right },
      ),
      asOfMs: nowMs,
    }),
  };
}

function states(judged: Incident): readonly MessageBody[] {
  const { analysis: _analysis, ...rest } = judged;
  const order: Incident = { ...rest, service: "order", steps: [] };
  return [
    card({ ...order, state: "queued" }),
    card({ ...order, state: "queued", queuePlace: 2 }),
    card({ ...order, state: "queued", waitsFor: "another capture of order is under way (gf-7k2m)" }),
    card({ ...order, state: "capturing", steps: [] }),
    card({ ...order, state: "capturing", steps: underWay(judged.steps) }),
    card({ ...order, state: "capturing", steps: judged.steps.filter(({ state }) => state === "ok") }),
    card({ ...judged, service: "order", state: "resolved", resolvedAtMs: order.createdAtMs + 11 * 60_000 }),
  ];
}

/** The recorded steps at the moment when the CPU profile runs. */
function underWay(steps: readonly CaptureStep[]): readonly CaptureStep[] {
  const at = steps.findIndex(({ kind }) => kind === "cpu");
  return steps.map((step, index) => {
    if (step.state !== "ok" || index < at) return step;
    return index === at
      ? { kind: "cpu", state: "running", startedAtMs: nowMs, expectedMs: 20_000 }
      : { kind: step.kind, state: "planned" };
  });
}

/** What another process of the service says, from being asked to each way of ending. */
function peers(verdict: Incident): readonly MessageBody[] {
  const steps: readonly CaptureStep[] = (["goroutine", "metrics", "heap"] as const).map((kind) => ({
    kind,
    state: "ok",
  }));
  const peer: Peer = { state: "waiting", round: 1, runs: 1, instance: "order-2", steps: [] };
  const comparison: PeerComparison = {
    outcome: "only-here",
    here: "order-1",
    there: "order-2",
    figures: { here: 199, there: 3, unit: "goroutines" },
    goroutines: { here: 410, there: 130 },
    heapBytes: { here: 62 << 20, there: 38 << 20 },
    laterMs: 21_400,
  };
  const compared: Peer = { ...peer, state: "compared", steps, comparison };
  const shared: PeerComparison = {
    ...comparison,
    outcome: "both",
    figures: { here: 199, there: 187, unit: "goroutines" },
    goroutines: { here: 410, there: 398 },
    otherBuild: true,
  };
  const told: readonly Peer[] = [
    { ...peer, state: "possible", round: 0 },
    peer,
    { ...peer, state: "capturing", steps: steps.slice(0, 1) },
    compared,
    { ...compared, comparison: shared },
    { ...peer, state: "not-compared", reason: "order-2 could not be captured: connection refused" },
  ];
  return told.map((each) => card({ ...verdict, instance: "order-1", peer: each }));
}

/** What Prometheus adds: an unusual number, one that is usual, what happened before, and that it has nothing to say. */
async function contexts(): Promise<readonly MessageBody[]> {
  const why = "Prometheus has only 2 days of history of this service";
  const judged = await Promise.all([
    recorded(
      "idle-workers",
      "gf-2c8m",
      "go1.26.8",
      contextOf(
        nowMs,
        {
          goroutines: [5_010, 560, 540],
          cpu: [0.2, 0.2, 0.2],
          "resident-memory": [96 << 20, 41 << 20, 40 << 20],
        },
        { figures: [rising(nowMs, 310)] },
      ),
    ),
    recorded(
      "mutex-io",
      "gf-6d3k",
      "go1.26.8",
      contextOf(
        nowMs,
        { goroutines: [210, 61, 58], throttled: [0.43] },
        { events: troubled(nowMs), figures: [rising(nowMs, 12)] },
      ),
    ),
    recorded(
      "mutex-io",
      "gf-8e1p",
      "go1.26.8",
      contextOf(
        nowMs,
        { goroutines: [210] },
        { missing: [{ name: "goroutines", when: "last-week", missing: why }] },
      ),
    ),
    recorded(
      "mutex-io",
      "gf-9f5q",
      "go1.26.8",
      contextOf(
        nowMs,
        {},
        {
          missing: [
            { name: "goroutines", when: "last-week", missing: "Prometheus did not answer within 3 s" },
          ],
        },
      ),
    ),
  ]);
  return judged.map(({ incident }) => card({ ...incident, service: "order", createdAtMs: nowMs }));
}

/** A storm that goes on, and the same once it is over. */
function storms(judged: readonly Incident[]): readonly MessageBody[] {
  const services = ["order", "cart", "payments", "refunds", "catalog", "search", "mail", "stock"];
  const [first] = judged;
  if (first === undefined) throw new Error("no recorded capture");
  const rows = Array.from({ length: 240 }, (_, at): StormRow => {
    const service = services[at % services.length] ?? "";
    const page = {
      intent: String(at),
      group: String(at),
      service,
      title: at % 3 === 0 ? "ManyGoroutines (3 alerts)" : "HighLatency (3 alerts)",
      severity: at % 5 === 0 ? "critical" : "warning",
      alerts: 3,
      sinceMs: nowMs - 60_000 - (at % 7) * 1_000,
    };
    const { analysis: _analysis, ...open } = { ...first, service, id: `gf-${1_000 + at}` };
    const known = judged[at];
    if (known !== undefined) return { page, incident: { ...known, service, id: open.id } };
    if (at < 5) {
      return { page, incident: { ...open, state: "capturing", steps: underWay(first.steps) } };
    }
    if (at < 8) return { page, incident: { ...open, state: "queued", queuePlace: at - 5 } };
    return {
      page,
      incident: { ...open, state: "failed", problem: `One capture of ${service} answers all its pages` },
    };
  }).sort(worstFirst);
  const storm = {
    id: "storm-1a2b3c4d",
    version: 1,
    channel: "C0INCID001",
    beganAtMs: nowMs,
    lastPageAtMs: nowMs + 61_000,
    replies: [],
  };
  const ended = rows.map(({ page, incident }) => ({
    page,
    ...(incident === undefined
      ? {}
      : { incident: { ...incident, ...(Number(page.intent) % 9 === 0 ? {} : { resolvedAtMs: nowMs }) } }),
  }));
  return [
    stormDigest({ storm, rows }),
    stormDigest({ storm: { ...storm, overAtMs: nowMs + 361_000 }, rows: ended }),
  ];
}

function trouble(judged: Incident): readonly MessageBody[] {
  const givenUp = { text: "", files: [], state: "given-up" } as const;
  return [
    card({
      ...judged,
      state: "failed",
      steps: [],
      problem:
        "order does not answer at 10.0.0.5:6060: connection refused. Check that it runs and that net/http/pprof listens there, then capture again.",
    }),
    card({
      ...judged,
      endedEarly: "the target answered 20 times slower than at first, so the rest was left out",
      steps: [
        ...judged.steps.slice(0, 5),
        { kind: "cpu", state: "failed", reason: "the target did not answer within 30 s" },
        {
          kind: "goroutine-dump",
          state: "skipped",
          reason: "12,408 goroutines would stop the world for about 0.6 s",
        },
      ],
      replies: ["flame-graph", "evidence"].map((kind) => ({
        ...givenUp,
        intent: `${judged.id}/${kind}`,
        kind: kind === "evidence" ? "evidence" : "flame-graph",
        problem: "gofire is not a member of this channel: /invite @gofire, then capture again.",
      })),
    }),
    card({ ...judged, service: "<!channel> *evil* `x` :fire: <https://evil.example|click>" }),
  ];
}

function explained({ incident, analysis }: Recorded): MessageBody {
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

function statusOf(all: readonly Recorded[]): Extract<ChatReply, { kind: "status" }> {
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

function answers(
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
  return replies.map(chatReplyBody);
}
