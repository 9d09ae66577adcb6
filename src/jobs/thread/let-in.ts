import type { Card, Incident, Reply } from "../../domain/incidents/incident.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Queue } from "../../ports/queue.ts";

/** What is older is no news to who lets gofire in now. */
const latelyMs = 3_600_000;
const mostShown = 20;

/**
 * gofire came into a channel: cards and replies that the chat refused there are sent once more. That an attempt was made
 * stays noted, so what came through after all is found and not repeated. Doing it twice does no harm.
 */
export async function showWhatWasRefused(
  channel: string,
  { incidents, queue, clock }: { incidents: Incidents; queue: Queue; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const recent = await incidents.recent(
    { channel, shadow: false, createdFromMs: clock.nowMs() - latelyMs, limit: mostShown },
    signal,
  );
  for (const { id } of recent.filter(wasRefused)) {
    await incidents.update(id, (now) => (wasRefused(now) ? askedAgain(now) : now), signal);
    await queue.publish(id, "now", signal);
  }
}

function wasRefused({ card, replies }: Incident): boolean {
  return card?.problem !== undefined || replies.some(({ state }) => state === "given-up");
}

function askedAgain({ card, ...incident }: Incident): Incident {
  return {
    ...incident,
    ...(card === undefined ? {} : { card: withoutProblem(card) }),
    replies: incident.replies.map((reply) =>
      reply.state === "given-up" ? { ...withoutProblem(reply), state: stateOf(reply) } : reply,
    ),
  };
}

function stateOf({ attemptedAtMs }: Reply): Reply["state"] {
  return attemptedAtMs === undefined ? "pending" : "posting";
}

function withoutProblem<Thing extends Card | Reply>({ problem: _problem, ...rest }: Thing) {
  return rest;
}
