import * as z from "zod/mini";
import {
  fateOf,
  isEnded,
  type Storm,
  type StormRow,
  type StormView,
  worstFirst,
} from "../domain/alerts/storm.ts";
import type { Card, Reply } from "../domain/incidents/incident.ts";
import { counted } from "../domain/units.ts";
import type { Storms } from "../ports/storms.ts";
import type { JobOutcome } from "../ports/worker.ts";
import { defineJob, done, later } from "./job.ts";
import type { Cards } from "./publish.ts";
import { captureUnanswered, type StormAgainPorts } from "./storms/storm-again.ts";
import { putText } from "./thread/contents.ts";
import { type SendReplyPorts, sendReply } from "./thread/send-reply.ts";
import { isShown, showMessage } from "./thread/show-message.ts";

export interface StormJobPorts extends SendReplyPorts, StormAgainPorts {
  readonly storms: Storms;
  readonly cards: Cards;
}

/** Of the fifty edits a minute that Slack takes (tier 3), a digest uses at most a quarter. */
const editEveryMs = 5_000;
/** The first list waits until most of a storm is there. */
const firstListAfterMs = 30_000;
/** Pages may fire for days; a digest of the day before is not what people look at. */
const followMs = 86_400_000;
/** Of a digest that nobody brought up to date for so long, a worker's death or a silent chat lost the job. */
const forgottenMs = 60_000;

/**
 * Makes the digest say what the storm is: one message, posted once and edited from then on, and in its thread the list of
 * all pages. Goes on until the storm is over; after that each change of one of its pages has it run again. The queue
 * runs it for one storm at a time.
 */
export const storm = defineJob({
  name: "storm",
  payload: z.object({ stormId: z.string() }),
  attempts: 8,
  backoffMs: 500,
  timeoutMs: 120_000,
  concurrency: 4,
  async run({ stormId }, ports: StormJobPorts, { signal }): Promise<JobOutcome> {
    const present = await ports.storms.endIfQuiet(stormId, signal);
    if (present === undefined) return done;
    const waitMs = tooSoonMs(present, ports.clock.nowMs());
    if (waitMs > 0) return later(waitMs, "the last edit is fresh");
    let rows = await rowsOf(stormId, ports, signal);
    if (present.overAtMs !== undefined && (await captureUnanswered(rows, ports, signal)) > 0) {
      rows = await rowsOf(stormId, ports, signal);
    }
    const view: StormView = { storm: present, rows };
    const shown = await showDigest(view, ports, signal);
    await sendLists(shown, view, ports, signal);
    if (present.overAtMs === undefined) return later(editEveryMs, "the storm goes on");
    if (rows.some((row) => isUnderWay(row))) return later(editEveryMs, "some of it is still captured");
    const isForgotten = ports.clock.nowMs() - present.beganAtMs > followMs;
    if (rows.every(isEnded) || isForgotten) await ports.storms.settle(stormId, signal);
    return done;
  },
  async gaveUp() {
    // The storm stays unsettled, so the sweep wakes this job again until the chat takes it.
  },
});

/** Wakes the digests that were not looked at for a while. Every worker does it now and then. */
export async function sweepStorms(
  { storms }: Pick<StormJobPorts, "storms">,
  signal: AbortSignal,
): Promise<void> {
  for (const id of await storms.unsettled(forgottenMs, signal)) await storms.wake(id, signal);
}

function tooSoonMs({ card }: Storm, nowMs: number): number {
  if (card?.shownAtMs === undefined) return 0;
  const restMs = card.shownAtMs + editEveryMs - nowMs;
  // Far more than the pause itself is another machine's clock.
  return restMs > 2 * editEveryMs ? 0 : Math.max(0, restMs);
}

function isUnderWay(row: StormRow): boolean {
  const fate = fateOf(row);
  return fate === "waiting" || fate === "capturing";
}

