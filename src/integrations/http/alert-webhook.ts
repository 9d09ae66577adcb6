import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PortError } from "../../domain/errors.ts";
import { unprovenBodies } from "../../domain/unproven.ts";
import type { AlertSecrets } from "../../ports/server.ts";
import { type BodyRefusal, bodyOf } from "../web-server/body.ts";
import type { Answer } from "./listener.ts";

/** A group of some thousand alerts with long annotations; `max_alerts` keeps a sender below it. */
const maxBytes = 8 << 20;
/** Of all that is held at once of senders who have not proved yet who they are. */
const mostUnprovenBytes = 4 * maxBytes;
/** Alertmanager gives a request at least 10 s (Alertmanager source: notify/notify.go, MinTimeout). */
const answerWithinMs = 5_000;
/** As far as clocks may differ, the window that Slack uses for its own signatures. */
const oldestMs = 300_000;
const retryAfterSeconds = 5;

/**
 * The webhook for alert senders. `take` has taken the notification over for good when it resolves; only then is 200
 * answered. 503 makes Alertmanager try again, while any 4xx makes it drop the notification (Alertmanager source:
 * notify/webhook/webhook.go), so 400 is only for what will never be readable.
 */
export function alertWebhook(
  secrets: AlertSecrets,
  take: (
    body: Uint8Array,
    signal: AbortSignal,
  ) => Promise<{ readonly kind: "taken" } | { readonly kind: "garbage"; readonly problem: string }>,
  nowMs: () => number,
): Answer {
  const bearer =
    secrets.bearer === undefined || secrets.bearer === "" ? undefined : Buffer.from(secrets.bearer);
  const patience = sharedPatience(answerWithinMs);
  const hold = unprovenBodies(mostUnprovenBytes);

  /** The body, if it is signed; what is held meanwhile counts. */
  async function provenBody(request: IncomingMessage): Promise<Uint8Array | Outcome> {
    const claim = claimOf(request, secrets.hmac, nowMs());
    if (claim === undefined) return stranger;
    const held = hold();
    try {
      const body = await bodyOf(request, maxBytes, (bytes) => held.add(bytes));
      if (!(body instanceof Uint8Array)) return refusals[body];
      return claim(body) ? body : stranger;
    } finally {
      held.end();
    }
  }

  async function outcome(request: IncomingMessage): Promise<Outcome> {
    if (request.method !== "POST" && request.method !== "PUT") {
      return { status: 405, problem: "Notifications are posted.", headers: { allow: "POST, PUT" } };
    }
    // Neither needs the body: who has none of them is not listened to.
    const isKnown =
      isBearer(request, bearer) ||
      (secrets.byCertificate === true && secrets.bearer === undefined && secrets.hmac === undefined);
    const body = isKnown ? await knownBody(request) : await provenBody(request);
    if (!(body instanceof Uint8Array)) return body;
    const taken = await take(body, patience());
    return taken.kind === "taken" ? thanks : { status: 400, problem: taken.problem };
  }

  return async (request, response) => {
    try {
      answer(request, response, await outcome(request));
    } catch (error) {
      if (request.destroyed && !request.complete) return; // the sender went away in the middle
      const problem =
        error instanceof PortError ? error.message : "The notification could not be taken over just now.";
      answer(request, response, {
        status: 503,
        problem,
        headers: { "retry-after": String(retryAfterSeconds) },
      });
    }
  };
}

interface Outcome {
  readonly status: number;
  readonly problem?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const thanks: Outcome = { status: 200 };
const thanksText = JSON.stringify({ ok: true });
const thanksHead = { "content-type": "application/json", "content-length": thanksText.length };

const stranger: Outcome = {
  status: 401,
  problem: "The credentials are missing or wrong.",
  headers: { "www-authenticate": "Bearer" },
};

const tooLarge: Outcome = {
  status: 413,
  problem: `The notification is larger than ${maxBytes} bytes. Set max_alerts in the sender's webhook.`,
};

const crowded: Outcome = {
  status: 503,
  problem: "Too many notifications come in at once.",
  headers: { "retry-after": String(retryAfterSeconds) },
};

const refusals: Readonly<Record<BodyRefusal, Outcome>> = { "too-large": tooLarge, "no-room": crowded };

async function knownBody(request: IncomingMessage): Promise<Uint8Array | Outcome> {
  const body = await bodyOf(request, maxBytes);
  return body instanceof Uint8Array ? body : refusals[body];
}

function answer(request: IncomingMessage, response: ServerResponse, outcome: Outcome): void {
  // Most of them by far, and always read to the end.
  if (outcome === thanks) {
    response.writeHead(200, thanksHead).end(thanksText);
    return;
  }
  const { status, problem, headers } = outcome;
  const text = JSON.stringify({ ok: false, problem });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
    // What was not read is not waited for.
    ...(request.complete ? {} : { connection: "close" }),
  });
  response.end(text);
}

function isBearer(request: IncomingMessage, secret: Buffer | undefined): boolean {
  if (secret === undefined) return false;
  const given = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return given !== undefined && isEqual(given.trim(), secret);
}

/**
 * What the headers claim, to be held against the body: undefined where nothing could prove it, so that the body need not be
 * read.
 */
function claimOf(
  request: IncomingMessage,
  hmac: AlertSecrets["hmac"],
  nowMs: number,
): ((body: Uint8Array) => boolean) | undefined {
  if (hmac === undefined || hmac.secret === "") return undefined;
  const given = request.headers[hmac.header];
  if (typeof given !== "string" || !/^\s*[0-9a-f]{64}\s*$/i.test(given)) return undefined;
  const signature = createHmac("sha256", hmac.secret);
  if (hmac.timestampHeader !== undefined) {
    const timestamp = request.headers[hmac.timestampHeader];
    if (typeof timestamp !== "string" || !/^\d{1,12}$/.test(timestamp)) return undefined;
    if (Math.abs(nowMs - Number(timestamp) * 1000) > oldestMs) return undefined;
    signature.update(`${timestamp}:`);
  }
  return (body) => isEqual(given.trim().toLowerCase(), Buffer.from(signature.update(body).digest("hex")));
}

/** Takes the same time for all that are as long as expected; how long that is, is no secret. */
function isEqual(given: string, expected: Buffer): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

/** Requests that came so soon after each other share the end of our patience: a timer for each costs more than they do. */
const sharedForMs = 100;

/** Signals that are aborted `ms` after they were asked for, or up to a tenth of a second before. */
function sharedPatience(ms: number): () => AbortSignal {
  let signal: AbortSignal | undefined;
  return () => {
    if (signal === undefined) {
      signal = AbortSignal.timeout(ms);
      setTimeout(() => {
        signal = undefined;
      }, sharedForMs).unref();
    }
    return signal;
  };
}
