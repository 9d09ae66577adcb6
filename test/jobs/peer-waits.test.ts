import { describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { type PeerJobPorts, peer } from "../../src/jobs/peer.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeGoTarget } from "../fakes/go-target.ts";
import { incident as incidentWith } from "../render/slack/incidents.ts";

const never = new AbortController().signal;

function unused(): never {
  throw new Error("not expected to be asked");
}

interface Hindrance {
  readonly waiting?: number;
  /** Why there is no place under the caps. */
  readonly full?: string;
  /** Somebody else captures the process. */
  readonly locked?: true;
}

/** The job over an incident whose verdict stands and whose peer is wanted since now. */
function world(hindrance: Hindrance) {
  const clock = fakeClock();
  let incident: Incident = incidentWith({
    state: "verdict",
    bundle: "incidents/gf-3fa9/bundle-1/",
    peer: { state: "waiting", round: 1, runs: 0, steps: [] },
  });
  const published: string[] = [];
  const { target, asked } = fakeGoTarget(unused, clock);
  let places = 0;
  const ports: PeerJobPorts = {
    clock,
    gofireVersion: "0.0.0",
    bundleAt: unused,
    onTrouble: unused,
    artifacts: { put: unused, get: unused, stat: unused, list: unused, remove: unused },
    evidence: { read: unused },
    mutes: { mute: unused, unmute: unused, list: unused },
    incidents: {
      read: () => Promise.resolve(incident),
      update: (_id, change) => Promise.resolve((incident = change(incident))),
      recent: () => Promise.resolve([]),
      create: unused,
      ofIntent: unused,
      ofIntents: unused,
      settle: unused,
      unsettled: unused,
    },
    queue: {
      counts: () =>
        Promise.resolve({ waiting: hindrance.waiting ?? 0, delayed: 0, capturing: 0, limit: 100 }),
      publish: (id) => Promise.resolve(void published.push(id)),
      enqueueCapture: unused,
      forgetCapture: unused,
      enqueuePeer: unused,
      placeOf: unused,
      workOf: unused,
      peerWorkOf: unused,
    },
    services: {
      list: unused,
      processes: () =>
        Promise.resolve({
          processes: [
            { name: "order-1", aliases: [] },
            { name: "order-2", aliases: [] },
          ],
          knownFrom: "gofire.yaml",
        }),
      open: () => Promise.resolve({ target, instance: "order-2", capture: {} }),
      permit: unused,
      rules: unused,
    },
    limits: {
      cooling: () => Promise.resolve(new Set()),
      enterNode: () => Promise.resolve({ entered: true, leave: () => Promise.resolve() }),
      cooldowns: unused,
      captured: unused,
      enter() {
        if (hindrance.full !== undefined) return Promise.resolve({ entered: false, reason: hindrance.full });
        places++;
        return Promise.resolve({ entered: true, leave: () => Promise.resolve(void places--) });
      },
    },
    lock: {
      acquire: () =>
        hindrance.locked === true
          ? Promise.resolve({ held: false, holder: { pid: 1, host: "other", sinceMs: clock.nowMs() } })
          : Promise.reject(new PortError("unavailable", "lock", "no locks here")),
    },
  };
  return {
    clock,
    ports,
    asked,
    published,
    peer: () => incident.peer,
    places: () => places,
    run: () => peer.run({ incidentId: incident.id, round: "1" }, ports, { signal: never, attempt: 1 }),
    change: (next: Partial<Incident>) => (incident = { ...incident, ...next }),
  };
}

describe("a peer that cannot be captured now", () => {
  test.each<[string, Hindrance, RegExp]>([
    ["captures for verdicts", { waiting: 3 }, /^3 captures for verdicts go first; gofire waited 2 min$/],
    [
      "the caps",
      { full: "2 captures of order are running" },
      /^2 captures of order are running; gofire waited 2 min$/,
    ],
    [
      "another capture of it",
      { locked: true },
      /^another capture of order.test:6060 .*; gofire waited 2 min$/,
    ],
  ])("waits for %s, two minutes at most, and holds nothing meanwhile", async (_what, hindrance, reason) => {
    const { clock, run, peer: state, places, asked } = world(hindrance);
    // However late a worker gets to it.
    clock.advance(600_000);
    expect(await run()).toMatchObject({ kind: "later" });
    clock.advance(119_000);
    expect(await run()).toMatchObject({ kind: "later" });
    expect(state()).toMatchObject({ state: "waiting", instance: "order-2" });
    clock.advance(1_000);
    expect(await run()).toEqual({ kind: "done" });
    expect(state()).toMatchObject({ state: "not-compared", reason: expect.stringMatching(reason) });
    expect(places()).toBe(0);
    expect(asked).toEqual([]);
  });

  test("is not captured for a page that is over; for a person it is", async () => {
    const over = world({ waiting: 1 });
    over.change({ state: "resolved", resolvedAtMs: over.clock.nowMs() });
    expect(await over.run()).toEqual({ kind: "done" });
    expect(over.peer()).toMatchObject({
      state: "not-compared",
      reason: "it was over before another process could be captured",
    });
    const asked = world({ waiting: 1 });
    asked.change({
      state: "resolved",
      resolvedAtMs: asked.clock.nowMs(),
      peer: {
        state: "waiting",
        round: 1,
        byPerson: true,
        runs: 0,
        steps: [],
      },
    });
    expect(await asked.run()).toMatchObject({ kind: "later" });
  });

  test("of a round that is over is left alone", async () => {
    const { run, change, peer: state } = world({});
    change({ peer: { state: "not-compared", round: 1, runs: 1, steps: [], reason: "gone" } });
    expect(await run()).toEqual({ kind: "done" });
    change({ peer: { state: "waiting", round: 2, runs: 1, steps: [] } });
    expect(await run()).toEqual({ kind: "done" });
    expect(state()).toMatchObject({ state: "waiting", round: 2 });
  });

  test("and was given up says so on the card", async () => {
    const { ports, peer: state, published } = world({});
    await peer.gaveUp({ incidentId: "gf-3fa9", round: "1" }, "Redis was away", ports, never);
    expect(state()).toMatchObject({ state: "not-compared", reason: "Redis was away" });
    expect(published).toEqual(["gf-3fa9"]);
  });
});
