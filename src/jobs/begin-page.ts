import { PortError } from "../domain/errors.ts";
import type { IncidentDraft } from "../domain/incident.ts";
import type { Paging } from "../ports/alerts.ts";
import type { HeldPage, HeldPages } from "../ports/held-pages.ts";
import type { Mutes } from "../ports/mutes.ts";
import { beginIncident } from "./begin.ts";
import { isServiceMuted } from "./muted.ts";
import type { SettlePorts } from "./settle.ts";
import { isInShadow } from "./shadow.ts";

export interface BeginPagePorts extends SettlePorts {
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
  try {
    const wish = ports.paging.comparesPeers === false ? { ...draft.wish, peer: false } : draft.wish;
    const shadow = (await isInShadow(draft.service, ports.paging)) ? ({ shadow: true } as const) : {};
    await beginIncident({ ...draft, wish, ...shadow }, ports, signal);
  } catch (error) {
    if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
    // The queue is full. A page is answered all the same: its card says so.
    const incident = await ports.incidents.ofIntent(draft.origin.intent, signal);
    if (incident !== undefined) await ports.queue.publish(incident.id, "now", signal);
  }
}
