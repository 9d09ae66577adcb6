import * as z from "zod/mini";
import type { Alert, AlertNotification } from "../domain/alert.ts";
import { channelFor, routeAlerts, type ServiceAlerts, usualServiceLabels } from "../domain/alert-routing.ts";
import { PortError } from "../domain/errors.ts";
import { type Incident, type IncidentDraft, isSettled, type PageFacts } from "../domain/incident.ts";
import type { Place } from "../domain/message.ts";
import { type PageMessage, pageLikeness } from "../domain/page-message.ts";
import type { AlertGroup, Alerts, OpenPage, Paging } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Mutes } from "../ports/mutes.ts";
import type { PageMessages } from "../ports/page-messages.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { beginIncident } from "./begin.ts";
import { defineJob, done, later } from "./job.ts";
import { isServiceMuted } from "./muted.ts";
import { fail, type SettlePorts } from "./settle.ts";

export interface PageJobPorts extends SettlePorts {
  readonly alerts: Alerts;
  readonly pageMessages: PageMessages;
  readonly paging: Paging;
  readonly mutes: Mutes;
  readonly clock: Clock;
}

/** Stands for the alerts of a group that belong to no service. */
const noService = "";

/**
 * Makes the incidents follow a group of alerts as it stands now: begins one for each service that fires, ends those
 * whose alerts are resolved. Which page is open is noted before its incident begins, so that a death in between begins
 * the same incident and no second one.
 */
export const page = defineJob({
  name: "page",
  payload: z.object({ groupId: z.string() }),
  // The sender has been told that we took it over.
  attempts: 12,
  backoffMs: 500,
  timeoutMs: 60_000,
  concurrency: 10,
  async run({ groupId }, ports: PageJobPorts, { signal }): Promise<JobOutcome> {
    const group = await ports.alerts.read(groupId, signal);
    if (group === undefined) return done;
    const message = await messageOf(group, ports, signal);
    if (message === "not yet") return later(lookAgainMs, "the page may still come up in the chat");
    const routed = routeAlerts(group.notification.alerts, await ports.paging.services());
    const paged = { group, message };
    for (const about of routed.services) await follow(paged, about, ports, signal);
    if (routed.unmatched.length > 0) {
      await follow(paged, { service: noService, alerts: routed.unmatched }, ports, signal);
    }
    // Alertmanager leaves resolved alerts out once it has told of them.
    const present = new Set(routed.services.map(({ service }) => service));
    if (routed.unmatched.length > 0) present.add(noService);
    for (const open of group.open) {
      if (!present.has(open.service)) await end(group, open, undefined, ports, signal);
    }
    return done;
  },
  // There is no incident to tell of it; the worker's log does. The sender will say it again.
  async gaveUp({ groupId }, _reason, { alerts }, signal) {
    await alerts.workAgain(groupId, signal);
  },
});

/** A group of alerts, and the message in the chat that people know it by. */
interface Paged {
  readonly group: AlertGroup;
  readonly message: PageMessage | undefined;
}

/** Senders post to the chat and to the webhook at the same time, and either may be slow. */
const messageWithinMs = 5_000;
const messageBeforeMs = 60_000;
const lookAgainMs = 500;

/** The page that people see: the likeliest message of this time that is no other group's. */
async function messageOf(
  group: AlertGroup,
  { pageMessages, paging, clock }: PageJobPorts,
  signal: AbortSignal,
): Promise<PageMessage | undefined | "not yet"> {
  if (!paging.hearsMessages || group.notification.status !== "firing" || group.open.length > 0) {
    return undefined;
  }
  const seen = await pageMessages.seenSince(group.changedAtMs - messageBeforeMs, signal);
  const likely = seen
    .filter(({ status, groupId }) => status === "firing" && (groupId ?? group.id) === group.id)
    .map((message) => ({ message, likeness: pageLikeness(message, group.notification) }))
    .filter(({ likeness }) => likeness > 0)
    .sort((a, b) => b.likeness - a.likeness || a.message.seenAtMs - b.message.seenAtMs);
  for (const { message } of likely) {
    if ((await pageMessages.claim(message, group.id, signal)) === group.id) return message;
  }
  // Whoever noted the change may have another clock: one that is ahead must not keep the page waiting.
  return Math.abs(clock.nowMs() - group.changedAtMs) < messageWithinMs ? "not yet" : undefined;
}

