import { countStorms, type StormCount } from "../../domain/alerts/storm-count.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";
import { serviceNamed } from "./snapshot.ts";

const mostShown = 10;
const mostStorms = 5;
/** Of storms; as many as are looked through for what a person may see. */
const mostCounted = 1_600;
const dayMs = 86_400_000;
/** A list without a link is worth more than one that comes late. */
const linkWithinMs = 1_500;
/** As many as may wait by default. */
const mostOpen = 100;

export const status = defineChatCommand({
  name: "status",
  summary: "See what is captured, what waits, the last verdicts, and what shadow mode kept back",
  usage: "[SERVICE] [everywhere]",
  examples: [
    { line: "status", does: "of this channel" },
    { line: "status order", does: "of one service, whoever asked" },
    { line: "status everywhere", does: "of all channels" },
  ],
  whoMayUse: "status",
  operands: { placeholder: "a SERVICE", min: 0, max: 1 },
  options: { everywhere: { kind: "flag", summary: "all channels" } },
  async run({ place }, { operands: [typed], everywhere }, ports, signal) {
    const { services, incidents, queue, mutes, clock } = ports;
    const name = typed === undefined ? undefined : serviceNamed(await services.list(), typed).name;
    const about = name !== undefined ? { service: name } : everywhere ? {} : { channel: place.channel };
    const over = { ...about, states: ["verdict", "failed", "resolved"], limit: mostShown } as const;
    const createdFromMs = clock.nowMs() - dayMs;
    const [open, last, shadowed, stormed, counts, silences] = await Promise.all([
      incidents.recent({ ...about, states: ["queued", "capturing"], limit: mostOpen }, signal),
      incidents.recent({ ...over, shadow: false, storm: "told" }, signal),
      incidents.recent({ ...over, shadow: true }, signal),
      incidents.recent({ ...about, storm: "pages", createdFromMs, limit: mostCounted }, signal),
      queue.counts(signal),
      mutes.list(signal),
    ]);
    const queued = await Promise.all(
      open
        .filter(({ state }) => state === "queued")
        .map(async (incident) => placed(incident, await queue.placeOf(incident.id, signal))),
    );
    const storms = countStorms(stormed).slice(0, mostStorms);
    const { waiting, delayed, capturing, limit } = counts;
    return {
      kind: "status",
      ...about,
      capturing: open.filter(({ state }) => state === "capturing").toReversed(),
      waiting: queued.sort(
        (a, b) => (a.queuePlace ?? 0) - (b.queuePlace ?? 0) || a.createdAtMs - b.createdAtMs,
      ),
      last,
      shadowed,
      storms: await Promise.all(storms.map((storm) => withLink(storm, ports, signal))),
      counts: { waiting: waiting + delayed, capturing, limit },
      mutes: silences.filter(
        ({ subject }) => name === undefined || subject.service === undefined || subject.service === name,
      ),
    };
  },
});

/** With its place of now; without one it waits for its target or is about to begin. */
function placed({ queuePlace: _before, ...incident }: Incident, queuePlace: number | undefined): Incident {
  return queuePlace === undefined ? incident : { ...incident, queuePlace };
}

/** Who reads the pages of a storm in their channel reads its digest there, too. */
async function withLink(
  storm: StormCount,
  { storms, chat }: ChatPorts,
  signal: AbortSignal,
): Promise<StormCount> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(linkWithinMs)]);
  try {
    const digest = (await storms.read(storm.id, inTime))?.card?.ref;
    return digest === undefined ? storm : { ...storm, link: await chat.permalink(digest, inTime) };
  } catch {
    signal.throwIfAborted();
    return storm;
  }
}
