import type { Dispatcher } from "undici";
import type { AnswerLimits } from "../../ports/web-access.ts";
import { boundedBody } from "./body.ts";
import type { Connection } from "./connection.ts";
import { publicUrl } from "./headers.ts";
import { silence } from "./silence.ts";

/** What is asked at a connection's origin. */
export interface WebQuestion {
  /** Default GET. */
  readonly method?: "POST" | "DELETE";
  /** Absolute path with its query. */
  readonly path: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How errors name it, where the path says too much; origin and path when absent. */
  readonly shownAs?: string;
}

/** What the other side said. Every HTTP status is an answer, redirects included: they are never followed. */
export interface WebAnswer {
  readonly status: number;
  /** Lower case, without parameters; "" when there was none. */
  readonly contentType: string;
  /** Where a redirect points, without credentials and query. */
  readonly location?: string;
  /** Milliseconds from the question until the answer's header, connecting included. */
  readonly headerMs: number;
  /** First value of a header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /**
   * The body as it arrives; read it once, at least its beginning, because the next question has to wait for it.
   * Leaving the loop early closes the connection.
   * Throws PortError `timeout` after `deadlineMs`, `bad-response` behind `maxBytes` bytes, `unavailable` when the
   * connection breaks, and the signal's reason when it is aborted. What was yielded before stays valid.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One question and its answer. Throws PortError `unavailable` (refused, reset, unknown host, TLS), `timeout`, or
 * `bad-response` (not HTTP), and the signal's reason when it is aborted.
 */
export async function askWeb(
  connection: Connection,
  { shownAs, ...question }: WebQuestion,
  limits: AnswerLimits,
  signal: AbortSignal,
): Promise<WebAnswer> {
  signal.throwIfAborted();
  const asked = shownAs ?? connection.origin + question.path;
  const deadline = AbortSignal.timeout(Math.ceil(limits.deadlineMs));
  const sentAtMs = performance.now();
  let response: Dispatcher.ResponseData;
  try {
    response = await connection.dispatcher.request({
      origin: connection.origin,
      method: "GET",
      ...question,
      signal: AbortSignal.any([signal, deadline]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw silence(error, {
      target: asked,
      ...(deadline.aborted ? { deadlineMs: limits.deadlineMs } : {}),
      wasOpened: connection.wasOpened(),
      hasAnswered: connection.hasAnswered ?? false,
      ...(connection.proxy === undefined ? {} : { proxy: connection.proxy }),
    });
  }
  connection.hasAnswered = true;
  // A deadline that passes while nobody reads the body must not become an uncaught error.
  response.body.on("error", () => {});
  const header = (name: string) => headerOf(response, name);
  const location = header("location");
  return {
    status: response.statusCode,
    contentType: (header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
    ...(location === undefined ? {} : { location: publicUrl(location, asked) }),
    headerMs: performance.now() - sentAtMs,
    header,
    body: boundedBody(response.body, {
      encoding: (header("content-encoding") ?? "identity").trim().toLowerCase(),
      target: asked,
      limits,
      deadline,
      signal,
    }),
  };
}

function headerOf({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
