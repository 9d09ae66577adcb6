import type { GofireConfig, ServiceConfig } from "../../config/gofire-config.ts";
import { reasonOf, UsageError } from "../../domain/errors.ts";
import { askedOf, wantedOf } from "../../domain/targets/target-place.ts";
import { counted, durationText } from "../../domain/units.ts";
import type { CurrentRates } from "../../parsers/rate-lease.ts";
import type { LentRates } from "../../ports/go-target.ts";
import {
  type KnownTargets,
  type ServiceTarget,
  type ServiceTargets,
  serviceTargets,
} from "../access/service-targets.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";

type TargetPorts = Pick<Ports, "clock" | "goTargets" | "host" | "targetSources">;

/** Of one service: who has hundreds of pods learns nothing from the hundredth. */
const mostAsked = 10;

/**
 * Whether processes are found where gofire.yaml says to look, and whether each answers; one after another: doctor must not
 * be a load test.
 */
export async function targetChecks(
  config: GofireConfig,
  context: CommandContext,
  ports: TargetPorts,
): Promise<readonly DoctorCheck[]> {
  const [host, sources, clock] = await Promise.all([ports.host(), ports.targetSources(), ports.clock()]);
  const targets = serviceTargets(config, { host, sources, clock });
  const checks: DoctorCheck[] = [];
  for (const [name, service] of Object.entries(config.services)) {
    const { check, known } = await lookupCheck(name, service, targets, context);
    if (check !== undefined) checks.push(check);
    for (const target of known.slice(0, service.targets.length + mostAsked)) {
      context.progress(`Asking ${name} ${target.name}…`);
      checks.push(...(await targetCheck(name, target, context, ports)));
    }
  }
  return checks;
}

async function lookupCheck(
  service: string,
  { discover }: ServiceConfig,
  targets: ServiceTargets,
  context: CommandContext,
): Promise<{ readonly check?: DoctorCheck; readonly known: readonly ServiceTarget[] }> {
  const { signal } = context;
  if (discover === undefined) return { known: (await targets.of(service, signal)).targets };
  const name = `${service} discover`;
  const asked = askedOf(discover.place);
  context.progress(`Asking ${asked} for the processes of ${service}…`);
  try {
    const known = await targets.of(service, signal);
    return {
      check: foundCheck(name, `${asked} was asked for ${wantedOf(discover.place)}`, known, discover.at),
      known: known.targets,
    };
  } catch (error) {
    signal.throwIfAborted();
    const next = `Without it no process of ${service} is known. (${discover.at})`;
    return { check: { name, state: "failed", detail: reasonOf(error), next }, known: [] };
  }
}

function foundCheck(
  name: string,
  question: string,
  { targets, leftOut, trouble }: KnownTargets,
  at: string,
): DoctorCheck {
  if (trouble !== undefined)
    return { name, state: "failed", detail: trouble, next: `It is asked again in an incident. (${at})` };
  const detail = `${question}: ${counted(targets.length, "process", "processes")}${leftOut === undefined ? "" : `; ${leftOut}`}`;
  if (targets.length > 0) return { name, state: "ok", detail };
  return {
    name,
    state: "warning",
    detail,
    next: `Is the service running, and is this how it is found? (${at})`,
  };
}

const probeLimits = { deadlineMs: 2_000, maxBytes: 1 << 20 };

async function targetCheck(
  service: string,
  target: ServiceTarget,
  context: CommandContext,
  ports: TargetPorts,
): Promise<readonly DoctorCheck[]> {
  const { signal } = context;
  try {
    const [{ explainRefusal }, goTargets] = await Promise.all([
      import("../../capture/answers.ts"),
      ports.goTargets(),
    ]);
    const { address, access, instance } = await target.named({ access: {} }, signal);
    const name = instance === undefined ? service : `${service} ${instance}`;
    const goTarget = goTargets.open(address, access);
    try {
      const answer = await goTarget.index(probeLimits, signal);
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer.body) chunks.push(chunk);
      if (answer.status !== 200) {
        const text = Buffer.concat(chunks).toString();
        const { reason } = explainRefusal({ ...answer, kind: "index", text });
        return [{ name, state: "failed", detail: goTarget.url, next: reason }];
      }
      const detail = `${goTarget.url} answers in ${durationText(Math.round(answer.headerMs))}`;
      const reached: DoctorCheck = { name, state: "ok", detail };
      const { rates } = goTarget;
      const { profileRatesPath: path } = address;
      if (rates === undefined || path === undefined) return [reached];
      return [reached, await ratesCheck(`${name} profile rates`, path, rates, context)];
    } finally {
      await goTarget.close();
    }
  } catch (error) {
    // Nobody was asked yet.
    const next =
      error instanceof UsageError
        ? `It is not captured without it. (${target.at})`
        : `Is the service up, and may this machine reach its debug port? (${target.at})`;
    return [{ name: `${service} ${target.name}`, state: "failed", detail: reasonOf(error), next }];
  }
}

/** Whether waits could be recorded in an incident. Nothing is lent for the answer: doctor changes no process. */
async function ratesCheck(
  name: string,
  path: string,
  rates: LentRates,
  { signal }: CommandContext,
): Promise<DoctorCheck> {
  const { lookAtRates } = await import("../../capture/rate-lease.ts");
  let found: CurrentRates | string;
  try {
    found = await lookAtRates(rates, signal);
  } catch (error) {
    signal.throwIfAborted();
    found = reasonOf(error);
  }
  if (typeof found !== "string")
    return { name, state: "ok", detail: `${path} lends them; ${ratesText(found)}` };
  const next =
    "Captures go on without a window of waits until it does; serve lab/profilerates there, or take profileRatesPath out.";
  return { name, state: "warning", detail: `${path}: ${found}`, next };
}

function ratesText({ blockRateNs, mutexFraction, expiresAt }: CurrentRates): string {
  const waits =
    blockRateNs === 0
      ? "no waits are recorded now"
      : `a wait is recorded for each ${durationText(blockRateNs / 1e6)} of waiting now`;
  const locks = mutexFraction === 0 ? "" : `, and one in ${mutexFraction} contentions of locks`;
  const lent = expiresAt === undefined ? "" : `, lent to somebody until ${expiresAt} by its clock`;
  return waits + locks + lent;
}
