import { buildConnector, type Dispatcher, Pool, ProxyAgent } from "undici";
import { PortError, reasonOf, UsageError } from "../../domain/errors.ts";
import type { WebAccess } from "../../ports/web-access.ts";
import { type ConnectAhead, connectAhead } from "./connect-ahead.ts";
import { connectTimeoutMs } from "./limits.ts";
import { neverPausedAtTheEnd } from "./never-paused.ts";
import { refuseMetadata, safeLookup } from "./safe-lookup.ts";
import { checkTls, type Tls, tlsOptions } from "./tls-options.ts";

/** What connects to one origin, and whether it got as far as being open. */
export interface Connection {
  readonly origin: string;
  readonly dispatcher: Dispatcher;
  /** Absent behind a proxy and for a unix socket: there is no address to see. */
  readonly ahead?: Pick<ConnectAhead, "reach" | "close">;
  /** False until a connection was opened once; always true behind a proxy, where it cannot be seen. */
  wasOpened(): boolean;
  /** Set once a question was answered. */
  hasAnswered?: boolean;
  /** The origin of the proxy that is asked. */
  readonly proxy?: string;
}

/**
 * Opens nothing yet: undici connects with the first question. The HTTP_PROXY variables are not looked at, because
 * a proxy that nobody named must not see what is asked. Throws PortError `forbidden` for an address that is never asked.
 */
export function connectTo(
  { origin, socketPath }: { readonly origin: string; readonly socketPath?: string },
  {
    tls,
    proxy,
    tunnel,
    connections = 1,
    oneProcess = false,
  }: Pick<WebAccess, "proxy"> & {
    readonly tls?: Tls;
    readonly tunnel: boolean;
    /** How many questions may be open at the same time. */
    readonly connections?: number;
    /** Everything is asked at the one address that was reached first. */
    readonly oneProcess?: boolean;
  },
): Connection {
  if (socketPath === undefined) refuseMetadata(origin);
  if (proxy !== undefined) {
    const dispatcher = new ProxyAgent({
      uri: proxy.url,
      ...(proxy.credentials === undefined ? {} : { token: basicToken(proxy.credentials) }),
      requestTls: tlsOptions(tls),
      // Without a tunnel a plain HTTP question is addressed to the proxy, so one that carries credentials gets one.
      proxyTunnel: tunnel,
      connections,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return {
      origin,
      dispatcher: dispatcher.compose(neverPausedAtTheEnd),
      wasOpened: () => true,
      proxy: new URL(proxy.url).origin,
    };
  }
  checkTls(tls);
  const options = { ...tlsOptions(tls), timeout: connectTimeoutMs };
  const ahead =
    oneProcess && socketPath === undefined
      ? connectAhead(origin, (lookup) => buildConnector({ ...options, lookup }))
      : undefined;
  const connector =
    ahead?.connect ??
    buildConnector({ ...options, ...(socketPath === undefined ? { lookup: safeLookup } : { socketPath }) });
  let opened = false;
  const dispatcher = new Pool(origin, {
    connections,
    connect(options, callback) {
      connector(options, (...result) => {
        if (result[0] === null) opened = true;
        callback(...result);
      });
    },
    headersTimeout: 0, // the deadline of each question rules instead
    bodyTimeout: 0,
  });
  return {
    origin,
    dispatcher: dispatcher.compose(neverPausedAtTheEnd),
    wasOpened: () => opened,
    ...(ahead === undefined ? {} : { ahead }),
  };
}

export function basicToken({
  username,
  password,
}: {
  readonly username: string;
  readonly password: string;
}): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** What `open` makes; undici checks its options in its constructors and throws errors of its own: UsageError here. */
export function usable<T>(target: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof PortError) throw error;
    throw new UsageError(`cannot connect to ${target}: ${reasonOf(error)}`);
  }
}
