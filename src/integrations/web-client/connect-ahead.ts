import type { LookupFunction, Socket } from "node:net";
import type { buildConnector } from "undici";
import { isLoopback } from "../../domain/targets/reserved-addresses.ts";
import { safeLookup } from "./safe-lookup.ts";

/** Where a connection led. */
export interface Reached {
  readonly address: string;
  /** At the other end is this machine: its loopback, or another address of its own. */
  readonly own: boolean;
}

/** Connections to one origin, of which the first may be opened before there is anything to ask. */
export interface ConnectAhead {
  /** For undici: takes the connection that is open or on its way already, once. */
  readonly connect: buildConnector.connector;
  /** Connects, unless that was done. Rejects as connecting fails; whoever connects next hears the same. */
  reach(): Promise<Reached | undefined>;
  /** Ends a connection that nobody took. */
  close(): void;
}

interface Opening {
  readonly socket: Promise<Socket>;
}

/**
 * `connectorOf` makes undici's connector with a way to look up names. Once one address was reached, a name means that
 * address: what answers at another one may be another process.
 */
export function connectAhead(
  origin: string,
  connectorOf: (lookup: LookupFunction) => buildConnector.connector,
): ConnectAhead {
  let reached: Reached | undefined;
  let waiting: Opening | undefined;
  const connector = connectorOf((hostname, options, callback) => {
    if (reached === undefined) return safeLookup(hostname, options, callback);
    const { address } = reached;
    const family = address.includes(":") ? 6 : 4;
    if (options.all === true) return callback(null, [{ address, family }]);
    return callback(null, address, family);
  });

  function open(options: buildConnector.Options): Promise<Socket> {
    return new Promise((resolve, reject) => {
      connector(options, (...[error, socket]) => {
        if (error !== null) return reject(error);
        reached ??= reachedBy(socket);
        resolve(socket);
      });
    });
  }

  async function take(options: buildConnector.Options, callback: buildConnector.Callback): Promise<void> {
    const opening = waiting;
    waiting = undefined;
    let socket: Socket;
    try {
      const ahead = await opening?.socket;
      socket = ahead === undefined || ahead.destroyed ? await open(options) : ahead;
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    socket.off("error", ignored);
    callback(null, socket);
  }

  return {
    connect: (options, callback) => void take(options, callback),
    async reach() {
      if (reached !== undefined) return reached;
      if (waiting === undefined) {
        const socket = open(optionsOf(new URL(origin)));
        // Until it is taken, nobody else hears of its end.
        socket.then((opened) => opened.on("error", ignored)).catch(ignored);
        waiting = { socket };
      }
      await waiting.socket;
      return reached;
    },
    close() {
      waiting?.socket.then((socket) => socket.destroy()).catch(ignored);
      waiting = undefined;
    },
  };
}

function ignored(): void {}

/** As undici asks its connector: brackets are no part of an IPv6 address. */
function optionsOf({ host, hostname, protocol, port }: URL): buildConnector.Options {
  return { host, hostname: hostname.replace(/^\[|\]$/g, ""), protocol, port };
}

function reachedBy({ remoteAddress, localAddress }: Socket): Reached | undefined {
  if (remoteAddress === undefined) return undefined;
  // To reach one of its own addresses a machine sends from that address.
  return { address: remoteAddress, own: isLoopback(remoteAddress) || localAddress === remoteAddress };
}
