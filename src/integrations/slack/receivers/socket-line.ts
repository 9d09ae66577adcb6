import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import * as z from "zod/mini";

const record = z.record(z.string(), z.unknown());

/** Frames of Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode). */
const frame = z.union([
  z.object({ type: z.literal("hello") }),
  z.object({ type: z.literal("disconnect"), reason: z.optional(z.string()) }),
  z.object({
    type: z.string(),
    envelope_id: z.string(),
    payload: record,
    retry_attempt: z.optional(z.number()),
  }),
]);

export interface Envelope {
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly retryNum?: number;
}

/** One connection to Slack, from its hello to its end. */
export interface SocketLine {
  readonly isOpen: boolean;
  /**
   * Why Slack, or the network, wants it replaced: `warning` and `refresh_requested` every few hours, `link_disabled`,
   * `too_many_websockets`, `lost` when it broke. Deliveries may still come on it until it is closed.
   */
  readonly leaving: Promise<string>;
  readonly closed: Promise<void>;
  /** Throws when it is not open. */
  send(envelopeId: string, answer: unknown): void;
  /** Says goodbye, and cuts the connection when the other side does not. Nothing is heard any more. */
  close(): void;
}

/** Slack pings more often than every 30 s; we ask ourselves, to notice a dead network sooner. */
const pingEveryMs = 5_000;
/** Slack does not end the TCP connection after the closing handshake (slackapi/node-slack-sdk#2752). */
const goodbyeMs = 1_000;
const helloWithinMs = 10_000;
/** Far above the largest payload of an interaction, a view of 250 kB. */
const maxPayload = 4 << 20;

/** Connects and waits for Slack's hello. Rejects when it does not come, or `signal` is aborted before. */
export async function openLine(
  url: string,
  hear: (envelope: Envelope) => void,
  signal: AbortSignal,
): Promise<SocketLine> {
  const socket = new WebSocket(url, {
    maxPayload,
    handshakeTimeout: helloWithinMs,
    perMessageDeflate: false,
    followRedirects: false,
  });
  let isQuiet = false;
  let isAlive = true;
  const greeted = promised<void>();
  const leaving = promised<string>();
  let failure = new Error("Slack closed the connection");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));

  socket.on("error", (error) => (failure = error)); // "close" follows
  socket.on("message", (raw) => {
    isAlive = true;
    if (isQuiet || !Buffer.isBuffer(raw)) return;
    const heard = readFrame(raw.toString());
    if (heard === undefined) return;
    if ("envelope_id" in heard) {
      const { envelope_id: id, payload, retry_attempt: retryNum } = heard;
      hear({ id, payload, ...(retryNum === undefined || retryNum === 0 ? {} : { retryNum }) });
    } else if (heard.type === "disconnect") {
      leaving.resolve(heard.reason ?? "refresh_requested");
    } else {
      greeted.resolve();
    }
  });
  for (const sign of ["ping", "pong"] as const) socket.on(sign, () => (isAlive = true));
  const pings = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, pingEveryMs);
  pings.unref();
  void closed.then(() => {
    clearInterval(pings);
    return leaving.resolve("lost");
  });

  const line: SocketLine = {
    get isOpen() {
      return !isQuiet && socket.readyState === socket.OPEN;
    },
    leaving: leaving.promise,
    closed,
    send(envelopeId, answer) {
      if (socket.readyState !== socket.OPEN) throw new Error("the connection to Slack is closed");
      socket.send(
        JSON.stringify({ envelope_id: envelopeId, ...(answer === undefined ? {} : { payload: answer }) }),
      );
    },
    close() {
      if (isQuiet) return;
      isQuiet = true;
      socket.close(1000);
      setTimeout(() => socket.terminate(), goodbyeMs).unref();
    },
  };
  const tooLate = new AbortController();
  const giveUp = AbortSignal.any([signal, tooLate.signal]);
  const refused = closed.then(() => Promise.reject(failure));
  refused.catch(() => {}); // later ends are `leaving`'s
  try {
    await Promise.race([
      greeted.promise,
      refused,
      // Slack refuses an eleventh connection instead of greeting it.
      leaving.promise.then((reason) => Promise.reject(new Error(reason))),
      sleep(helloWithinMs, undefined, { signal: giveUp }).then(() =>
        Promise.reject(new Error(`Slack said no hello within ${helloWithinMs / 1_000} s`)),
      ),
    ]);
    return line;
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    tooLate.abort();
  }
}

function promised<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: ((value: T) => void) | undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve?.(value) };
}

function readFrame(text: string): z.infer<typeof frame> | undefined {
  try {
    return frame.parse(JSON.parse(text));
  } catch {
    return undefined; // Something new of Slack's: not for us.
  }
}
