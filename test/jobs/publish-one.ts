import type { Incident } from "../../src/domain/incidents/incident.ts";
import { type Cards, type PublishJobPorts, publish } from "../../src/jobs/publish.ts";
import type { Chat } from "../../src/ports/chat.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";

function unused(): never {
  throw new Error("not asked for in this test");
}

/** The only incident there is, and what the publish job does with it. */
export interface OneIncident {
  /** As it is now; tests change it as somebody else would. */
  incident: Incident;
  /** Versions that were said to be shown to their end. */
  readonly settled: readonly number[];
  publish(): Promise<Awaited<ReturnType<typeof publish.run>>>;
}

/** Whatever else the job asks for fails the test. */
export function publishOne(
  begun: Incident,
  outside: { readonly chat: Chat; readonly clock: Clock; readonly cards: Cards },
): OneIncident {
  const settled: number[] = [];
  const one: OneIncident = {
    incident: begun,
    settled,
    publish: async () =>
      await publish.run({ incidentId: begun.id }, ports, {
        signal: new AbortController().signal,
        attempt: 1,
      }),
  };
  const ports: PublishJobPorts = {
    ...outside,
    artifacts: fakeArtifacts("never-used"),
    services: { rules: unused },
    pictures: { draw: unused, compare: unused },
    onTrouble: unused,
    mutes: { mute: unused, unmute: unused, list: unused },
    gofireVersion: "0.0.0",
    verdictsFirst: { judging: (work) => work(), mustWait: () => false },
    queue: {
      enqueueCapture: unused,
      forgetCapture: unused,
      publish: unused,
      placeOf: unused,
      workOf: unused,
      enqueuePeer: unused,
      peerWorkOf: unused,
      counts: unused,
    },
    storms: {
      join: unused,
      read: unused,
      pages: unused,
      update: unused,
      endIfQuiet: unused,
      wake: unused,
      settle: unused,
      unsettled: unused,
    },
    incidents: {
      read: () => Promise.resolve(one.incident),
      ofIntent: unused,
      ofIntents: unused,
      create: unused,
      recent: unused,
      settle(_id, version) {
        settled.push(version);
        return Promise.resolve(true);
      },
      unsettled: unused,
      update: async (_id, change) => await Promise.resolve((one.incident = change(one.incident))),
    },
  };
  return one;
}
