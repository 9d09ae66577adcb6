import type { ChatReply, ServiceChoice, SnapshotPreset } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest } from "../../domain/chat/chat-request.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { CaptureWish, Incident, IncidentDraft } from "../../domain/incidents/incident.ts";
import { nearest, shortList } from "../../domain/nearest.ts";
import { processNamed, type ServiceProcess } from "../../domain/targets/service-process.ts";
import { durationText } from "../../domain/units.ts";
import { beginIncident } from "../../jobs/incidents/begin.ts";
import { isBareAddress, looksLikeAddress } from "../access/targets.ts";
import { wholeSeconds } from "../arguments.ts";
import { capturedBefore } from "./captured-before.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";

/** Somebody waits for an answer that must be there within 2 s; who cannot be asked in time is asked by the capture. */
const lookWithinMs = 1_000;
/** Longer than any capture waits and runs. */
const underWayMs = 2 * 3_600_000;
/** A card that has not come after this does not stand before others: the chat does not take it. */
const cardLateMs = 120_000;
/** As many as may wait by default. */
const mostCardsBefore = 100;

export const snapshot = defineChatCommand({
  name: "snapshot",
  // What its form and the buttons of cards say.
  alsoCalled: ["capture"],
  summary: "Capture a service and say what is wrong with it",
  usage: "SERVICE [pod=NAME] [cpu=20s] [block] [deep] [peer] [again]",
  examples: [
    { line: "snapshot order", does: "capture the first process of order, judge it" },
    { line: "snapshot order pod=order-2 cpu=30s", does: "another process, with a longer CPU profile" },
    { line: "snapshot order pod=order-2 peer", does: "order-2, and whether another process shows the same" },
    { line: "snapshot order deep", does: "allow a goroutine dump of up to 10,000 goroutines" },
  ],
  whoMayUse: "snapshot",
  operands: { placeholder: "a SERVICE", min: 0, max: 1 },
  options: {
    pod: {
      kind: "text",
      placeholder: "NAME",
      summary: "one process by its name or its pod's, or by an address that gofire.yaml allows",
    },
    cpu: {
      kind: "duration",
      placeholder: "20s",
      minMs: 0,
      maxMs: 300_000,
      summary: "length of the CPU profile; 0s takes none",
    },
    block: {
      kind: "flag",
      summary: "say where goroutines wait: recorded for 10 s, where the service lends its rate",
    },
    deep: {
      kind: "flag",
      summary: "allow a goroutine dump, which stops the world, of more than 2,000 goroutines",
    },
    peer: {
      kind: "flag",
      summary: "capture another process of the service as well, shortly, and say how the two differ",
    },
    again: { kind: "flag", summary: "capture even though a capture of the same process is under way" },
  },
  async run(request, { operands, ...options }, ports, signal): Promise<ChatReply> {
    const [name] = operands;
    const instance = options.pod;
    const wish: CaptureWish = {
      ...(options.cpu === undefined ? {} : { cpuSeconds: wholeSeconds(options.cpu) }),
      ...(options.block ? { block: true } : {}),
      ...(options.deep ? { deep: true } : {}),
      ...(options.peer ? { peer: true } : {}),
    };
    if (name === undefined) {
      const preset = { ...wish, ...(instance === undefined ? {} : { instance }) };
      return ask(await ports.services.list(), preset);
    }
    const draft: IncidentDraft = {
      service: name,
      ...(instance === undefined ? {} : { instance }),
      wish,
      origin: { kind: request.kind, userId: request.userId, intent: request.intent },
      place: request.place,
    };
    return await begin(draft, ports, signal, { again: options.again });
  },
});

/**
 * Begins an incident, or says in words that its process is captured already (unless `again`) or that too many wait.
 * Throws UsageError for a process that there is not.
 */
export async function begin(
  wanted: IncidentDraft,
  ports: ChatPorts,
  signal: AbortSignal,
  { again }: { readonly again: boolean },
): Promise<ChatReply> {
  const service = serviceNamed(await ports.services.list(), wanted.service);
  const processes = await processesInTime(service.name, ports, signal);
  const instance = await instanceNamed(service.name, processes, wanted.instance, ports);
  const draft = { ...wanted, service: service.name, ...(instance === undefined ? {} : { instance }) };
  if (!again) {
    const running = await underWay(draft, processes?.[0]?.name, ports, signal);
    if (running !== undefined) return running;
  }
  const last = await capturedBefore(draft, processes?.[0]?.name, ports, signal);
  const warned = last === undefined ? draft : { ...draft, capturedBefore: last };
  try {
    const begun = await beginIncident(warned, ports, signal);
    const before = begun.isNew ? await cardsBefore(begun.incident, ports, signal) : 0;
    return { kind: "begun", ...begun, ...(before === 0 ? {} : { cardsBefore: before }) };
  } catch (error) {
    if (!(error instanceof PortError && error.code === "rate-limited")) throw error;
    return {
      kind: "refused",
      why: `${draft.service} is not captured: ${error.message}`,
      next: `Write the same again in ${durationText(error.retryAfterMs ?? 60_000)}.`,
    };
  }
}

/** Cards of its channel that stand before its own: the chat takes them one by one. */
async function cardsBefore(
  { id, place, createdAtMs }: Incident,
  { incidents }: Pick<ChatPorts, "incidents">,
  signal: AbortSignal,
): Promise<number> {
  const { channel } = place;
  const createdFromMs = createdAtMs - cardLateMs;
  const recent = await incidents.recent({ channel, createdFromMs, limit: mostCardsBefore }, signal);
  return recent.filter((other) => other.id !== id && other.createdAtMs <= createdAtMs && isToCome(other))
    .length;
}

