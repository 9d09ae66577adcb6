import type {
  MeasuredAfter,
  RollbackRequest,
  VerifyingCapture,
} from "../../domain/configuration/rollback-request.ts";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import { type Incident, isSettled } from "../../domain/incidents/incident.ts";
import { durationText } from "../../domain/units.ts";
import { measuredAfter } from "../../governance/rollback-measured.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { Clock } from "../../ports/clock.ts";
import type { VerifyTimes } from "../../ports/config-history.ts";
import type { Rollbacks } from "../../ports/rollbacks.ts";
import type { Services } from "../../ports/services.ts";
import type { JobOutcome } from "../../ports/worker.ts";
import { beginIncident } from "../incidents/begin.ts";
import type { SettlePorts } from "../incidents/settle.ts";
import { later } from "../job.ts";
import { documentOf } from "../peers/comparison.ts";
import { configurationIn } from "./configuration-told.ts";

export interface VerifyPorts extends SettlePorts {
  readonly services: Pick<Services, "processes">;
  readonly rollbacks: Rollbacks;
  readonly artifacts: Artifacts;
  readonly clock: Clock;
}

/** How often a capture that runs is looked at. */
const lookEveryMs = 2_000;
/** Long enough for what goes round in a process to be seen; the CPU's findings take a longer one. */
const shortCpuSeconds = 5;

/** One step of measuring: later, or the request as it is now. */
export async function verifyStep(
  request: RollbackRequest,
  times: VerifyTimes,
  ports: VerifyPorts,
  signal: AbortSignal,
): Promise<JobOutcome | RollbackRequest> {
  const { clock } = ports;
  const nowMs = clock.nowMs();
  const pushedAtMs = request.written?.atMs ?? nowMs;
  const endMs = pushedAtMs + times.withinMs;
  const running = request.captures.find(({ result }) => result === undefined);
  if (running !== undefined) {
    const result = await resultOf(running, request, ports, signal);
    if (result !== undefined) return await noted(request, running, result, ports, signal);
    if (nowMs < endMs) return later(lookEveryMs, "it is being measured");
    const problem = `${running.incidentId} was not through within ${durationText(times.withinMs)} after the push.`;
    return await noted(request, running, { helped: "unknown", measured: [], problem }, ports, signal);
  }
  const last = request.captures.at(-1);
  if (last?.result?.helped === "yes") return await over(request, "verified", ports, signal);
  const nextMs = last === undefined ? pushedAtMs + times.firstAfterMs : last.begunAtMs + times.againAfterMs;
  if (nextMs >= endMs && last !== undefined) return await over(request, "unverified", ports, signal);
  if (nowMs < nextMs) return later(Math.min(nextMs - nowMs, 60_000), "what was pushed takes its time");
  return await capture(request, ports, signal);
}

async function over(
  { id }: RollbackRequest,
  state: "verified" | "unverified",
  { rollbacks, clock }: VerifyPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  return await rollbacks.update(
    id,
    (now) => (now.state === "verifying" ? { ...now, state, overAtMs: clock.nowMs() } : now),
    signal,
  );
}

/** The same capture as the incident's, as a person asks for one; its card stands in the same thread. */
async function capture(
  request: RollbackRequest,
  ports: VerifyPorts,
  signal: AbortSignal,
): Promise<JobOutcome | RollbackRequest> {
  const { id, service, place, card, agreed, incident, captures } = request;
  const thread = place.thread ?? card?.ref?.ts;
  const draft = {
    service,
    ...(await processOf(request, ports, signal)),
    wish: needsCpu(incident) ? {} : { cpuSeconds: shortCpuSeconds },
    origin: {
      kind: "command",
      ...(agreed === undefined ? {} : { userId: agreed.userId }),
      intent: `rollback ${id} capture ${captures.length + 1}`,
    } as const,
    place: { channel: place.channel, ...(thread === undefined ? {} : { thread }) },
  };
  try {
    const begun = await beginIncident(draft, ports, signal);
    return await ports.rollbacks.update(
      id,
      (now) =>
        now.captures.some(({ incidentId }) => incidentId === begun.incident.id)
          ? now
          : {
              ...now,
              captures: [...now.captures, { incidentId: begun.incident.id, begunAtMs: ports.clock.nowMs() }],
            },
      signal,
    );
  } catch (error) {
    if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
    return later(error.retryAfterMs ?? 30_000, error.message);
  }
}

function needsCpu(incident: RollbackRequest["incident"]): boolean {
  return incident?.expected.some(({ rule }) => /^(?:cpu|gc|heap|sched)\//.test(rule)) === true;
}

/** That of the incident, while there is one of its name: a release may have brought others. */
async function processOf(
  { service, incident, captures }: RollbackRequest,
  { services }: VerifyPorts,
  signal: AbortSignal,
): Promise<Pick<Incident, "instance">> {
  const instance = incident?.instance;
  if (instance === undefined) return {};
  // One that did not answer the last time may be gone.
  if (captures.at(-1)?.result?.problem !== undefined) return {};
  try {
    const { processes } = await services.processes(service, signal);
    return processes.some(({ name }) => name === instance) ? { instance } : {};
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PortError || error instanceof UsageError) return {};
    throw error;
  }
}

/** Undefined while it runs. */
async function resultOf(
  { incidentId }: VerifyingCapture,
  { incident }: RollbackRequest,
  { incidents, artifacts }: VerifyPorts,
  signal: AbortSignal,
): Promise<VerifyingCapture["result"]> {
  const now = await incidents.read(incidentId, signal);
  if (now === undefined) return { helped: "unknown", measured: [], problem: `${incidentId} is gone.` };
  if (!isSettled(now.state)) return undefined;
  const { analysis, instance, problem = `${incidentId} has no verdict.` } = now;
  const whose = instance === undefined ? {} : { instance };
  if (analysis === undefined) return { helped: "unknown", measured: [], ...whose, problem };
  try {
    const document = await documentOf(analysis.document, artifacts, signal);
    const configuration = await configurationIn(now, artifacts, signal);
    return {
      ...measuredAfter(incident?.expected ?? [], document),
      ...(analysis.goroutines === undefined ? {} : { goroutines: analysis.goroutines }),
      ...whose,
      ...(configuration === undefined ? {} : { configuration }),
    };
  } catch (error) {
    if (error instanceof PortError && error.code === "not-found") {
      return { helped: "unknown", measured: [], ...whose, problem: reasonOf(error) };
    }
    throw error;
  }
}

async function noted(
  { id }: RollbackRequest,
  { incidentId }: VerifyingCapture,
  result: NonNullable<VerifyingCapture["result"]>,
  { rollbacks }: VerifyPorts,
  signal: AbortSignal,
): Promise<RollbackRequest> {
  const measured: readonly MeasuredAfter[] = result.measured.slice(0, 5);
  return await rollbacks.update(
    id,
    (now) => ({
      ...now,
      captures: now.captures.map((one) =>
        one.incidentId === incidentId && one.result === undefined
          ? { ...one, result: { ...result, measured } }
          : one,
      ),
    }),
    signal,
  );
}
