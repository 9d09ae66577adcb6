import * as z from "zod/mini";
import { PortError, UsageError } from "../domain/errors.ts";
import { oneChunk } from "../domain/one-chunk.ts";
import type { TlsAnswer } from "../domain/tls/look.ts";
import type { TlsTarget } from "../domain/tls/probe.ts";
import { tlsTargetText } from "../domain/tls/target.ts";
import type { Chat } from "../ports/chat.ts";
import type { TlsPlaces } from "../ports/tls-places.ts";
import { tlsMarkdown } from "../render/tls-markdown.ts";
import { placeOf } from "./asked/asked-by.ts";
import { defineJob, done } from "./job.ts";
import type { Cards } from "./publish.ts";

export interface TlsLookJobPorts {
  readonly tlsPlaces: TlsPlaces;
  readonly chat: Chat;
  readonly cards: Pick<Cards, "tls">;
}

/** More findings than these are hard to read in a message: all of them, and every handshake, go into a file. */
const mostWithoutFile = 3;

const payload = z.object({
  host: z.string(),
  port: z.string(),
  channel: z.string(),
  /** "" for the channel itself. */
  thread: z.string(),
  intent: z.string(),
  askedAtMs: z.string(),
});
type Payload = z.output<typeof payload>;

/**
 * Looks at a TLS port and answers where it was asked. A look changes nothing, so after a death it is made again; the chat
 * is searched for the answer first, so that it is there once.
 */
export const tlsLook = defineJob({
  name: "tls-look",
  payload,
  attempts: 6,
  backoffMs: 500,
  timeoutMs: 60_000,
  concurrency: 2,
  async run(asked: Payload, ports: TlsLookJobPorts, { signal }) {
    await answer(asked, await lookedAt(asked, ports, signal), ports, signal);
    return done;
  },
  async gaveUp(asked: Payload, reason: string, ports: TlsLookJobPorts, signal) {
    await answer(
      asked,
      { target: targetOf(asked), problem: `It did not come to an end: ${reason}` },
      ports,
      signal,
    );
  },
});

async function lookedAt(
  asked: Payload,
  { tlsPlaces }: TlsLookJobPorts,
  signal: AbortSignal,
): Promise<TlsAnswer> {
  const target = targetOf(asked);
  try {
    return { report: await tlsPlaces.look(target, signal) };
  } catch (error) {
    signal.throwIfAborted();
    // Of the name server or the configuration: people want to know now, and may ask again.
    if (error instanceof PortError || error instanceof UsageError) return { target, problem: error.message };
    throw error;
  }
}

async function answer(
  asked: Payload,
  answer: TlsAnswer,
  { chat, cards }: TlsLookJobPorts,
  signal: AbortSignal,
): Promise<void> {
  const { channel, thread, intent } = asked;
  // An attempt before this one may have got through.
  const attemptedAtMs = Number(asked.askedAtMs);
  const ref = await chat.post(
    placeOf(channel, thread),
    cards.tls(answer),
    { intent: `${intent}/tls`, attemptedAtMs },
    signal,
  );
  if (!("report" in answer) || answer.report.findings.length <= mostWithoutFile) return;
  const text = tlsMarkdown(answer.report);
  const target = tlsTargetText(answer.report.probe);
  await chat.upload(
    { channel, thread: thread === "" ? ref.ts : thread },
    [
      {
        name: "tls.md",
        title: `TLS of ${target}`,
        contentType: "text/markdown",
        bytes: Buffer.byteLength(text),
        open: () => oneChunk(text),
      },
    ],
    "Every finding, handshake and check.",
    { intent: `${intent}/tls-file`, attemptedAtMs },
    signal,
  );
}

function targetOf({ host, port }: Payload): TlsTarget {
  return { host, port: Number(port) };
}
