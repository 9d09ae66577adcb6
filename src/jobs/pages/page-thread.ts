import { defaultTitle, type PageMessage, pageLikeness } from "../../domain/alerts/page-message.ts";
import type { Place } from "../../domain/chat/message.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import type { AlertGroup, Paging } from "../../ports/alerts.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { KeptPageMessage, PageMessages } from "../../ports/page-messages.ts";

/** Senders post to the chat and to the webhook at the same time, and either may be slow. */
const messageWithinMs = 5_000;
const messageBeforeMs = 60_000;

export interface PageThreadPorts {
  readonly pageMessages: PageMessages;
  readonly paging: Paging;
  readonly clock: Clock;
}

/**
 * The message in the chat that people know the group's page by: the likeliest of this time that is no other group's.
 * One with the title that senders make by default is found by it; other titles have to be looked through.
 */
export async function messageOf(
  group: AlertGroup,
  { pageMessages, paging, clock }: PageThreadPorts,
  signal: AbortSignal,
): Promise<KeptPageMessage | undefined | "not yet"> {
  if (!paging.hearsMessages || group.notification.status !== "firing" || group.open.length > 0) {
    return undefined;
  }
  // A group that goes on changing does not put off its answer.
  const awaitedSinceMs = group.unansweredSinceMs ?? group.changedAtMs;
  const sinceMs = awaitedSinceMs - messageBeforeMs;
  const claimed = await pageMessages.claimedBy(group.id, signal);
  if (claimed !== undefined && claimed.status === "firing" && claimed.seenAtMs >= sinceMs) return claimed;
  for (const about of [{ sinceMs, title: defaultTitle(group.notification) }, { sinceMs }]) {
    const seen = await pageMessages.unclaimed(about, signal);
    const likely = seen
      .filter(({ status }) => status === "firing")
      .map((message) => ({ message, likeness: pageLikeness(message, group.notification) }))
      .filter(({ likeness }) => likeness > 0)
      .sort((a, b) => b.likeness - a.likeness || a.message.seenAtMs - b.message.seenAtMs);
    for (const { message } of likely) {
      if ((await pageMessages.claim(message, group.id, signal)) === group.id) return message;
    }
  }
  // Whoever noted the change may have another clock: one that is ahead must not keep the page waiting.
  return Math.abs(clock.nowMs() - awaitedSinceMs) < messageWithinMs ? "not yet" : undefined;
}

/** Of the incident that a message's page begins, whether its webhook comes or not. */
export function messageIntent(
  { channel, ts, round }: Pick<KeptPageMessage, "channel" | "ts" | "round">,
  service: string,
): string {
  return `page-message/${channel}/${ts}/${round === undefined ? "" : `${round}/`}${service}`;
}

/** The incident of the page before it was changed to its end and back; undefined for one that fires for the first time. */
export async function formerOf(
  { round, ...message }: KeptPageMessage,
  service: string,
  incidents: Pick<Incidents, "ofIntent">,
  signal: AbortSignal,
): Promise<Incident | undefined> {
  if (round === undefined) return undefined;
  const before = round === 1 ? message : { ...message, round: round - 1 };
  return await incidents.ofIntent(messageIntent(before, service), signal);
}

/** What stands at the page since then, to be replaced. */
export function markLeftBy(former: Incident | undefined): Pick<Incident, "pageMark"> {
  return former?.pageMark === undefined ? {} : { pageMark: former.pageMark };
}

export function placeOf({ channel, ts }: PageMessage): Place {
  return { channel, thread: ts };
}
