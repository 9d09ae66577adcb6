import { PortError, UsageError } from "../../domain/errors.ts";
import type { MetricSeries } from "../../domain/metrics/metric-series.ts";
import { durationText } from "../../domain/units.ts";
import { type ApiAnswer, parseQueryAnswer, parseTargetsAnswer } from "../../parsers/prometheus-api/answer.ts";
import type { MetricsServer, MetricsServers } from "../../ports/metrics-server.ts";
import type { AnswerLimits, WebAccess } from "../../ports/web-access.ts";
import { answerText } from "../web-client/answer-text.ts";
import { askWeb, type WebAnswer } from "../web-client/ask.ts";
import { connectTo, usable } from "../web-client/connection.ts";
import { publicUrl, questionHeaders } from "../web-client/headers.ts";
import { connections, otherMomentMs } from "./limits.ts";

/** Servers of Prometheus' HTTP API. `userAgent` lets their owners see who asked. */
export function prometheusServers({
  userAgent = "gofire",
}: {
  readonly userAgent?: string;
} = {}): MetricsServers {
  return { open: (url, access) => openServer(url, access, userAgent) };
}

function openServer(text: string, access: WebAccess, userAgent: string): MetricsServer {
  const base = baseOf(text);
  const url = publicUrl(base.href, base.href).replace(/\/$/, "");
  const headers = questionHeaders(access, userAgent);
  const secret = access.credentials !== undefined || Object.keys(access.headers ?? {}).length > 0;
  const connection = usable(url, () =>
    connectTo(
      { origin: base.origin },
      {
        ...(access.tls === undefined ? {} : { tls: access.tls }),
        ...(access.proxy === undefined ? {} : { proxy: access.proxy }),
        tunnel: secret,
        connections,
      },
    ),
  );

  async function ask<T>(
    endpoint: string,
    parameters: Readonly<Record<string, string>>,
    parse: (text: string) => ApiAnswer<T>,
    limits: AnswerLimits,
    signal: AbortSignal,
  ): Promise<{ readonly value: T; readonly warnings: readonly string[] }> {
    const path = `${base.pathname.replace(/\/$/, "")}/api/v1/${endpoint}`;
    // GET, because what guards a Prometheus (OpenShift's proxy, Kubernetes' API server) takes POST for a change.
    const query = new URLSearchParams(parameters).toString();
    const answer = await askWeb(
      connection,
      { path: `${path}?${query}`, headers, shownAs: base.origin + path },
      limits,
      signal,
    );
    const body = await answerText(answer);
    return valueOf(answer, parse(body), url);
  }

  return {
    url,
    async query(expression, atMs, limits, signal) {
      const parameters = { query: expression, time: seconds(atMs), timeout: timeoutOf(limits) };
      const { value, warnings } = await ask("query", parameters, parseQueryAnswer, limits, signal);
      refuseOtherMoment(value, atMs, url);
      return { series: value, warnings };
    },
    async queryRange(expression, { startMs, endMs, stepMs }, limits, signal) {
      const parameters = {
        query: expression,
        start: seconds(startMs),
        end: seconds(endMs),
        step: seconds(stepMs),
        timeout: timeoutOf(limits),
      };
      const { value, warnings } = await ask("query_range", parameters, parseQueryAnswer, limits, signal);
      return { series: value, warnings };
    },
    async targets(limits, signal) {
      return (await ask("targets", { state: "active" }, parseTargetsAnswer, limits, signal)).value;
    },
    async close() {
      await connection.dispatcher.destroy();
    },
  };
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`"${publicUrl(text, text)}" is no URL of a Prometheus: write http://HOST:PORT.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(
      "The URL of Prometheus holds a password: put it under auth, from a variable or a file.",
    );
  }
  return url;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** A cache in between that answers with what it has of another moment would make numbers of then those of now. */
function refuseOtherMoment(found: readonly MetricSeries[], atMs: number, target: string): void {
  const farthestMs = Math.max(
    0,
    ...found.slice(0, 100).flatMap(({ points }) => points.map((point) => Math.abs(point.atMs - atMs))),
  );
  if (farthestMs <= otherMomentMs) return;
  throw new PortError(
    "bad-response",
    target,
    `it answers about a moment that is ${durationText(farthestMs)} away from the one asked about (a cache in between, or its clock)`,
  );
}

/** The server shall not go on working on what nobody waits for any more. */
function timeoutOf({ deadlineMs }: AnswerLimits): string {
  return `${Math.max(1, Math.ceil(deadlineMs))}ms`;
}

function valueOf<T>(
  { status, location, contentType }: WebAnswer,
  answer: ApiAnswer<T>,
  target: string,
): { readonly value: T; readonly warnings: readonly string[] } {
  if (status >= 200 && status < 300 && answer.kind === "success") return answer;
  if (status === 401 || status === 403) {
    throw new PortError(
      "forbidden",
      target,
      `it refuses us (HTTP ${status}): see auth of prometheus in gofire.yaml`,
    );
  }
  if (status === 429)
    throw new PortError("rate-limited", target, "it has too many questions to answer (HTTP 429)");
  if (status >= 300 && status < 400) {
    const where = location === undefined ? "" : ` to ${location}`;
    throw new PortError(
      "bad-response",
      target,
      `it redirects${where}, which is not followed: write the address that answers itself`,
    );
  }
  if (answer.kind === "error") {
    const unavailable = status >= 500 || answer.errorType === "timeout" || answer.errorType === "unavailable";
    throw new PortError(
      unavailable ? "unavailable" : "bad-response",
      target,
      `it answers ${answer.errorType} (HTTP ${status}): ${answer.message}`,
    );
  }
  if (status === 404) {
    throw new PortError("not-found", target, "there is no Prometheus API at this address (HTTP 404)");
  }
  if (status >= 500) throw new PortError("unavailable", target, `it answers HTTP ${status}`);
  const what = answer.kind === "foreign" ? answer.message : "The answer has no sense.";
  const type = contentType === "" ? "" : `, ${contentType}`;
  throw new PortError(
    "bad-response",
    target,
    `what answers there is no Prometheus (HTTP ${status}${type}): ${what}`,
  );
}
