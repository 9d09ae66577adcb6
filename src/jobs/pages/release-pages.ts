import type { Alerts } from "../../ports/alerts.ts";
import type { HeldPages } from "../../ports/held-pages.ts";
import type { Mutes } from "../../ports/mutes.ts";
import type { PageMessages } from "../../ports/page-messages.ts";
import { isServiceMuted } from "./muted.ts";

interface ReleasePorts {
  readonly heldPages: HeldPages;
  readonly mutes: Mutes;
  readonly alerts: Pick<Alerts, "wake">;
  readonly pageMessages: Pick<PageMessages, "wake">;
}

const mostAtOnce = 100;

/**
 * Has the pages worked on that a mute held and that is over now. Every worker does it now and then; a death in between
 * has them worked on twice, which begins nothing twice. A page that is held again before it is let go, because the next
 * mute began in that instant, stays held.
 */
export async function releasePages(ports: ReleasePorts, signal: AbortSignal): Promise<void> {
  const { heldPages, alerts, pageMessages } = ports;
  const services = await heldPages.services(signal);
  if (services.length === 0) return;
  const mutes = await ports.mutes.list(signal);
  for (const service of services) {
    if (isServiceMuted(mutes, service)) continue;
    const held = await heldPages.of(service, mostAtOnce, signal);
    for (const { page } of held) {
      if (page.kind === "group") await alerts.wake(page.groupId, signal);
      else await pageMessages.wake(page.channel, page.ts, signal);
    }
    await heldPages.release(service, held, signal);
  }
}
