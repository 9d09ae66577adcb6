import { UsageError } from "../errors.ts";
import { plainAddress } from "../targets/reserved-addresses.ts";
import type { TlsTarget } from "./probe.ts";

/** https (RFC 9110 §4.2.2). */
export const usualTlsPort = 443;

const forms = "Write HOST, HOST:PORT, [IPV6]:PORT or an https:// address.";

/**
 * What a person typed or pasted: a name or an address, with a port or without, or an https URL, whose path is left out.
 * Names come back in ASCII, addresses in one spelling (`0x7f.1` is 127.0.0.1). Throws UsageError with what to write.
 */
export function readTlsTarget(word: string): TlsTarget {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(word)?.[1]?.toLowerCase();
  if (scheme === "http") {
    throw new UsageError(`${shown(word)} is plain HTTP: there is no TLS to look at. ${forms}`);
  }
  if (scheme !== undefined && scheme !== "https")
    throw new UsageError(`gofire does not know ${scheme}://. ${forms}`);
  const bare = scheme === undefined ? word : word.slice("https://".length);
  const isBareIpv6 = /^[0-9a-f:.]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(bare);
  let url: URL;
  try {
    url = new URL(`https://${isBareIpv6 ? `[${bare}]` : bare}`);
  } catch {
    throw new UsageError(`"${shown(word)}" is no host. ${forms}`);
  }
  if (url.username !== "" || url.password !== "")
    throw new UsageError(`Leave out what stands before the @. ${forms}`);
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/(?<=.)\.$/, "");
  const port = url.port === "" ? usualTlsPort : Number(url.port);
  if (port === 0) throw new UsageError(`There is no port 0. ${forms}`);
  if (plainAddress(host) === undefined && !/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host))
    throw new UsageError(`"${shown(word)}" is no host. ${forms}`);
  return { host, port };
}

/** `order.example:443`, `[::1]:443` */
export function tlsTargetText({ host, port }: TlsTarget): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Passwords are not repeated. */
function shown(word: string): string {
  return word.replace(/[^/\s]*@/, "…@");
}
