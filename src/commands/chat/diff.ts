import type { Place } from "../../domain/chat/message.ts";
import { UsageError } from "../../domain/errors.ts";
import type { CaptureKind } from "../../domain/evidence/capture.ts";
import { analysisChanges } from "../../domain/findings/analysis-changes.ts";
import type { Analysis } from "../../domain/findings/finding.ts";
import type { Reply } from "../../domain/incidents/incident.ts";
import { sayableIn } from "../../jobs/access/sight.ts";
import { type JudgedIncident, judged, whichIncident } from "../../jobs/incidents/which-incident.ts";
import { noteAct } from "../../jobs/thread/tell-acts.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";

export const diff = defineChatCommand({
  name: "diff",
  summary: "Compare two captures of a service: what is new, gone, or has grown",
  usage: "[ID] [ID]",
  examples: [
    { line: "diff gf-3fa9", does: "against the capture of the same service before it" },
    { line: "diff gf-3fa9 gf-7k2m", does: "these two, whichever is older comes first" },
  ],
  whoMayUse: "diff",
  operands: { placeholder: "the ID of an incident", min: 0, max: 2 },
  options: {},
  async run(request, { operands: [id, otherId] }, ports, signal) {
    const { place } = request;
    const { incidents, analyses, queue, rooms } = ports;
    const one = judged(await whichIncident(id, place, incidents, signal));
    const other =
      otherId === undefined
        ? await before(one, place.channel, ports, signal)
        : judged(await whichIncident(otherId, place, incidents, signal));
    if (one.id === other.id) throw new UsageError(`Both are ${one.id}: name two incidents.`);
    if (one.service !== other.service) {
      throw new UsageError(
        `${one.id} is about ${one.service} and ${other.id} about ${other.service}: only captures of one service can be compared.`,
      );
    }
    const [earlier, later] = one.createdAtMs <= other.createdAtMs ? [one, other] : [other, one];
    const was = await analyses.read(earlier, signal);
    const is = await analyses.read(later, signal);
    // In shadow it has no thread, and the picture goes where it was asked for.
    const into = later.shadow === true ? place : later.place;
    // It is posted for everybody there.
    const channels = [earlier.place.channel, later.place.channel];
    const sayable = await sayableIn(into.channel, channels, rooms, signal);
    if (channels.every((channel) => sayable.has(channel))) {
      await askForPicture(earlier, later, place, { incidents, queue }, signal);
    }
    await noteAct(later.id, { did: "compared", with: earlier.id }, request, ports, signal);
    return {
      kind: "diff",
      before: earlier,
      after: later,
      changes: analysisChanges(was, is),
      caveats: caveats(was, is),
    };
  },
});

/**
 * The flame graph of what changed is drawn by a worker, and posted once: into the later one's thread, or where it was
 * asked for when that is in shadow.
 */
async function askForPicture(
  earlier: JudgedIncident,
  later: JudgedIncident,
  place: Place,
  { incidents, queue }: Pick<ChatPorts, "incidents" | "queue">,
  signal: AbortSignal,
): Promise<void> {
  if (earlier.bundle === undefined || later.bundle === undefined) return;
  const wanted: Reply = {
    intent: `${later.id}/since-${earlier.id}`,
    kind: "flame-graph",
    text: "",
    files: [],
    state: "pending",
    comparesWith: earlier.id,
    ...(later.shadow === true ? { askedIn: place } : {}),
  };
  const isThere = (replies: readonly Reply[]) => replies.some(({ intent }) => intent === wanted.intent);
  if (isThere(later.replies)) return;
  await incidents.update(
    later.id,
    (now) => (isThere(now.replies) ? now : { ...now, replies: [...now.replies, wanted] }),
    signal,
  );
  await queue.publish(later.id, "now", signal);
}

/**
 * The capture before it of the same process; of the same service where there is none. Only one that everybody in the
 * channel may hear of: nobody named it.
 */
async function before(
  { id, service, instance, createdAtMs }: JudgedIncident,
  channel: string,
  { incidents, rooms }: Pick<ChatPorts, "incidents" | "rooms">,
  signal: AbortSignal,
): Promise<JudgedIncident> {
  const recent = await incidents.recent({ service, states: ["verdict", "resolved"], limit: 200 }, signal);
  const older = recent.filter(
    (other) => other.id !== id && other.createdAtMs <= createdAtMs && other.analysis !== undefined,
  );
  const sayable = await sayableIn(
    channel,
    older.map(({ place }) => place.channel),
    rooms,
    signal,
  );
  const earlier = older.filter(({ place }) => sayable.has(place.channel));
  const found = earlier.find((other) => other.instance === instance) ?? earlier[0];
  if (found !== undefined) return judged(found);
  throw new UsageError(
    `There is no verdict on ${service} before ${id} to compare it with. Capture again and write: /gofire diff ${id} and the new id.`,
  );
}

/** What a reader has to know before they trust the comparison. */
function caveats(was: Analysis, is: Analysis): readonly string[] {
  const words: string[] = [];
  if (was.target.instance !== is.target.instance) {
    words.push(
      `These are two processes: ${was.target.instance ?? "unnamed"} and ${is.target.instance ?? "unnamed"}.`,
    );
  }
  if (was.target.goVersion !== is.target.goVersion) {
    words.push(`Go differs: ${was.target.goVersion ?? "unknown"} and ${is.target.goVersion ?? "unknown"}.`);
  }
  const wasWithout = missingKinds(was);
  const isWithout = missingKinds(is);
  const both = wasWithout.filter((kind) => isWithout.includes(kind));
  for (const [subject, kinds] of [
    ["Neither capture has", both],
    ["The earlier capture lacks", wasWithout.filter((kind) => !both.includes(kind))],
    ["The later capture lacks", isWithout.filter((kind) => !both.includes(kind))],
  ] as const) {
    if (kinds.length > 0) words.push(`${subject} ${kinds.join(", ")}.`);
  }
  return words;
}

/** What was asked for and not got. */
function missingKinds({ captures }: Analysis): readonly CaptureKind[] {
  const got = new Set(captures.filter(({ status }) => status === "ok").map(({ kind }) => kind));
  const missing = captures.filter(
    ({ kind, reason }) => !got.has(kind) && reason?.startsWith("not asked for") !== true,
  );
  return [...new Set(missing.map(({ kind }) => kind))];
}
