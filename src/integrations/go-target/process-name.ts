import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { isLoopback, plainAddress } from "../../domain/targets/reserved-addresses.ts";
import type { GoTargetAddress } from "../../ports/go-target.ts";
import type { Reached } from "../web-client/connect-ahead.ts";

type Address = Pick<GoTargetAddress, "origin" | "socketPath" | "pprofPath">;

/**
 * The usual ports of HTTP and HTTPS. Many services stand behind one address there, and the name that is asked for says
 * which (RFC 9112, section 3.2): a load balancer's or an ingress's address is no process.
 */
const sharedPorts: ReadonlySet<number> = new Set([80, 443]);

/** A process by where it is said to be, in one spelling for all that mean the same place. Holds no secrets. */
export function processName({ origin, socketPath, pprofPath }: Address): string {
  if (socketPath !== undefined) return `${hostname()}:${realPath(socketPath)}`;
  const url = new URL(origin);
  const host = url.hostname.replace(/\.$/, "");
  const address = plainAddress(host);
  // To connect to the unspecified address is to connect to oneself (man 7 ip, INADDR_ANY).
  const own = isLoopback(host) || address === "0.0.0.0" || address === "0:0:0:0:0:0:0:0";
  return named(own ? hostname() : (address ?? host), url, pprofPath);
}

/** A process by the address that a connection to it led to; undefined where that may be several processes' address. */
export function reachedName({ origin, pprofPath }: Address, { address, own }: Reached): string | undefined {
  const url = new URL(origin);
  const plain = plainAddress(address) ?? address;
  const asked = plainAddress(url.hostname);
  if (sharedPorts.has(portOf(url)) && asked === undefined && !isLoopback(url.hostname)) return undefined;
  return named(own ? hostname() : plain, url, pprofPath);
}

/** HTTP and TLS are two ways to the same process. What stands in front of pprof's usual path may be a gateway's choice. */
function named(host: string, url: URL, pprofPath: string): string {
  const { pathname } = new URL(pprofPath, url);
  const prefix = pathname.replace(/(?:\/debug\/pprof)?\/+$/, "");
  return `${host}:${portOf(url)}${prefix}`;
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

/** Where there is nothing yet the path itself is the name. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
