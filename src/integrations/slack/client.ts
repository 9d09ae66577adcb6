import { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import * as z from "zod/mini";
import { PortError } from "../../domain/errors.ts";
import { bytesText } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";
import { refusedAnswer } from "./answers.ts";
import {
  answerMaxBytes,
  callDeadlineMs,
  pauseWithoutWordMs,
  perChannel,
  type Rate,
  rates,
  uploadMsPerByte,
} from "./limits.ts";
import { createLockout } from "./lockout.ts";
import { createPace, tooFast } from "./pace.ts";
import { isRefusal, refused } from "./refusals.ts";
import { silence } from "./silence.ts";

/** Arguments of a method; objects and arrays travel as JSON text. What is undefined is left out. */
export type Arguments = Readonly<Record<string, string | number | boolean | object | undefined>>;

export interface CallOptions {
  /** Instead of the method's own rate; counts together with it. */
  readonly rate?: Rate;
  /** How long to wait for a turn under the rate. Default 5 s. */
  readonly patienceMs?: number;
  /** Called when its turn has come, right before the request. What it throws is thrown instead. */
  readonly beforeSending?: (() => void) | undefined;
}

export interface SlackClientSettings {
  /** Bot token. Appears in no error. */
  readonly token: string;
  /** Default https://slack.com/api/. Ends in "/". */
  readonly apiUrl?: string;
  /** Default `callDeadlineMs`. */
  readonly deadlineMs?: number;
  readonly clock: Clock;
  readonly userAgent?: string;
  /** One line for who looks after gofire, when Slack does not let it in any more and when it does again. */
  readonly onTrouble?: (line: string) => void;
}

/**
 * Slack's Web API, one request a call: nothing is ever repeated in here, because @slack/web-api's own client posts
 * twice when an answer gets lost (https://github.com/slackapi/node-slack-sdk, retry policies). Throws PortError,
 * `unavailable` and `timeout` when Slack may have done what was asked, and the signal's reason.
 */
export interface SlackClient {
  call<Schema extends z.ZodMiniType>(
    method: string,
    args: Arguments,
    schema: Schema,
    signal: AbortSignal,
    options?: CallOptions,
  ): Promise<z.output<Schema>>;
  /** Bytes of a file to the place that files.getUploadURLExternal named, as they come. */
  send(
    uploadUrl: string,
    content: AsyncIterable<Uint8Array>,
    bytes: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** What the bot token may do, as told with the last answer; undefined before the first one. */
  grantedScopes(): ReadonlySet<string> | undefined;
  close(): Promise<void>;
}

interface RawAnswer {
  readonly status: number;
  readonly text: string;
  header(name: string): string | undefined;
}

const defaultPatienceMs = 5_000;

export function slackClient(settings: SlackClientSettings): SlackClient {
  const { token, clock, deadlineMs = callDeadlineMs, userAgent = "gofire" } = settings;
  const apiUrl = settings.apiUrl ?? "https://slack.com/api/";
  // The deadline of each call rules, not undici's.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: callDeadlineMs } });
  const pace = createPace(clock);
  const lockout = createLockout(clock, (line) => settings.onTrouble?.(`Slack: ${line}`));
  let scopes: ReadonlySet<string> | undefined;

  async function exchange(
    url: string,
    target: string,
    request: Pick<Dispatcher.RequestOptions, "headers" | "body">,
    bound: { readonly deadlineMs: number; readonly signal: AbortSignal },
  ): Promise<RawAnswer> {
    bound.signal.throwIfAborted();
    const deadline = AbortSignal.timeout(Math.ceil(bound.deadlineMs));
    const { origin, pathname, search } = new URL(url);
    try {
      const { statusCode, headers, body } = await agent.request({
        origin,
        path: pathname + search,
        method: "POST",
        ...request,
        signal: AbortSignal.any([bound.signal, deadline]),
      });
      return {
        status: statusCode,
        // Nothing that is said about an answer may give the token away, whatever stands in there.
        text: (await boundedText(body, target)).replaceAll(token, "[token]"),
        header(name) {
          const value = headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
      };
    } catch (error) {
      bound.signal.throwIfAborted();
      throw silence(error, target, deadline.aborted ? bound.deadlineMs : undefined);
    }
  }

  function limited(key: string, method: string, target: string, answer: RawAnswer): PortError {
    const seconds = Number(answer.header("retry-after"));
    const pauseMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : pauseWithoutWordMs;
    pace.pause(key, pauseMs);
    if (key !== method) {
      // A second channel that is limited while the first one is: this is the cap over the whole workspace.
      if (pace.pausedMs(`${method} somewhere`) > 0) pace.pause(method, pauseMs);
      pace.pause(`${method} somewhere`, pauseMs);
    }
    return tooFast(target, pauseMs);
  }

  return {
    grantedScopes: () => scopes,
    close: () => agent.destroy(),
    async call(method, args, schema, signal, options = {}) {
      const channel = typeof args["channel"] === "string" ? args["channel"] : undefined;
      const target = channel === undefined ? `Slack ${method}` : `Slack ${method} in ${channel}`;
      const key = channel !== undefined && perChannel.has(method) ? `${method} ${channel}` : method;
      const rate = options.rate ?? rates[method];
      lockout.check(method);
      const workspaceMs = pace.pausedMs(method);
      if (workspaceMs > 0) throw tooFast(target, workspaceMs);
      if (rate !== undefined) await pace.enter(key, rate, options.patienceMs ?? defaultPatienceMs, signal);
      options.beforeSending?.();
      const answer = await exchange(
        apiUrl + method,
        target,
        {
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/x-www-form-urlencoded",
            "user-agent": userAgent,
          },
          body: formOf(args),
        },
        { deadlineMs, signal },
      );
      if (answer.status === 429) throw limited(key, method, target, answer);
      scopes = scopesOf(answer) ?? scopes;
      try {
        const fields = read(answer, schema, target);
        lockout.letIn(method);
        return fields;
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        if (error.code === "locked-out") {
          throw lockout.refused(method, error, isRefusal(error, "missing_scope") ? "method" : "everything");
        }
        if (isRefusal(error) && error.code !== "unavailable") lockout.letIn(method);
        throw error;
      }
    },
    async send(uploadUrl, content, bytes, signal) {
      const target = "Slack file upload";
      const answer = await exchange(
        uploadUrl,
        target,
        {
          headers: {
            "content-type": "application/octet-stream",
            "content-length": String(bytes),
            "user-agent": userAgent,
          },
          body: Readable.from(content),
        },
        { deadlineMs: deadlineMs + bytes * uploadMsPerByte, signal },
      );
      if (answer.status === 429) throw limited("upload", "upload", target, answer);
      if (answer.status !== 200) throw strange(answer, target);
    },
  };
}

/** https://docs.slack.dev/apis/web-api: form-encoded works for every method, JSON for some. */
function formOf(args: Arguments): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    if (value === undefined) continue;
    form.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return form.toString();
}

/** https://docs.slack.dev/authentication: the header tells the scopes of the token. */
function scopesOf(answer: RawAnswer): ReadonlySet<string> | undefined {
  const header = answer.header("x-oauth-scopes");
  return header === undefined ? undefined : new Set(header.split(",").map((scope) => scope.trim()));
}

function read<Schema extends z.ZodMiniType>(
  answer: RawAnswer,
  schema: Schema,
  target: string,
): z.output<Schema> {
  const fields = parsedJson(answer.text);
  const refusal = refusedAnswer.safeParse(fields);
  if (refusal.success) {
    const { error, needed, response_metadata } = refusal.data;
    if (error === "ratelimited" || error === "rate_limited") throw tooFast(target, pauseWithoutWordMs);
    throw refused(target, { error, needed, messages: response_metadata?.messages ?? [] });
  }
  if (answer.status !== 200) throw strange(answer, target);
  const okay = z.object({ ok: z.literal(true) }).safeParse(fields);
  const parsed = schema.safeParse(fields);
  if (okay.success && parsed.success) return parsed.data;
  // It may have happened: only a look at the channel can tell.
  throw new PortError("unavailable", target, "What answered does not answer as Slack does.");
}

/** Statuses that the request itself brings about; any other one may be gone with the next request. */
const ownFaults: ReadonlySet<number> = new Set([400, 413, 414, 431]);

function strange({ status }: RawAnswer, target: string): PortError {
  if (status >= 500) {
    return new PortError("unavailable", target, `Slack answered with HTTP ${status}; gofire tries again.`);
  }
  return new PortError(
    ownFaults.has(status) ? "bad-response" : "unavailable",
    target,
    `HTTP ${status} instead of an answer of Slack. Look at the API address in the configuration, and at proxies on the way.`,
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function boundedText(body: AsyncIterable<Uint8Array>, target: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of body) {
    received += chunk.length;
    if (received > answerMaxBytes) {
      throw new PortError("unavailable", target, `An answer of more than ${bytesText(answerMaxBytes)}.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