async function follow(
  { group, message }: Paged,
  about: ServiceAlerts,
  ports: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const { service, alerts } = about;
  const firing = alerts.filter(({ status }) => status === "firing");
  const open = group.open.find((candidate) => candidate.service === service);
  if (firing.length === 0) {
    const endsAtMs = Math.max(...alerts.map((alert) => alert.endsAtMs ?? 0));
    if (open !== undefined) await end(group, open, endsAtMs > 0 ? endsAtMs : undefined, ports, signal);
    return;
  }
  if (open !== undefined) {
    const incident = await ports.incidents.ofIntent(open.intent, signal);
    if (incident !== undefined && isUnderWay(open, incident)) return;
    if (incident !== undefined && isOver(incident)) await ports.alerts.closePage(group.id, open, signal);
  }
  const sinceMs = Math.min(...firing.map(({ startsAtMs }) => startsAtMs));
  const wanted: Required<OpenPage> = {
    service,
    intent:
      message === undefined ? `page/${group.id}/${service}/${sinceMs}` : messageIntent(message, service),
    repeatsBefore: group.repeats,
    // A page that people see already is answered in its own thread, wherever that is.
    place: message === undefined ? await usualPlace(about, ports.paging) : placeOf(message),
  };
  const opened = { ...wanted, ...(await ports.alerts.openPage(group.id, wanted, signal)) };
  if (service === noService) await tellUnmatched(group, opened, firing, ports, signal);
  else await begin(draftOf(group, opened, about), ports, signal);
}

async function usualPlace(about: ServiceAlerts, paging: Paging): Promise<Place> {
  const { channel: usual, routes } = paging;
  return { channel: channelFor(about, { routes, services: await paging.services(), usual }) };
}

/** False after a death between the incident's beginning and the words that are all there is to say of it. */
function isUnderWay({ service }: OpenPage, incident: Incident): boolean {
  return service === noService ? isSettled(incident.state) : !isOver(incident);
}

/** Its alerts ended, and the worker died before it could close the page: what fires now is a new one. */
function isOver({ resolvedAtMs, resolvedBy }: Incident): boolean {
  return resolvedAtMs !== undefined && resolvedBy === undefined;
}

/** Of the incident that a message's page begins, whether its webhook comes or not. */
export function messageIntent({ channel, ts }: PageMessage, service: string): string {
  return `page-message/${channel}/${ts}/${service}`;
}

export function placeOf({ channel, ts }: PageMessage): Place {
  return { channel, thread: ts };
}

export async function begin(
  draft: IncidentDraft,
  ports: SettlePorts & Pick<PageJobPorts, "mutes">,
  signal: AbortSignal,
): Promise<void> {
  // The page stays open: what fires still when the mute is over is answered with the next change of its group.
  if (isServiceMuted(await ports.mutes.list(signal), draft.service)) return;
  try {
    await beginIncident(draft, ports, signal);
  } catch (error) {
    if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
    // The queue is full. A page is answered all the same: its card says so.
    const incident = await ports.incidents.ofIntent(draft.origin.intent, signal);
    if (incident !== undefined) await ports.queue.publish(incident.id, "now", signal);
  }
}

