import * as z from "zod/mini";
import { serviceNamedIn } from "../domain/alerts/page-message.ts";
import type { KeptPageMessage } from "../ports/page-messages.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { defineJob, done, later } from "./job.ts";
import type { PageJobPorts } from "./page.ts";
import { beginPage } from "./pages/begin-page.ts";
import { endPage } from "./pages/end-page.ts";
import { formerOf, markLeftBy, messageIntent, placeOf } from "./pages/page-thread.ts";

/** After this the webhook of the same page is not coming: whoever sends only messages is answered by what they say. */
const webhookWithinMs = 6_000;

/**
 * Answers a page that only stands in the chat. One whose webhook came, too, is that one's: the webhook has the labels,
 * so it goes first, and whichever comes later finds the same incident.
 */
export const pageMessage = defineJob({
  name: "page-message",
  payload: z.object({ channel: z.string(), ts: z.string() }),
  attempts: 12,
  backoffMs: 500,
  timeoutMs: 60_000,
  concurrency: 10,
  async run({ channel, ts }, ports: PageJobPorts, { signal }): Promise<JobOutcome> {
    const message = await ports.pageMessages.read(channel, ts, signal);
    if (message === undefined) return done;
    const first =
      message.firstTs === ts ? message : await ports.pageMessages.read(channel, message.firstTs, signal);
    if (first === undefined || first.groupId !== undefined) return done; // its webhook tells all there is to tell
    const services = (await ports.paging.services()).map(({ name }) => name);
    const service = serviceNamedIn(first.words, services);
    if (message.status === "resolved") {
      if (service !== undefined) await endFirst(first, service, ports, signal);
      return done;
    }
    const ageMs = ports.clock.nowMs() - message.seenAtMs;
    // Seen in the future it was by a clock that is ahead, which must not keep the page waiting.
    if (Math.abs(ageMs) < webhookWithinMs) {
      return later(webhookWithinMs - Math.max(0, ageMs), "its webhook may still come");
    }
    // A page that names no service may be about anything: the webhook says which labels are missing.
    if (service === undefined) return done;
    if (first !== message && (await isCounted(first, message, service, ports, signal))) return done;
    const former = await formerOf(first, service, ports.incidents, signal);
    // Changed to its end and back so fast that only the way back was seen.
    if (former !== undefined && former.resolvedAtMs === undefined) {
      await endPage(former, first.seenAtMs, ports, signal);
    }
    // Also a repeat, when the service was muted as the first one came.
    await beginPage(
      {
        service,
        wish: {},
        origin: {
          kind: "page",
          intent: messageIntent(first, service),
          page: { title: message.title, sinceMs: first.seenAtMs },
        },
        place: placeOf(message),
        ...markLeftBy(former),
      },
      { kind: "message", channel, ts },
      ports,
      signal,
    );
    return done;
  },
  // There is no incident to tell of it; the worker's log does.
  async gaveUp() {},
});

/** The sender said it again in a new message; false when nobody answered the first one. */
async function isCounted(
  first: KeptPageMessage,
  { seenAtMs }: KeptPageMessage,
  service: string,
  { incidents, queue }: PageJobPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const incident = await incidents.ofIntent(messageIntent(first, service), signal);
  if (incident === undefined) return false;
  await incidents.update(
    incident.id,
    (now) =>
      // The job may run twice for one message.
      (now.lastRepeatAtMs ?? 0) >= seenAtMs
        ? now
        : { ...now, repeats: now.repeats + 1, lastRepeatAtMs: seenAtMs },
    signal,
  );
  await queue.publish(incident.id, "soon", signal);
  return true;
}

async function endFirst(
  first: KeptPageMessage,
  service: string,
  ports: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  await ports.pageMessages.over(first.channel, first.ts, signal);
  const incident = await ports.incidents.ofIntent(messageIntent(first, service), signal);
  if (incident !== undefined) await endPage(incident, ports.clock.nowMs(), ports, signal);
}
