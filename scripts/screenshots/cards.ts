import type { MessageBody } from "../../src/domain/chat/message.ts";
import type { CaptureStep, Incident } from "../../src/domain/incidents/incident.ts";
import type { Peer } from "../../src/domain/incidents/peer.ts";
import type { PeerComparison } from "../../src/domain/incidents/peer-comparison.ts";
import { card } from "../../src/render/slack/card.ts";
import { contextOf, rising, troubled } from "./contexts.ts";
import { recorded } from "./recorded.ts";

/** When all pictures are taken. */
export const nowMs = Date.UTC(2026, 10, 24, 3, 12, 4);

/** A capture from the queue to its end. */
export function states(judged: Incident): readonly MessageBody[] {
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
export function underWay(steps: readonly CaptureStep[]): readonly CaptureStep[] {
  const at = steps.findIndex(({ kind }) => kind === "cpu");
  return steps.map((step, index) => {
    if (step.state !== "ok" || index < at) return step;
    return index === at
      ? { kind: "cpu", state: "running", startedAtMs: nowMs, expectedMs: 20_000 }
      : { kind: step.kind, state: "planned" };
  });
}

/** What another process of the service says, from being asked to each way of ending. */
export function peers(verdict: Incident): readonly MessageBody[] {
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
export async function contexts(): Promise<readonly MessageBody[]> {
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

/** What went wrong on the way, and names that would be markup. */
export function trouble(judged: Incident): readonly MessageBody[] {
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
