import { PortError } from "../../domain/errors.ts";
import type { IncidentDraft } from "../../domain/incidents/incident.ts";
import type { Paging } from "../../ports/alerts.ts";
import type { HeldPage, HeldPages } from "../../ports/held-pages.ts";
import type { Mutes } from "../../ports/mutes.ts";
import { beginIncident, beginUncaptured } from "../incidents/begin.ts";
import { coveredText, inStorm, type StormPagePorts } from "../storms/storm-page.ts";
import { isInShadow } from "../thread/shadow.ts";
import { isServiceMuted } from "./muted.ts";

export interface BeginPagePorts extends StormPagePorts {
  readonly mutes: Mutes;
  readonly heldPages: HeldPages;
  readonly paging: Paging;
}

/**
 * Begins the incident of a page. One of a muted service is held instead: what fires still when the mute is over is
 * answered then.
 */
export async function beginPage(
  draft: IncidentDraft,
  page: HeldPage,
  ports: BeginPagePorts,
  signal: AbortSignal,
): Promise<void> {
  if (isServiceMuted(await ports.mutes.list(signal), draft.service)) {
    await ports.heldPages.hold(draft.service, page, signal);
    return;
  }
  const shadow = (await isInShadow(draft.service, ports.paging)) ? ({ shadow: true } as const) : {};
  const storm = await inStorm({ ...draft, ...shadow }, page, ports, signal);
  const whole = { ...draft, ...shadow, ...(storm === undefined ? {} : { storm }) };
  if (storm?.captured !== undefined) {
    const other = await ports.incidents.ofIntent(storm.captured, signal);
    await beginUncaptured({ ...whole, problem: coveredText(draft.service, other) }, ports, signal);
    return;
  }
  try {
    // A storm has more to capture than there is room for.
    const isAlone = storm !== undefined || ports.paging.comparesPeers === false;
    const wish = isAlone ? { ...draft.wish, peer: false } : draft.wish;
    await beginIncident({ ...whole, wish }, ports, signal);
  } catch (error) {
    if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
    // The queue is full. A page is answered all the same: its card says so.
    const incident = await ports.incidents.ofIntent(draft.origin.intent, signal);
    if (incident !== undefined) await ports.queue.publish(incident.id, "now", signal);
  }
}
