import { analyzers } from "../../analyzers/index.ts";
import type { Mute, MuteSubject } from "../../domain/alerts/mute.ts";
import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest } from "../../domain/chat/chat-request.ts";
import { UsageError } from "../../domain/errors.ts";
import { nearest } from "../../domain/nearest.ts";
import { noteMute } from "../../jobs/thread/tell-acts.ts";
import type { MutedBy } from "../../ports/mutes.ts";
import type { Services } from "../../ports/services.ts";
import { durationMs } from "../arguments.ts";
import { type ChatPorts, defineChatCommand } from "./chat-command.ts";
import { serviceNamed } from "./snapshot.ts";

const leastMs = 60_000;
/** A silence that outlives a working week is a setting, and belongs into gofire.yaml. */
const mostMs = 7 * 86_400_000;

/** People of one channel live in several time zones, and so do servers. */
const until = "gofire cannot know by whose clock. Write for how long instead, such as: /gofire mute order 2h";

export const mute = defineChatCommand({
  name: "mute",
  summary: "Keep alerts about a service, or a rule, silent for a while",
  usage: 'SERVICE|RULE DURATION|off [service=NAME] [reason="…"]',
  examples: [
    { line: "mute order 2h", does: "alerts capture order no more for two hours; people may" },
    {
      line: 'mute goroutine/count 1d service=order reason="load test"',
      does: "leave a rule out of verdicts on order",
    },
    { line: "mute order off", does: "end it now" },
  ],
  whoMayUse: "mute",
  operands: {
    placeholder: "a SERVICE or RULE and how long, such as: /gofire mute order 2h",
    min: 2,
    max: 2,
    instead: {
      until,
      till: until,
      because: 'Write why as a reason in quotes: /gofire mute order 2h reason="load test"',
    },
  },
  options: {
    service: { kind: "text", placeholder: "NAME", summary: "mute a rule for this service only" },
    reason: { kind: "text", placeholder: '"…"', summary: "why, for the others" },
  },
  async run(request, { operands: [what = "", word = ""], service, reason }, ports, signal) {
    const { userId } = request;
    const { services, mutes, clock } = ports;
    const subject = await subjectOf(what, service, services);
    if (word.toLowerCase() === "off") return await end(subject, request, ports, signal);
    const forMs = durationMs(word.toLowerCase());
    if (forMs === undefined || !(forMs >= leastMs && forMs <= mostMs)) {
      throw new UsageError(`"${word}" is no time from 1m to 7d. Write for example: /gofire mute ${what} 2h`);
    }
    const sinceMs = clock.nowMs();
    const begun = {
      subject,
      userId,
      sinceMs,
      untilMs: sinceMs + forMs,
      ...(reason === undefined ? {} : { reason }),
    };
    const by = { ...whoOf(request), atMs: sinceMs };
    await mutes.mute(begun, signal, by);
    await noteMute({ ...by, did: "muted", mute: begun }, ports, signal);
    return { kind: "muted", mute: begun };
  },
});

export const unmute = defineChatCommand({
  name: "unmute",
  summary: "End a mute before its time",
  usage: "SERVICE|RULE [service=NAME]",
  examples: [{ line: "unmute order", does: "alerts capture order again" }],
  whoMayUse: "mute",
  operands: { placeholder: "a SERVICE or RULE", min: 1, max: 1 },
  options: {
    service: { kind: "text", placeholder: "NAME", summary: "the service that a rule was muted for" },
  },
  async run(request, { operands: [what = ""], service }, ports, signal) {
    return await end(await subjectOf(what, service, ports.services), request, ports, signal);
  },
});

async function end(
  subject: MuteSubject,
  request: ChatRequest,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const by = { ...whoOf(request), atMs: ports.clock.nowMs() };
  const ended = await ports.mutes.unmute(subject, signal, by);
  if (ended !== undefined) await noteMute({ ...by, did: "unmuted", subject, mute: ended }, ports, signal);
  return unmuted(subject, ended);
}

function whoOf({ userId, intent, place }: ChatRequest): Omit<MutedBy, "atMs"> {
  return { userId, intent, place };
}

/** Ids of rules have a slash and names of services have none. */
async function subjectOf(
  what: string,
  service: string | undefined,
  services: Services,
): Promise<MuteSubject> {
  const known = await services.list();
  if (!what.includes("/")) {
    if (service !== undefined) throw new UsageError("service= goes with a rule, such as goroutine/count.");
    return { kind: "service", service: serviceNamed(known, what).name };
  }
  const rules = analyzers.map(({ meta }) => meta.id);
  const rule = rules.find((id) => id === what.toLowerCase());
  if (rule === undefined) {
    const close = nearest(what.toLowerCase(), rules);
    const hint = close === undefined ? "The findings on a card name theirs." : `Did you mean ${close}?`;
    throw new UsageError(`There is no rule "${what}". ${hint}`);
  }
  if (service === undefined) return { kind: "rule", rule };
  return { kind: "rule", rule, service: serviceNamed(known, service).name };
}

function unmuted(subject: MuteSubject, ended: Mute | undefined): ChatReply {
  return { kind: "unmuted", subject, ...(ended === undefined ? {} : { mute: ended }) };
}
