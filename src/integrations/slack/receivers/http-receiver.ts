import type { IncomingMessage, ServerResponse } from "node:http";
import type { App, Receiver } from "@slack/bolt";
import { reasonOf } from "../../../domain/errors.ts";
import { unprovenBodies } from "../../../domain/unproven.ts";
import { bodyOf } from "../../web-server/body.ts";
import { deliver } from "./deliver.ts";
import { drainMs, inFlight } from "./in-flight.ts";
import { forgedBecause } from "./signature.ts";

interface HttpReceiverSettings {
  readonly signingSecret: string;
  readonly nowMs: () => number;
  readonly onTrouble: (message: string) => void;
}

export interface HttpReceiver extends Receiver {
  /** Hears from now on; somebody else listens and hands the requests of one path over. */
  start(): Promise<void>;
  /** Refuses what comes from now on, and resolves when what was heard is answered. */
  stop(): Promise<void>;
  /** Answers a request of Slack's in any case; never rejects. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Far above the largest payload of an interaction, a view of 250 kB. */
const maxBytes = 4 << 20;
/** Of all that is held at once of requests whose signature is not checked yet. */
const mostUnprovenBytes = 8 * maxBytes;

/**
 * Bolt's ear for signed requests. Unlike Bolt 5.1's own receiver it shares gofire's port, refuses timestamps from the
 * future, takes a `content-type` with parameters, acknowledges events when they are kept and not before, and waits for
 * what it heard when it stops.
 */
export function httpReceiver({ signingSecret, nowMs, onTrouble }: HttpReceiverSettings): HttpReceiver {
  const work = inFlight();
  let app: App | undefined;
  let hears = false;
  const hold = unprovenBodies(mostUnprovenBytes);
  /** Reasons that were told already. */
  const toldForged = new Set<string>();

  async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") return end(response, 405);
    if (!hears || app === undefined) return end(response, 503);
    const held = hold();
    try {
      const rawBody = await bodyOf(request, maxBytes, (bytes) => held.add(bytes));
      if (!Buffer.isBuffer(rawBody)) {
        response.setHeader("connection", "close");
        return end(response, rawBody === "too-large" ? 413 : 503);
      }
      await hearBody(app, rawBody, request, response);
    } finally {
      held.end();
    }
  }

  async function hearBody(
    bolt: App,
    rawBody: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const text = rawBody.toString();
    const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
    const form = isForm ? new URLSearchParams(text) : undefined;
    // Not signed: Slack only looks whether TLS works
    // (https://docs.slack.dev/interactivity/implementing-slash-commands).
    if (form?.get("ssl_check") === "1") return end(response, 200);
    const forged = forgedBecause(
      {
        timestamp: only(request.headers["x-slack-request-timestamp"]),
        signature: only(request.headers["x-slack-signature"]),
        rawBody,
      },
      signingSecret,
      nowMs(),
    );
    if (forged !== undefined) {
      // Once per reason, in whichever order they come: whoever guesses must not fill the log.
      if (!toldForged.has(forged)) onTrouble(`Slack: a request was refused: ${forged}`);
      toldForged.add(forged);
      return end(response, 401);
    }
    const body = form === undefined ? parsed(text) : fieldsOf(form);
    if (body === undefined) return end(response, 400);
    if (body["type"] === "url_verification") return end(response, 200, { challenge: body["challenge"] });
    const retryNum = Number(only(request.headers["x-slack-retry-num"]) ?? 0);
    await deliver(bolt, {
      body,
      ...(retryNum > 0 ? { retryNum } : {}),
      async ack(answer) {
        await Promise.resolve();
        end(response, 200, answer);
      },
    });
  }

  return {
    init(bolt) {
      app = bolt;
    },
    async start() {
      hears = true;
      await Promise.resolve();
    },
    async stop() {
      hears = false;
      await work.settled(drainMs);
    },
    async answer(request, response) {
      try {
        await work.add(hear(request, response));
      } catch (error) {
        // Whoever went away in the middle has proven nothing yet, and must not fill the log either.
        if (request.destroyed && !request.complete) return;
        onTrouble(`Slack: ${reasonOf(error)}`);
        // Slack sends an event again then; of a command it says that it failed.
        if (!response.headersSent) end(response, 500);
      }
    },
  };
}

/** Interactions come as JSON in the field `payload`, commands as plain fields. */
function fieldsOf(form: URLSearchParams): Readonly<Record<string, unknown>> | undefined {
  const payload = form.get("payload");
  return payload === null ? Object.fromEntries(form) : parsed(payload);
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function only(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

function end(response: ServerResponse, status: number, answer?: unknown): void {
  if (answer === undefined || answer === "") {
    response.writeHead(status, { "content-length": "0" }).end();
    return;
  }
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8" })
    .end(JSON.stringify(answer));
}