async function rowsOf(
  stormId: string,
  { storms, incidents, queue }: StormJobPorts,
  signal: AbortSignal,
): Promise<readonly StormRow[]> {
  const pages = await storms.pages(stormId, signal);
  const found = await incidents.ofIntents(
    pages.map(({ intent }) => intent),
    signal,
  );
  const rows: StormRow[] = [];
  for (const page of pages) {
    const incident = found.get(page.intent);
    if (incident?.state === "queued") {
      const queuePlace = await queue.placeOf(incident.id, signal);
      rows.push({ page, incident: queuePlace === undefined ? incident : { ...incident, queuePlace } });
    } else rows.push(incident === undefined ? { page } : { page, incident });
  }
  return rows.sort(worstFirst);
}

async function showDigest(view: StormView, ports: StormJobPorts, signal: AbortSignal): Promise<Storm> {
  const { id, channel, card } = view.storm;
  const body = ports.cards.storm(view);
  if (isShown(card, body)) return view.storm;
  return await showMessage(
    {
      card,
      intent: id,
      place: { channel },
      body,
      urgency: "news",
      change: async (changed) =>
        await ports.storms.update(id, (now) => withCard(now, changed(now.card)), signal),
    },
    ports,
    signal,
  );
}

/**
 * A file cannot be edited, so there are several: one when most pages are there, one each time when there are twice as many,
 * and the last one when the storm is over.
 */
async function sendLists(
  shown: Storm,
  view: StormView,
  ports: StormJobPorts,
  signal: AbortSignal,
): Promise<void> {
  if (shown.card?.ref === undefined) return;
  const { channel, ts } = shown.card.ref;
  let now = await withList(shown, view, ports, signal);
  for (;;) {
    const reply = now.replies.find(({ state }) => state === "pending" || state === "posting");
    if (reply === undefined) return;
    now = await sendReply(
      reply,
      { channel, thread: ts },
      { body: () => ({ text: reply.text }), comment: () => reply.text },
      async (changed) => await ports.storms.update(now.id, (one) => withReply(one, reply, changed), signal),
      ports,
      signal,
    );
  }
}

async function withList(
  shown: Storm,
  view: StormView,
  ports: StormJobPorts,
  signal: AbortSignal,
): Promise<Storm> {
  const { id, listed = 0, overAtMs, beganAtMs, replies } = shown;
  const pages = view.rows.length;
  const isOver = overAtMs !== undefined && !view.rows.some(isUnderWay);
  const isDue = ports.clock.nowMs() - beganAtMs >= firstListAfterMs && pages >= 2 * listed;
  const intent = isOver ? `${id}/over` : `${id}/list-${pages}`;
  if (!(isOver || isDue) || replies.some((other) => other.intent === intent)) return shown;
  const name = `${intent.slice(intent.indexOf("/") + 1)}.md`;
  const artifact = await putText(
    `incidents/${id}/${name}`,
    ports.cards.stormList(view),
    ports.artifacts,
    signal,
  );
  const reply: Reply = {
    intent,
    kind: "report",
    text: isOver
      ? `What became of all ${counted(pages, "page")} of this storm.`
      : `All ${counted(pages, "page")} of this storm so far, worst first.`,
    files: [{ artifact, name: `${id}.${name}`, title: `Pages of ${id}` }],
    state: "pending",
  };
  return await ports.storms.update(
    id,
    (now) =>
      now.replies.some((other) => other.intent === intent)
        ? now
        : { ...now, listed: pages, replies: [...now.replies, reply] },
    signal,
  );
}

function withReply(now: Storm, { intent }: Reply, changed: (reply: Reply) => Reply): Storm {
  return {
    ...now,
    replies: now.replies.map((other) => (other.intent === intent ? changed(other) : other)),
  };
}

function withCard({ card: _before, ...rest }: Storm, card: Card | undefined): Storm {
  return card === undefined ? rest : { ...rest, card };
}
