import * as z from "zod/mini";
import type { Alert } from "../domain/alerts/alert.ts";
import { channelFor, routeAlerts, type ServiceAlerts } from "../domain/alerts/alert-routing.ts";
import { defaultTitle } from "../domain/alerts/page-message.ts";
import type { Place } from "../domain/chat/message.ts";
import type { Incident, IncidentDraft } from "../domain/incidents/incident.ts";
import type { AlertGroup, Alerts, OpenPage, Paging } from "../ports/alerts.ts";
import type { KeptPageMessage } from "../ports/page-messages.ts";
import type { Services } from "../ports/services.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { beginUncaptured } from "./incidents/begin.ts";
import { defineJob, done, later } from "./job.ts";
import { type BeginPagePorts, beginPage } from "./pages/begin-page.ts";
import { endPage } from "./pages/end-page.ts";
import { type PagedService, processFacts, withProcesses } from "./pages/page-process.ts";
import {
  formerOf,
  markLeftBy,
  messageIntent,
  messageOf,
  type PageThreadPorts,
  placeOf,
} from "./pages/page-thread.ts";
import { alertName, pageFacts, unmatchedText } from "./pages/page-words.ts";
import { inStorm } from "./storms/storm-page.ts";
import { isInShadow } from "./thread/shadow.ts";

export interface PageJobPorts extends BeginPagePorts, PageThreadPorts {
  readonly alerts: Alerts;
  readonly services: Services;
}

/** Stands for the alerts of a group that belong to no service. */
const noService = "";

/** How soon a page looks again for its message in the chat. */
const lookAgainMs = 500;

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
    for (const about of routed.services) {
      await follow(paged, await withProcesses(about, ports.services, signal), ports, signal);
    }
    if (routed.unmatched.length > 0) {
      await follow(paged, { service: noService, alerts: routed.unmatched }, ports, signal);
    }
    // Alertmanager leaves resolved alerts out once it has told of them.
    if (isInPart(group)) return done;
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

/** Others of its alerts may still fire: the sender left some out (`max_alerts`), or all that there are. */
function isInPart({ notification: { status, alerts, truncatedAlerts } }: AlertGroup): boolean {
  return status === "firing" && (truncatedAlerts > 0 || alerts.length === 0);
}

/** A group of alerts, and the message in the chat that people know it by. */
interface Paged {
  readonly group: AlertGroup;
  readonly message: KeptPageMessage | undefined;
}

async function follow(
  { group, message }: Paged,
  about: PagedService,
  ports: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const { service, alerts } = about;
  const firing = alerts.filter(({ status }) => status === "firing");
  const open = group.open.find((candidate) => candidate.service === service);
  if (firing.length === 0) {
    if (isInPart(group)) return;
    const endsAtMs = Math.max(...alerts.map((alert) => alert.endsAtMs ?? 0));
    if (open !== undefined) await end(group, open, endsAtMs > 0 ? endsAtMs : undefined, ports, signal);
    return;
  }
  if (open !== undefined) {
    const incident = await ports.incidents.ofIntent(open.intent, signal);
    if (incident !== undefined) {
      if (!isOver(incident)) {
        await noteNamed(incident, about, ports, signal);
        return;
      }
      await ports.alerts.closePage(group.id, open, signal);
    }
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
  else {
    const former =
      message === undefined ? undefined : await formerOf(message, service, ports.incidents, signal);
    const draft = { ...draftOf(group, opened, about), ...markLeftBy(former) };
    await beginPage(draft, { kind: "group", groupId: group.id }, ports, signal);
  }
}

async function usualPlace(about: ServiceAlerts, paging: Paging): Promise<Place> {
  const { channel: usual, routes } = paging;
  return { channel: channelFor(about, { routes, services: await paging.services(), usual }) };
}

/** Alerts that joined may name further processes, which are then no measure of health. */
async function noteNamed(
  { id, origin: { page } }: Incident,
  { named = [] }: PagedService,
  { incidents }: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  if (named.every((instance) => page?.named?.includes(instance) === true)) return;
  await incidents.update(
    id,
    (now) => {
      const { page: facts } = now.origin;
      if (facts === undefined) return now;
      return { ...now, origin: { ...now.origin, page: { ...facts, named } } };
    },
    signal,
  );
}

/** Its alerts ended, and the worker died before it could close the page: what fires now is a new one. */
function isOver({ resolvedAtMs, resolvedBy }: Incident): boolean {
  return resolvedAtMs !== undefined && resolvedBy === undefined;
}

function draftOf(
  { notification }: AlertGroup,
  { intent, place }: Required<OpenPage>,
  about: PagedService,
): IncidentDraft {
  const { service, instance, alerts } = about;
  const facts = pageFacts(alertName(notification, alerts) ?? "Alert", alerts);
  return {
    service,
    ...(instance === undefined ? {} : { instance }),
    wish: {},
    origin: {
      kind: "page",
      intent,
      page: { ...facts, ...processFacts(about) },
    },
    place,
  };
}

/** Said once for as long as the group fires. */
async function tellUnmatched(
  { id: groupId, notification }: AlertGroup,
  { intent, place }: Required<OpenPage>,
  alerts: readonly Alert[],
  ports: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const name = alertName(notification, alerts) ?? "an alert";
  const page = pageFacts(name, alerts);
  const draft: IncidentDraft = {
    service: name,
    wish: {},
    origin: { kind: "page", intent, page },
    place,
    ...((await isInShadow(undefined, ports.paging)) ? { shadow: true } : {}),
  };
  // Its line in a digest has no service to tell it from others: it is called as the sender titles it.
  const title = defaultTitle(notification);
  const storm = await inStorm(
    {
      ...draft,
      service: noService,
      origin: { ...draft.origin, page: { ...page, title: title === "" ? name : title } },
    },
    { kind: "group", groupId },
    ports,
    signal,
  );
  const problem = unmatchedText(alerts[0]?.labels ?? {}, await ports.paging.services());
  await beginUncaptured({ ...draft, ...(storm === undefined ? {} : { storm }), problem }, ports, signal);
}

async function end(
  group: AlertGroup,
  open: OpenPage,
  endedAtMs: number | undefined,
  ports: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const { alerts, incidents, pageMessages, clock } = ports;
  const incident = await incidents.ofIntent(open.intent, signal);
  if (incident !== undefined) {
    await endPage(incident, endedAtMs ?? clock.nowMs(), ports, signal);
    const { channel, thread } = incident.place;
    if (thread !== undefined) await pageMessages.over(channel, thread, signal);
  }
  await alerts.closePage(group.id, open, signal);
}
