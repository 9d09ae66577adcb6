import * as z from "zod/mini";
import { type PageMessage, serviceNamedIn } from "../domain/page-message.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { defineJob, done, later } from "./job.ts";
import { begin, messageIntent, type PageJobPorts, placeOf, resolved } from "./page.ts";

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
    if (message === undefined || message.groupId !== undefined) return done;
    const services = (await ports.paging.services()).map(({ name }) => name);
    const service = serviceNamedIn(message.words, services);
    if (message.status === "resolved") {
      if (service !== undefined) await end(message, service, ports, signal);
      return done;
    }
    const restMs = Math.min(webhookWithinMs, message.seenAtMs + webhookWithinMs - ports.clock.nowMs());
    if (restMs > 0) return later(restMs, "its webhook may still come");
    // A page that names no service may be about anything: the webhook says which labels are missing.
    if (service === undefined) return done;
    await begin(
      {
        service,
        wish: {},
        origin: {
          kind: "page",
          intent: messageIntent(message, service),
          page: { title: message.title, sinceMs: message.seenAtMs },
        },
        place: placeOf(message),
      },
      ports,
      signal,
    );
    return done;
  },
  // There is no incident to tell of it; the worker's log does.
  async gaveUp() {},
});

async function end(
  message: PageMessage,
  service: string,
  { incidents, queue, clock }: PageJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const incident = await incidents.ofIntent(messageIntent(message, service), signal);
  if (incident === undefined) return;
  const nowMs = clock.nowMs();
  await incidents.update(incident.id, (now) => resolved(now, nowMs), signal);
  await queue.publish(incident.id, "now", signal);
}
