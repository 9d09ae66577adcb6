import * as z from "zod/mini";
import { type CaptureRequest, defaultRequest } from "../capture/request.ts";
import type { CaptureOutcome } from "../capture/run.ts";
import { UsageError } from "../domain/errors.ts";
import { captureKinds } from "../domain/evidence/capture.ts";
import type { Incident } from "../domain/incidents/incident.ts";
import { isPeerOpen, type Peer } from "../domain/incidents/peer.ts";
import { choosePeer } from "../domain/incidents/peer-choice.ts";
import { counted, durationText } from "../domain/units.ts";
import type { CaptureLimits } from "../ports/capture-limits.ts";
import type { ServiceCapture } from "../ports/services.ts";
import type { JobOutcome, JobRun } from "../ports/worker.ts";
import { lookAgainMs } from "./capture.ts";
import { captureLog, type LogPart } from "./captures/capture-log.ts";
import { cooledBy } from "./captures/cooldown.ts";
import { finishedCapture } from "./captures/finished-capture.ts";
import { type LoggedCapturePorts, loggedCapture } from "./captures/logged-capture.ts";
import { stepOf } from "./captures/steps.ts";
import { defineJob, done, later } from "./job.ts";
import { nodeOf, onNode } from "./peers/node-place.ts";
import { compareRound, type PeerComparisonPorts } from "./peers/peer-compare.ts";
import { changeRound, notCompared } from "./peers/peer-round.ts";

export interface PeerJobPorts extends PeerComparisonPorts, LoggedCapturePorts {
  readonly limits: CaptureLimits;
}

/** Later than this the sick process has changed, and people have looked elsewhere: the card says why there is none. */
const waitAtMostMs = 120_000;
/** Three snapshots take a second or two; a peer that needs longer for them is not asked on. */
const peerDeadlineMs = 60_000;
/** What a comparison needs. */
const peerKinds: ReadonlySet<string> = new Set(["index", "goroutine", "metrics", "heap"]);
/** An alert that names another process of the service and was begun longer ago is taken for forgotten, not firing. */
const alertedWithinMs = 86_400_000;

/**
 * Captures another process of an incident's service once the verdict stands, and tells how the two differ. It comes
 * after everything that brings a verdict, never at the same time as the capture of the sick one, and costs the
 * incident nothing when it fails (docs/decisions/0014-peers.md).
 */
export const peer = defineJob({
  name: "peer",
  payload: z.object({ incidentId: z.string(), round: z.string() }),
  attempts: 4,
  backoffMs: 1_000,
  timeoutMs: 300_000,
  concurrency: 4,
  async run({ incidentId, round }, ports: PeerJobPorts, run): Promise<JobOutcome> {
    const incident = await ports.incidents.read(incidentId, run.signal);
    const present = incident?.peer;
    if (incident === undefined || present === undefined) return done;
    if (String(present.round) !== round || !isPeerOpen(present)) return done;
    try {
      // With a bundle the capture is over: the worker died before it could compare.
      if (present.bundle === undefined) {
        const captured = await captureRound(incident, present, ports, run);
        if (captured !== "captured") return captured;
      }
      await compareRound(incidentId, present.round, ports, run.signal);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      await notCompared(incidentId, present.round, error.message, ports, run.signal);
    }
    return done;
  },
  async gaveUp({ incidentId, round }, reason, ports, signal) {
    await notCompared(incidentId, Number(round), reason, ports, signal);
  },
});

/** The peer's capture, in the incident's log of it. */
const peerPart: LogPart = {
  read: ({ peer: part }) => part,
  begun: (incident, run) =>
    incident.peer === undefined
      ? incident
      : { ...incident, peer: { ...incident.peer, ...run, state: "capturing" } },
  told: (incident, { steps }) =>
    incident.peer === undefined ? incident : { ...incident, peer: { ...incident.peer, steps } },
  prefix: (id, run) => `incidents/${id}/peer-${run}/`,
};

