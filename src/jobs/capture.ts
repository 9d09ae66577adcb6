import * as z from "zod/mini";
import { type CaptureRequest, defaultRequest, usualBlockSeconds } from "../capture/request.ts";
import type { CaptureOutcome } from "../capture/run.ts";
import { UsageError } from "../domain/errors.ts";
import type { CaptureKind } from "../domain/evidence/capture.ts";
import { type Incident, isSettled, leftQueue } from "../domain/incidents/incident.ts";
import type { Artifacts } from "../ports/artifacts.ts";
import type { CaptureLimits } from "../ports/capture-limits.ts";
import type { ServiceCapture, Services } from "../ports/services.ts";
import type { JobOutcome, JobRun } from "../ports/worker.ts";
import { withHappenings } from "../render/context-words.ts";
import { type ContextPorts, withContext } from "./captures/capture-context.ts";
import { captureLog, type LogPart } from "./captures/capture-log.ts";
import { cooledBy, type Resting, restingFor } from "./captures/cooldown.ts";
import { cooledByKept, finishedCapture } from "./captures/finished-capture.ts";
import { type LoggedCapturePorts, loggedCapture } from "./captures/logged-capture.ts";
import { openProcess } from "./captures/open-process.ts";
import { stepOf } from "./captures/steps.ts";
import { fail, type SettlePorts } from "./incidents/settle.ts";
import { defineJob, done, later } from "./job.ts";
import { nodeOf, onNode } from "./peers/node-place.ts";

export interface CaptureJobPorts extends ContextPorts, SettlePorts, LoggedCapturePorts {
  readonly services: Services;
  readonly limits: CaptureLimits;
  readonly artifacts: Artifacts;
}

/** How soon a capture that had to wait for its target or for a place looks again. */
export const lookAgainMs = 500;

/** Asks the target. Everything it gets is among the artifacts when it ends; the analysis follows. */
export const capture = defineJob({
  name: "capture",
  payload: z.object({ incidentId: z.string() }),
  attempts: 4,
  backoffMs: 1_000,
  // The request's own deadline ends a capture; this is for one that hangs in spite of it.
  timeoutMs: 3_900_000,
  // It waits for the network nearly all the time; the caps over all workers are what bounds it.
  concurrency: 20,
  async run({ incidentId }, ports: CaptureJobPorts, run): Promise<JobOutcome> {
    const incident = await ports.incidents.read(incidentId, run.signal);
    // With a bundle the capture is over: the worker died before it could say so.
    if (incident === undefined || isSettled(incident.state) || incident.bundle !== undefined) return done;
    if (await endWithKept(incident, ports, run.signal)) return done;
    const cooldown = await restingFor(incident, ports, run.signal);
    if ("problem" in cooldown) {
      await fail(incident.id, cooldown.problem, ports, run.signal);
      return done;
    }
    const place = await ports.limits.enter(incident.service, run.signal);
    if (!place.entered) return await waitFor(incident, place.reason, ports, run);
    let begun = true;
    try {
      const outcome = await captureFor(incident, cooldown.resting, ports, run);
      begun = outcome.kind === "done";
      return outcome;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      await fail(incident.id, error.message, ports, run.signal);
      return done;
    } finally {
      await place.leave(begun);
    }
  },
  async gaveUp({ incidentId }, reason, ports, signal) {
    await fail(incidentId, `The capture was given up: ${reason}`, ports, signal);
  },
});

/** The incident's own capture, in its log. */
const ownPart: LogPart = {
  read: (incident) => incident,
  begun: (incident, run) => ({ ...leftQueue(incident), ...run, state: "capturing" }),
  told: (incident, { steps }) => ({ ...incident, steps }),
  prefix: (id, run) => `incidents/${id}/bundle-${run}/`,
};

async function captureFor(
  incident: Incident,
  resting: Resting,
  ports: CaptureJobPorts,
  run: JobRun,
): Promise<JobOutcome> {
  const { target, instance, node, capture: settings } = await openProcess(incident, ports, run.signal);
  const log = captureLog(incident.id, ownPart, ports, run.signal);
  const request = { ...requestOf(incident, settings), resting };
  const captured = await onNode(
    nodeOf(target, node ?? incident.origin.page?.node),
    target,
    ports,
    run.signal,
    () =>
      withContext(incident, ports, (around) =>
        loggedCapture(request, target, log, { ...ports, ...around }, run.signal),
      ),
  );
  switch (captured.end) {
    case "done":
      await end(
        captured.outcome,
        cooledBy(resting),
        { ...incident, instance, runs: log.run() },
        ports,
        run.signal,
      );
      return done;
    case "busy":
      return await waitFor(incident, captured.reason, ports, run);
    case "overtaken":
      return done;
  }
}

/** Ends with what the last run kept, if that came to its end and the worker died before it could say so. */
async function endWithKept(
  incident: Incident,
  ports: CaptureJobPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, state, runs } = incident;
  // One that waits is to be captured anew, whatever came of it before.
  if (state !== "capturing") return false;
  const kept = await finishedCapture(ownPart.prefix(id, runs), ports.artifacts, signal);
  if (kept === undefined) return false;
  await end(kept, cooledByKept(kept), incident, ports, signal);
  return true;
}

/** `runs` of the incident is the run whose outcome it is. */
async function end(
  outcome: CaptureOutcome,
  kinds: readonly CaptureKind[],
  { id, service, instance, runs: ownRun }: Incident,
  ports: CaptureJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const { ending, bundle, reason } = outcome;
  await ports.limits.captured({ service, instance, incidentId: id, kinds }, signal);
  if (ending === "unreachable" || bundle === undefined) {
    await fail(id, withHappenings(reason ?? "Nothing was captured.", outcome.context), ports, signal);
    return;
  }
  const steps = outcome.manifest.captures.map(stepOf);
  await ports.incidents.update(
    id,
    (incident) =>
      incident.runs !== ownRun || isSettled(incident.state)
        ? incident
        : { ...incident, steps, bundle, ...(reason === undefined ? {} : { endedEarly: reason }) },
    signal,
  );
  await ports.queue.publish(id, "soon", signal);
}

/** What was asked for comes before what the service says comes before the defaults. */
function requestOf({ service, wish }: Incident, settings: ServiceCapture): CaptureRequest {
  return {
    ...defaultRequest,
    ...settings,
    service,
    ...(wish.cpuSeconds === undefined ? {} : { cpuSeconds: wish.cpuSeconds }),
    ...(wish.block === true ? { blockSeconds: settings.blockSeconds || usualBlockSeconds } : {}),
    ...(wish.deep === undefined ? {} : { deep: wish.deep }),
    include: [...new Set([...(settings.include ?? []), ...(wish.include ?? [])])],
    exclude: [
      ...new Set([
        ...(settings.exclude ?? []).filter((kind) => !(kind === "block" && wish.block === true)),
        ...(wish.exclude ?? []),
      ]),
    ],
  };
}

async function waitFor(
  { id }: Incident,
  reason: string,
  { incidents, queue }: CaptureJobPorts,
  { signal }: JobRun,
): Promise<JobOutcome> {
  let told = true;
  await incidents.update(
    id,
    (incident) => {
      told = incident.waitsFor !== undefined || incident.state !== "queued";
      // Another reason comes along with the next edit: reasons change often where many wait.
      if (incident.state !== "queued" || incident.waitsFor === reason) return incident;
      return { ...incident, waitsFor: reason };
    },
    signal,
  );
  if (!told) await queue.publish(id, "soon", signal);
  return later(lookAgainMs, reason);
}
