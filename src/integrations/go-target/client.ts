import { setTimeout as sleep } from "node:timers/promises";
import type {
  GoTarget,
  GoTargetAccess,
  GoTargetAddress,
  GoTargetAnswer,
  GoTargetPaths,
  GoTargets,
  LentRates,
  ProfileQuestion,
} from "../../ports/go-target.ts";
import type { AnswerLimits } from "../../ports/web-access.ts";
import { askWeb, type WebQuestion } from "../web-client/ask.ts";
import { type Connection, connectTo, usable } from "../web-client/connection.ts";
import { questionHeaders } from "../web-client/headers.ts";
import { processName, reachedName } from "./process-name.ts";

/** `userAgent` lets a service's owner see who asked. */
export function goTargets({ userAgent = "gofire" }: { readonly userAgent?: string } = {}): GoTargets {
  return { open: (address, access) => openGoTarget(address, access, userAgent) };
}

/** A Go process's debug endpoints over HTTP(S), a unix socket or a proxy. */
function openGoTarget(address: GoTargetAddress, access: GoTargetAccess, userAgent: string): GoTarget {
  const headers = questionHeaders(access, userAgent);
  const secret = access.credentials !== undefined || Object.keys(access.headers ?? {}).length > 0;
  const home = usable(new URL(address.pprofPath, address.origin).href, () =>
    connectTo(address, {
      ...(access.tls === undefined ? {} : { tls: access.tls }),
      ...(access.proxy === undefined ? {} : { proxy: access.proxy }),
      tunnel: secret,
      oneProcess: true,
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

  function below({ pprofPath, metrics, expvarPath }: GoTargetPaths): Asked {
    const url = new URL(pprofPath, address.origin).href;
    return {
      url: address.socketPath === undefined ? url : `unix:${address.socketPath}:${pprofPath}`,
      index: (limits, signal) => atHome(pprofPath, limits, signal),
      profile: (question, limits, signal) => atHome(pprofPath + profilePath(question), limits, signal),
      metrics(limits, signal) {
        const { pathname, search } = new URL(metrics, address.origin);
        const path = pathname + search;
        if (elsewhere === undefined) return atHome(path, limits, signal);
        return ask(elsewhere, { path, headers: strangerHeaders }, limits, signal);
      },
      expvar: (limits, signal) => atHome(expvarPath, limits, signal),
    };
  }

  function atHome(path: string, limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer> {
    return ask(home, { path, headers }, limits, signal);
  }

  const whole = {
    instance: address.socketPath ?? new URL(address.origin).host,
    name: processName(address),
    reachedName: (deadlineMs: number, signal: AbortSignal) =>
      reachedWithin(home, address, deadlineMs, signal),
    ...(address.profileRatesPath === undefined
      ? {}
      : { rates: lentRates(home, address.profileRatesPath, headers) }),
    async close() {
      home.ahead?.close();
      await Promise.all([home.dispatcher.destroy(), elsewhere?.dispatcher.destroy()]);
    },
  };
  return {
    ...whole,
    ...below(address),
    ...(address.elsewhere === undefined ? {} : { elsewhere: { ...whole, ...below(address.elsewhere) } }),
  };
}

/** What depends on the paths. */
type Asked = Pick<GoTarget, "url" | "index" | "profile" | "metrics" | "expvar">;

/** Why nothing was reached is told by the first question. */
async function reachedWithin(
  { ahead }: Connection,
  address: GoTargetAddress,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  if (ahead === undefined) return undefined;
  const waited = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: AbortSignal.any([signal, waited.signal]) });
  try {
    const reached = await Promise.race([ahead.reach().catch(() => undefined), late]);
    return reached === undefined ? undefined : reachedName(address, reached);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    waited.abort();
    late.catch(() => {});
  }
}

/** At the target's own origin, like its profiles: whoever may read them may lend the rates. */
function lentRates(home: Connection, path: string, headers: Readonly<Record<string, string>>): LentRates {
  return {
    look: (limits, signal) => ask(home, { path, headers }, limits, signal),
    take: (wish, limits, signal) =>
      ask(
        home,
        {
          method: "POST",
          path,
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(wish),
        },
        limits,
        signal,
      ),
    giveBack: (id, limits, signal) =>
      ask(home, { method: "DELETE", path: `${path}?id=${encodeURIComponent(id)}`, headers }, limits, signal),
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
  question: WebQuestion,
  limits: AnswerLimits,
  signal: AbortSignal,
): Promise<GoTargetAnswer> {
  const { header, ...answer } = await askWeb(connection, question, limits, signal);
  const server = header("server");
  return {
    ...answer,
    fromGoPprof: header("x-go-pprof") === "1",
    ...(server === undefined ? {} : { server: server.slice(0, 80) }),
  };
}
