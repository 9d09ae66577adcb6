import { UsageError } from "../domain/errors.ts";
import type { GoTargetAccess, GoTargetAddress } from "../ports/go-target.ts";

export interface TypedTarget {
  readonly address: GoTargetAddress;
  /** User and password that stood in the URL; they are nowhere in `address`. */
  readonly credentials?: NonNullable<GoTargetAccess["credentials"]>;
}

/** Where things are when nothing else is said. */
export interface AddressDefaults {
  readonly pprofPath?: string | undefined;
  /** Path, or URL at another origin. */
  readonly metrics?: string | undefined;
  readonly expvarPath?: string | undefined;
  readonly profileRatesPath?: string | undefined;
}

const usualPprofPath = "/debug/pprof/";
const examples = "for example localhost:6060, https://host/debug/pprof/ or unix:/run/app.sock";

/**
 * Understands what people type or paste: `host:6060`, `:6060`, a URL of the service, of the pprof index or of one of its
 * profiles, a prefix in front of it (`https://gw/orders/debug/pprof/`, `kubectl proxy` paths), `unix:/path/to/socket`.
 * Metrics and expvar are looked for below the same prefix; and so is the index when one of them was pasted. Any other path may
 * be the index itself or a prefix in front of everything: both are told. Throws UsageError.
 */
export function parseTarget(text: string, defaults: AddressDefaults = {}): TypedTarget {
  const typed = text.trim();
  if (typed.startsWith("unix:")) {
    const socketPath = typed.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (!socketPath.startsWith("/")) throw new UsageError(`"${typed}": a unix socket needs an absolute path`);
    return { address: { origin: "http://localhost", socketPath, ...paths("/", defaults) } };
  }
  const url = asUrl(typed);
  const address: GoTargetAddress = { origin: url.origin, ...paths(url.pathname, defaults) };
  if (url.username === "" && url.password === "") return { address };
  const username = unescaped(url.username);
  const password = unescaped(url.password);
  return { address, credentials: { kind: "basic", username, password } };
}

/** A stray "%" stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function asUrl(typed: string): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    throw new UsageError(`"${scheme}://" cannot be asked; give an http or https URL, ${examples}`);
  }
  const full = scheme === undefined ? `http://${typed.startsWith(":") ? "localhost" : ""}${typed}` : typed;
  // The URL is not repeated: it may hold a password.
  const port = /^[^/?#]*:(\d+)(?:[/?#]|$)/.exec(full.replace(/^[a-z]+:\/\//i, ""))?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    throw new UsageError(`port ${port.slice(0, 10)} does not exist: ports go from 1 to 65535`);
  }
  if (typed === "" || /\s/.test(typed) || !URL.canParse(full)) {
    throw new UsageError(`this is not a target's address; ${examples}`);
  }
  return new URL(full);
}

function paths(pathname: string, defaults: AddressDefaults): Omit<GoTargetAddress, "origin" | "socketPath"> {
  const pprof = /^(.*)(\/debug\/pprof)(?:\/.*)?$/.exec(pathname);
  const neighbour = /^(.*?)\/(?:metrics|debug\/(?:vars|fgprof|requests|events))\/?$/.exec(pathname);
  const beside = pprof ?? neighbour;
  const prefix = beside?.[1] ?? "";
  const isPlace = pathname === "/" || beside !== null || defaults.pprofPath !== undefined;
  const below = (front: string, pprofPath: string) => ({
    pprofPath: withSlash(defaults.pprofPath ?? pprofPath),
    metrics: defaults.metrics ?? `${front}/metrics`,
    expvarPath: defaults.expvarPath ?? `${front}/debug/vars`,
  });
  const front = pathname.replace(/\/+$/, "");
  return {
    // As it stands first: an index that is mounted there takes everything below for itself, but has no profiles there.
    ...below(prefix, isPlace ? `${prefix}${usualPprofPath}` : pathname),
    ...(isPlace ? {} : { elsewhere: below(front, `${front}${usualPprofPath}`) }),
    // Asking there changes something in the process: only where somebody said that it is meant for it.
    ...(defaults.profileRatesPath === undefined ? {} : { profileRatesPath: defaults.profileRatesPath }),
  };
}

function withSlash(path: string): string {
  const absolute = path.startsWith("/") ? path : `/${path}`;
  return absolute.endsWith("/") ? absolute : `${absolute}/`;
}
