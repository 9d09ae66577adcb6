import type { MessageBody, MessageRef, Place } from "../../domain/chat/message.ts";
import { contentTypeOf } from "../../domain/evidence/content-type.ts";
import type { Reply } from "../../domain/incidents/incident.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { Chat, ChatFile } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import { checkFirst, postingOf, refuses, wasNotTaken } from "./show-message.ts";

export interface SendReplyPorts {
  readonly chat: Chat;
  readonly artifacts: Artifacts;
  readonly clock: Clock;
}

/** How a reply looks: with files by its comment, else by its body. */
export interface ReplyLooks {
  body(): MessageBody;
  comment(): string;
}

/**
 * Sends one reply of an outbox, which `change` keeps. That it is about to be sent is noted first, so that after a death
 * in between the chat is searched instead of told twice. Throws PortError for what may be tried again.
 */
export async function sendReply<Owner>(
  reply: Reply,
  place: Place,
  looks: ReplyLooks,
  change: (changed: (now: Reply) => Reply) => Promise<Owner>,
  ports: SendReplyPorts,
  signal: AbortSignal,
): Promise<Owner> {
  async function remember(what: Partial<Reply>): Promise<Owner> {
    return await change((now) => ({ ...now, ...what }));
  }

  if (reply.attemptedAtMs === undefined) {
    await change((now) => {
      checkFirst(now);
      return { ...now, state: "posting", attemptedAtMs: ports.clock.nowMs() };
    });
  }
  try {
    const ref = await sent(reply, place, looks, ports, signal);
    return await remember({ state: "posted", ref });
  } catch (error) {
    if (refuses(error)) return await remember({ state: "given-up", problem: error.message });
    if (reply.attemptedAtMs === undefined && wasNotTaken(error)) await change(unsent);
    throw error;
  }
}

async function sent(
  reply: Reply,
  place: Place,
  looks: ReplyLooks,
  { chat, artifacts }: SendReplyPorts,
  signal: AbortSignal,
): Promise<MessageRef> {
  const posting = postingOf(reply.intent, reply.attemptedAtMs);
  const files: ChatFile[] = [];
  for (const { artifact, name, title, altText } of reply.files) {
    const stored = await artifacts.stat(artifact, signal);
    if (stored === undefined || stored.bytes === 0) continue; // removed meanwhile
    files.push({
      name,
      title,
      contentType: contentTypeOf(name),
      bytes: stored.bytes,
      open: () => artifacts.get(artifact, signal),
      ...(altText === undefined ? {} : { altText }),
    });
  }
  return files.length === 0
    ? await chat.post(place, looks.body(), posting, signal)
    : await chat.upload(place, files, looks.comment(), posting, signal);
}

function unsent({ attemptedAtMs: _attemptedAtMs, ...rest }: Reply): Reply {
  return { ...rest, state: "pending" };
}