async function captureRound(
  incident: Incident,
  present: Peer,
  ports: PeerJobPorts,
  run: JobRun,
): Promise<JobOutcome | "captured"> {
  const { id, service, resolvedAtMs } = incident;
  const { round } = present;

  async function without(reason: string): Promise<JobOutcome> {
    await notCompared(id, round, reason, ports, run.signal);
    return done;
  }
  async function wait(reason: string): Promise<JobOutcome> {
    const nowMs = ports.clock.nowMs();
    const { waitsSinceMs = nowMs } = present;
    // Noted by another worker's clock it may lie in the future, and must not keep the card waiting either.
    if (Math.abs(nowMs - waitsSinceMs) >= waitAtMostMs) {
      return await without(`${reason}; gofire waited ${durationText(waitAtMostMs)}`);
    }
    if (present.waitsSinceMs === undefined) {
      await changeRound(
        id,
        round,
        (now) => ({ ...now, peer: { ...now.peer, waitsSinceMs } }),
        ports,
        run.signal,
      );
    }
    return later(lookAgainMs, reason);
  }

  async function ended(
    { ending, reason, manifest, bundle: location }: CaptureOutcome,
    instance: string,
  ): Promise<JobOutcome | "captured"> {
    const bundle = ending === "unreachable" ? undefined : location;
    await ports.limits.captured({ service, instance, incidentId: id, kinds: cooledBy({}) }, run.signal);
    const steps = manifest.captures.map(stepOf);
    await changeRound(
      id,
      round,
      (now) => ({ ...now, peer: { ...now.peer, steps, ...(bundle === undefined ? {} : { bundle }) } }),
      ports,
      run.signal,
    );
    if (bundle !== undefined) return "captured";
    return await without(`${instance} could not be captured: ${reason ?? "it gave nothing"}`);
  }

  if (present.state === "capturing" && present.instance !== undefined) {
    const kept = await finishedCapture(peerPart.prefix(id, present.runs), ports.artifacts, run.signal);
    if (kept !== undefined) return await ended(kept, present.instance);
  }
  if (resolvedAtMs !== undefined && present.byPerson !== true) {
    return await without("it was over before another process could be captured");
  }
  const instance = present.instance ?? (await chosen(incident, present, ports, run.signal));
  if (instance === undefined) return done;
  const { waiting, delayed } = await ports.queue.counts(run.signal);
  if (waiting + delayed > 0)
    return await wait(`${counted(waiting + delayed, "capture")} for verdicts go first`);
  const place = await ports.limits.enter(service, run.signal);
  if (!place.entered) return await wait(place.reason);
  let begun = false;
  try {
    const { target, node, capture } = await ports.services.open(service, instance, run.signal);
    const log = captureLog(id, peerPart, ports, run.signal);
    const captured = await onNode(nodeOf(target, node), target, ports, run.signal, () =>
      loggedCapture(requestOf(service, capture), target, log, ports, run.signal),
    );
    if (captured.end === "busy") return await wait(captured.reason);
    if (captured.end === "overtaken") return done;
    begun = true;
    return await ended(captured.outcome, instance);
  } finally {
    await place.leave(begun);
  }
}

/** Notes which process is captured before anything is asked of it, so that a death in between asks no second one. */
async function chosen(
  incident: Incident,
  { round, byPerson }: Peer,
  ports: PeerJobPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { id, service, instance, origin } = incident;
  const { processes, knownFrom } = await ports.services.processes(service, signal);
  const unknownInstance = origin.page?.unknownInstance;
  const choice = choosePeer({
    service,
    processes,
    knownFrom,
    ...(instance === undefined ? {} : { captured: instance }),
    alerted: await alertedOf(incident, ports, signal),
    cooling: await ports.limits.cooling(
      service,
      processes.map(({ name }) => name),
      signal,
    ),
    ...(unknownInstance === undefined ? {} : { unknownInstance }),
    byPerson: byPerson === true,
  });
  if ("reason" in choice) {
    await notCompared(id, round, choice.reason, ports, signal);
    return undefined;
  }
  const noted = await changeRound(
    id,
    round,
    (now) => ({ ...now, peer: { ...now.peer, ...choice } }),
    ports,
    signal,
  );
  await ports.queue.publish(id, "soon", signal);
  return noted.peer?.instance;
}

/** Processes that firing alerts name: those of this page, and of other pages of the service that are not over. */
async function alertedOf(
  { service, origin }: Incident,
  { incidents, clock }: PeerJobPorts,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const recent = await incidents.recent(
    { service, createdFromMs: clock.nowMs() - alertedWithinMs, limit: 100 },
    signal,
  );
  const firing = recent.filter((other) => other.origin.kind === "page" && other.resolvedAtMs === undefined);
  return new Set([origin, ...firing.map((other) => other.origin)].flatMap(({ page }) => page?.named ?? []));
}

/** As short as it can be: nothing that takes time or stops the world, nothing twice. The service's own bounds hold. */
function requestOf(
  service: string,
  { deadlineMs = defaultRequest.deadlineMs, exclude = [] }: ServiceCapture,
): CaptureRequest {
  return {
    ...defaultRequest,
    service,
    cpuSeconds: 0,
    once: true,
    deadlineMs: Math.min(deadlineMs, peerDeadlineMs),
    exclude: [...new Set([...captureKinds.filter((kind) => !peerKinds.has(kind)), ...exclude])],
  };
}
