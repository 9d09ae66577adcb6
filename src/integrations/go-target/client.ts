import type { Dispatcher } from "undici";
import { PortError, UsageError } from "../../domain/errors.ts";
import type {
  AnswerLimits,
  GoTarget,
  GoTargetAccess,
  GoTargetAddress,
  GoTargetAnswer,
  GoTargets,
  ProfileQuestion,
} from "../../ports/go-target.ts";
import { boundedBody } from "./body.ts";
import { type Connection, connectTo } from "./dispatcher.ts";
import { publicUrl, questionHeaders } from "./headers.ts";
import { silence } from "./silence.ts";

/** `userAgent` lets a service's owner see who asked. */
export function goTargets({ userAgent = "gofire" }: { readonly userAgent?: string } = {}): GoTargets {
  return { open: (address, access) => openGoTarget(address, access, userAgent) };
}

/** A Go process's debug endpoints over HTTP(S), a unix socket or a proxy. */
function openGoTarget(address: GoTargetAddress, access: GoTargetAccess, userAgent: string): GoTarget {
  const headers = questionHeaders(access, userAgent);
  const secret = access.credentials !== undefined || Object.keys(access.headers ?? {}).length > 0;
  const url = new URL(address.pprofPath, address.origin).href;
  const home = usable(url, () =>
    connectTo(address, {
      ...(access.tls === undefined ? {} : { tls: access.tls }),
      ...(access.proxy === undefined ? {} : { proxy: access.proxy }),
      tunnel: secret,
    }),
  );
  const metricsUrl = new URL(address.metrics, address.origin);
  // Another origin gets a connection of its own, without credentials, client certificate or socket.
  const elsewhere =
    metricsUrl.origin === new URL(address.origin).origin
      ? undefined
      : usable(metricsUrl.href, () =>
          connectTo(
            { origin: metricsUrl.origin },
            { ...(access.proxy === undefined ? {} : { proxy: access.proxy }), tunnel: false },
          ),
        );
  const strangerHeaders = questionHeaders({}, userAgent);

  function atHome(path: string, limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer> {
    return ask(home, path, headers, limits, signal);
  }

  return {
    url: address.socketPath === undefined ? url : `unix:${address.socketPath}:${address.pprofPath}`,
    instance: address.socketPath ?? new URL(address.origin).host,
    index: (limits, signal) => atHome(address.pprofPath, limits, signal),
    profile: (question, limits, signal) => atHome(address.pprofPath + profilePath(question), limits, signal),
    metrics(limits, signal) {
      const path = metricsUrl.pathname + metricsUrl.search;
      return elsewhere === undefined
        ? atHome(path, limits, signal)
        : ask(elsewhere, path, strangerHeaders, limits, signal);
    },
    expvar: (limits, signal) => atHome(address.expvarPath, limits, signal),
    async close() {
      await Promise.all([home.dispatcher.destroy(), elsewhere?.dispatcher.destroy()]);
    },
  };
}

function profilePath(question: ProfileQuestion): string {
  if ("seconds" in question) {
    const handler = question.profile === "cpu" ? "profile" : question.profile;
    return `${handler}?seconds=${question.seconds}`;
  }
  return `${question.profile}${question.debug === undefined ? "" : `?debug=${question.debug}`}`;
}

async function ask(
  connection: Connection,
  path: string,
  headers: Readonly<Record<string, string>>,
  limits: AnswerLimits,
  signal: AbortSignal,
): Promise<GoTargetAnswer> {
  signal.throwIfAborted();
  const asked = connection.origin + path;
  const deadline = AbortSignal.timeout(Math.ceil(limits.deadlineMs));
  const sentAtMs = performance.now();
  let response: Dispatcher.ResponseData;
  try {
    response = await connection.dispatcher.request({
      origin: connection.origin,
      path,
      method: "GET",
      headers,
      signal: AbortSignal.any([signal, deadline]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw silence(error, {
      target: asked,
      ...(deadline.aborted ? { deadlineMs: limits.deadlineMs } : {}),
      wasOpened: connection.wasOpened(),
      hasAnswered: connection.hasAnswered ?? false,
    });
  }
  connection.hasAnswered = true;
  // A deadline that passes while nobody reads the body must not become an uncaught error.
  response.body.on("error", () => {});
  const location = header(response, "location");
  const server = header(response, "server");
  return {
    status: response.statusCode,
    contentType: (header(response, "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "",
    fromGoPprof: header(response, "x-go-pprof") === "1",
    ...(location === undefined ? {} : { location: publicUrl(location, asked) }),
    ...(server === undefined ? {} : { server: server.slice(0, 80) }),
    headerMs: performance.now() - sentAtMs,
    body: boundedBody(response.body, {
      encoding: (header(response, "content-encoding") ?? "identity").trim().toLowerCase(),
      target: asked,
      limits,
      deadline,
      signal,
    }),
  };
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** undici checks its options in its constructors and throws errors of its own. */
function usable<T>(target: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof PortError) throw error;
    throw new UsageError(
      `cannot connect to ${target}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