function isToCome({ card }: Incident): boolean {
  return card?.ref === undefined && card?.problem === undefined;
}

/**
 * A capture of the same process that is waiting or running. Two people who ask in the same instant may both begin
 * one; the captures then follow each other.
 */
async function underWay(
  { service, instance, origin }: IncidentDraft,
  first: string | undefined,
  { incidents, clock }: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply | undefined> {
  const open = await incidents.recent(
    // One in shadow has no card that would answer the person.
    {
      service,
      states: ["queued", "capturing"],
      shadow: false,
      createdFromMs: clock.nowMs() - underWayMs,
      limit: 50,
    },
    signal,
  );
  // Delivered twice: what it began is its answer.
  if (open.some((other) => other.origin.intent === origin.intent)) return undefined;
  const incident = open.findLast((other) => (other.instance ?? first) === (instance ?? first));
  if (incident === undefined) return undefined;
  const pod = instance === undefined ? "" : ` pod=${instance}`;
  return {
    kind: "already",
    incident,
    next: `Its card will say what is found. To queue one more behind it: /gofire snapshot ${service}${pod} again`,
  };
}

function ask(services: readonly ServiceChoice[], preset: SnapshotPreset): ChatReply {
  if (services.length === 0) throw noServices();
  const names = services.map(({ name }) => name);
  return {
    kind: "ask",
    services,
    preset,
    problem: `Which service? Write for example: /gofire snapshot ${names[0]}. There are: ${shortList(names)}.`,
  };
}

/** Phones begin words with capitals. Throws UsageError with the nearest name. */
export function serviceNamed(services: readonly ServiceChoice[], typed: string): ServiceChoice {
  if (services.length === 0) throw noServices();
  const names = services.map(({ name }) => name);
  const known = spelt(names, typed);
  const service = services.find(({ name }) => name === known);
  if (service !== undefined) return service;
  const close = nearest(typed.toLowerCase(), names);
  const hint = close === undefined ? `There are: ${shortList(names)}.` : `Did you mean ${close}?`;
  throw new UsageError(`There is no service "${typed}". ${hint}`);
}

/** Undefined when nobody says in time which there are. */
async function processesInTime(
  service: string,
  { services }: ChatPorts,
  signal: AbortSignal,
): Promise<readonly ServiceProcess[] | undefined> {
  const bound = AbortSignal.timeout(lookWithinMs);
  try {
    return (await services.processes(service, AbortSignal.any([signal, bound]))).processes;
  } catch (error) {
    signal.throwIfAborted();
    if (bound.aborted || error instanceof PortError) return undefined;
    throw error;
  }
}

/** Whether there is one of that name is left to the capture when nobody says in time which there are. */
async function instanceNamed(
  service: string,
  processes: readonly ServiceProcess[] | undefined,
  typed: string | undefined,
  { services }: Pick<ChatPorts, "services">,
): Promise<string | undefined> {
  if (typed === undefined) return undefined;
  const names = (processes ?? []).map(({ name }) => name);
  const known = spelt(names, typed) ?? processNamed(typed, processes ?? [])?.name;
  if (known !== undefined) return known;
  if (looksLikeAddress(typed)) {
    if (!isBareAddress(typed)) {
      throw new UsageError("An address of a pod has neither path nor password: write pod=HOST:PORT.", {
        about: "pod",
      });
    }
    if (processes !== undefined) await permitted(service, typed, names, services);
    return typed;
  }
  if (processes === undefined && /^[\w.-]{1,253}$/.test(typed)) return typed;
  const close = nearest(typed, names);
  const hint =
    close !== undefined
      ? `Did you mean pod=${close}?`
      : names.length === 0
        ? ""
        : `There are: ${shortList(names)}.`;
  throw new UsageError(`${service} has no pod "${typed}". ${hint}`.trim(), { about: "pod" });
}

/** Throws UsageError that says how to let the address in, and which processes need no leave. */
async function permitted(
  service: string,
  address: string,
  names: readonly string[],
  services: ChatPorts["services"],
): Promise<void> {
  try {
    await services.permit(service, address);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const others = names.length === 0 ? "" : ` ${service} has: ${shortList(names)}.`;
    throw new UsageError(`${error.message}${others}`, { about: "pod", cause: error });
  }
}

/** The name that was typed, else the only one that differs in capitals alone. */
function spelt(names: readonly string[], typed: string): string | undefined {
  if (names.includes(typed)) return typed;
  const alike = names.filter((name) => name.toLowerCase() === typed.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

function noServices(): UsageError {
  return new UsageError(
    "gofire.yaml names no services yet: whoever looks after gofire has to add some under services.",
  );
}

/** The same capture once more, where the first one was asked for. */
export function draftAgain(
  { id, service, instance, wish, place, card }: Incident,
  { userId, intent }: Pick<ChatRequest, "userId" | "intent">,
): IncidentDraft {
  const thread = place.thread ?? card?.ref?.ts;
  return {
    service,
    ...(instance === undefined ? {} : { instance }),
    wish,
    origin: { kind: "command", userId, intent: `${id}/again/${intent}` },
    place: { channel: place.channel, ...(thread === undefined ? {} : { thread }) },
  };
}
