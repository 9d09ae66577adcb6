import { expect, test } from "vitest";
import type { StormRow } from "../../../src/domain/alerts/storm.ts";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import { captureUnanswered, type StormAgainPorts } from "../../../src/jobs/storms/storm-again.ts";
import { analysis, incident, startMs } from "../../render/slack/incidents.ts";

const never = new AbortController().signal;

function unused(): never {
  throw new Error("not asked for in this test");
}

/** A page of a storm that is not captured, unless `about` says otherwise. */
function row(id: string, service: string, about: Partial<Incident> = {}): StormRow {
  const page = { intent: id, group: id, service, title: "Slow", alerts: 1, sinceMs: startMs };
  const storm = { id: "storm-1a2b3c4d" };
  const plain = incident({ id, service, state: "failed", problem: `${service} does not answer.`, storm });
  return { page, incident: { ...plain, origin: { kind: "page", intent: id }, ...about } };
}

interface Circumstances {
  readonly room?: number;
  readonly muted?: string;
  readonly cools?: string;
}

/** What was queued, in order, and each as it is now. */
async function after(rows: readonly StormRow[], { room = 9, muted, cools }: Circumstances = {}) {
  const kept = new Map(rows.flatMap(({ incident: one }) => (one === undefined ? [] : [[one.id, one]])));
  const done: string[] = [];
  const ports: StormAgainPorts = {
    mutes: {
      list: () =>
        Promise.resolve(
          muted === undefined
            ? []
            : [{ subject: { kind: "service", service: muted }, userId: "U1", sinceMs: 0, untilMs: startMs }],
        ),
      mute: unused,
      unmute: unused,
    },
    limits: {
      cooldowns: (service) =>
        Promise.resolve(
          new Map(
            (service === cools ? kinds : []).map((kind) => [
              kind,
              { incidentId: "gf-else", restMs: 60_000, agoMs: 60_000 },
            ]),
          ),
        ),
      enter: unused,
      enterNode: unused,
      cooling: unused,
      captured: unused,
    },
    queue: {
      counts: () => Promise.resolve({ waiting: 90 - room, delayed: 10, capturing: 5, limit: 100 }),
      forgetCapture: (id) => Promise.resolve(void done.push(`forget ${id}`)),
      enqueueCapture: (id) => Promise.resolve(void done.push(`capture ${id}`)),
      enqueuePeer: unused,
      publish: unused,
      placeOf: unused,
      workOf: unused,
      peerWorkOf: unused,
    },
    incidents: {
      update(id, change) {
        const next = change(kept.get(id) ?? unused());
        kept.set(id, next);
        return Promise.resolve(next);
      },
      create: unused,
      read: unused,
      ofIntent: unused,
      ofIntents: unused,
      recent: unused,
      settle: unused,
      unsettled: unused,
    },
  };
  const begun = await captureUnanswered(rows, ports, never);
  const captured = done.filter((line) => line.startsWith("capture ")).map((line) => line.slice(8));
  expect(begun).toBe(captured.length);
  expect(done).toEqual(captured.flatMap((id) => [`forget ${id}`, `capture ${id}`]));
  return { captured, kept };
}

const kinds = [
  "goroutine",
  "mutex",
  "block",
  "heap",
  "heap-text",
  "threadcreate",
  "cpu",
  "goroutine-dump",
] as const;

test("one page of each service that fires without a verdict is captured, in the order of the rows", async () => {
  const rows = [
    row("gf-1", "stock"),
    row("gf-2", "stock"),
    row("gf-3", "order", { state: "verdict", analysis: analysis() }),
    row("gf-4", "order"),
    row("gf-5", ""),
    row("gf-6", "cart", { state: "queued" }),
    row("gf-7", "mail", { state: "resolved", resolvedAtMs: startMs }),
    row("gf-8", "pay"),
  ];
  const { captured, kept } = await after(rows);
  expect(captured).toEqual(["gf-1", "gf-8"]);
  expect(kept.get("gf-1")).toMatchObject({
    state: "queued",
    wish: { peer: false },
    storm: { id: "storm-1a2b3c4d", again: true },
  });
  expect(kept.get("gf-1")).not.toHaveProperty("problem");
  expect(kept.get("gf-2")?.state).toBe("failed");
});

test("the page whose capture came to nothing goes before others of its service, and is one of the storm", async () => {
  const { storm: _storm, ...before } = row("gf-1", "stock").incident ?? unused();
  const rows = [
    { ...row("gf-1", "stock"), incident: before },
    row("gf-2", "stock", { storm: { id: "storm-1a2b3c4d", captured: "gf-3" } }),
    row("gf-3", "stock", { runs: 2, bundle: "incidents/gf-3/bundle-2/", endedEarly: "it hung up" }),
    { ...row("gf-4", "pay"), incident: { ...before, id: "gf-4", service: "pay" } },
  ];
  const { captured, kept } = await after(rows);
  expect(captured).toEqual(["gf-3"]);
  expect(kept.get("gf-3")).not.toHaveProperty("bundle");
  expect(kept.get("gf-3")).not.toHaveProperty("endedEarly");
});

test("once for each service, and not while it is muted, cools down, or finds no room", async () => {
  const rows = [row("gf-1", "stock"), row("gf-2", "pay"), row("gf-3", "cart"), row("gf-4", "mail")];
  expect((await after(rows, { muted: "stock", cools: "pay" })).captured).toEqual(["gf-3", "gf-4"]);
  expect((await after(rows, { room: 2 })).captured).toEqual(["gf-1", "gf-2"]);
  expect((await after(rows, { room: 0 })).captured).toEqual([]);
  const again = { storm: { id: "storm-1a2b3c4d", again: true } } as const;
  expect((await after([row("gf-0", "stock", again), ...rows])).captured).toEqual(["gf-2", "gf-3", "gf-4"]);
});
