import type { StormRow } from "../../domain/alerts/storm.ts";
import { unansweredPages } from "../../domain/alerts/storm-figures.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { CaptureLimits } from "../../ports/capture-limits.ts";
import type { Mutes } from "../../ports/mutes.ts";
import { restingFor } from "../captures/cooldown.ts";
import { priorityOf } from "../incidents/begin.ts";
import type { SettlePorts } from "../incidents/settle.ts";
import { isServiceMuted } from "../pages/muted.ts";

export interface StormAgainPorts extends SettlePorts {
  readonly mutes: Mutes;
  readonly limits: CaptureLimits;
}

/**
 * After a storm: captures one page of each service that still fires and has no verdict, the worst service first, as many
 * as there is room for in the queue; how many of them at the same time is for the caps to say, as ever. Once for each
 * service. Tells how many began; what is muted, cools down or finds no room is left for another time.
 */
export async function captureUnanswered(
  rows: readonly StormRow[],
  ports: StormAgainPorts,
  signal: AbortSignal,
): Promise<number> {
  const tried = new Set(
    rows.filter(({ incident }) => incident?.storm?.again === true).map(({ page }) => page.service),
  );
  const wanted = [...unansweredPages(rows)].filter(([service]) => !tried.has(service));
  if (wanted.length === 0) return 0;
  const [mutes, { waiting, delayed, limit }] = await Promise.all([
    ports.mutes.list(signal),
    ports.queue.counts(signal),
  ]);
  let begun = 0;
  for (const [service, pages] of wanted) {
    if (begun >= limit - waiting - delayed) break;
    const page = chosen(pages);
    if (page === undefined || isServiceMuted(mutes, service)) continue;
    if ("problem" in (await restingFor(page, ports, signal))) continue;
    await captureAgain(page, ports, signal);
    begun++;
  }
  return begun;
}

/** The one whose capture came to nothing, else the worst. Those of before the storm have cards of their own. */
function chosen(pages: readonly Incident[]): Incident | undefined {
  const stormed = pages.filter(({ storm }) => storm !== undefined);
  return stormed.find(({ runs }) => runs > 0) ?? stormed[0];
}

/** A death after the change leaves an incident that waits without work, which the sweep takes up. */
async function captureAgain(
  { id }: Incident,
  { incidents, queue }: SettlePorts,
  signal: AbortSignal,
): Promise<void> {
  await queue.forgetCapture(id, signal);
  const again = await incidents.update(id, waitingAgain, signal);
  if (again.state === "queued") await queue.enqueueCapture(id, priorityOf(again), signal);
}

function waitingAgain(incident: Incident): Incident {
  const { problem: _problem, bundle: _bundle, endedEarly: _endedEarly, ...rest } = incident;
  const { storm, wish } = incident;
  if (incident.state !== "failed" || storm === undefined) return incident;
  const { captured: _captured, ...place } = storm;
  return {
    ...rest,
    state: "queued",
    steps: [],
    wish: { ...wish, peer: false },
    storm: { ...place, again: true },
  };
}