function draftOf(
  { notification }: AlertGroup,
  { intent, place }: Required<OpenPage>,
  { service, instance, unknownInstance, alerts }: ServiceAlerts,
): IncidentDraft {
  const facts = factsOf(nameOf(notification, alerts) ?? "Alert", alerts);
  return {
    service,
    ...(instance === undefined ? {} : { instance }),
    wish: {},
    origin: {
      kind: "page",
      intent,
      page: { ...facts, ...(unknownInstance === undefined ? {} : { unknownInstance }) },
    },
    place,
  };
}

function nameOf({ commonLabels }: AlertNotification, [first]: readonly Alert[]): string | undefined {
  return commonLabels["alertname"] ?? first?.labels["alertname"];
}

function factsOf(name: string, alerts: readonly Alert[]): PageFacts {
  return {
    title: `${name}${alerts.length > 1 ? ` (${alerts.length} alerts)` : ""}`,
    sinceMs: Math.min(...alerts.map(({ startsAtMs }) => startsAtMs)),
  };
}

/** Said once for as long as the group fires: which labels there are, and what to write where. */
async function tellUnmatched(
  { notification }: AlertGroup,
  { intent, place }: Required<OpenPage>,
  alerts: readonly Alert[],
  ports: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const name = nameOf(notification, alerts) ?? "an alert";
  const draft: IncidentDraft = {
    service: name,
    wish: {},
    origin: { kind: "page", intent, page: factsOf(name, alerts) },
    place,
  };
  const { incident } = await ports.incidents.create(draft, signal);
  await fail(incident.id, unmatchedText(alerts[0]?.labels ?? {}), ports, signal);
}

function unmatchedText(labels: Alert["labels"]): string {
  const there = Object.entries(labels)
    .filter(([name]) => name !== "alertname")
    .slice(0, 6)
    .map(([name, value]) => `${name}="${value.slice(0, 60)}"`)
    .join(", ");
  return (
    `This page belongs to no service that gofire knows. Its labels: ${there === "" ? "none" : there}. ` +
    `Give the alert a label ${usualServiceLabels.slice(0, 2).join(" or ")} that names the service, ` +
    "or add a match to the service in gofire.yaml."
  );
}

/** A capture that is under way goes on: its verdict is wanted all the same, and comes as resolved. */
async function end(
  group: AlertGroup,
  open: OpenPage,
  endedAtMs: number | undefined,
  { alerts, incidents, pageMessages, queue, clock }: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const incident = await incidents.ofIntent(open.intent, signal);
  if (incident !== undefined) {
    const resolvedAtMs = endedAtMs ?? clock.nowMs();
    await incidents.update(incident.id, (now) => resolved(now, resolvedAtMs), signal);
    await queue.publish(incident.id, "now", signal);
    const { channel, thread } = incident.place;
    if (thread !== undefined) await pageMessages.over(channel, thread, signal);
  }
  await alerts.closePage(group.id, open, signal);
}

export function resolved(incident: Incident, resolvedAtMs: number): Incident {
  if (incident.resolvedAtMs !== undefined) return incident;
  return { ...incident, resolvedAtMs, ...(isSettled(incident.state) ? { state: "resolved" } : {}) };
}

const mostAtOnce = 100;

/** Brings the repeats that were counted since the last time to the cards. Every worker does it now and then. */
export async function countRepeats(
  { alerts, incidents, queue }: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  for (const groupId of await alerts.takeRepeated(mostAtOnce, signal)) {
    const group = await alerts.read(groupId, signal);
    for (const open of group?.open ?? []) {
      const incident = await incidents.ofIntent(open.intent, signal);
      if (group === undefined || incident === undefined) continue;
      const repeats = group.repeats - open.repeatsBefore;
      await incidents.update(
        incident.id,
        (now) =>
          now.repeats >= repeats
            ? now
            : {
                ...now,
                repeats,
                ...(group.lastRepeatAtMs === undefined ? {} : { lastRepeatAtMs: group.lastRepeatAtMs }),
              },
        signal,
      );
      await queue.publish(incident.id, "soon", signal);
    }
  }
}
