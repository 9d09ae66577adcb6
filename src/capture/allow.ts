import { UsageError } from "../domain/errors.ts";
import { literalPattern } from "../domain/literal-pattern.ts";
import type { GoTargetAddress } from "../ports/go-target.ts";

/** A rule that lets targets be captured without a person having typed their address. */
interface Allowance {
  readonly scheme: "http" | "https" | undefined;
  matchesHost(host: string): boolean;
  /** undefined: any port. */
  readonly port: number | undefined;
  /** undefined: not a socket. */
  readonly socket: RegExp | undefined;
}

export type Permission = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/**
 * Whether the configuration allows a target. Patterns are
 * - `[scheme://]host[:port]`: "*" stands for any part of one label (`order-*.prod.svc:6060`); no port means any port;
 * - an IPv4 range, `10.0.0.0/8[:port]`: matches addresses, not names that resolve to them;
 * - `unix:/path`: "*" stands for any part of one path element.
 *
 * A metrics URL at another origin must be allowed too. An empty list allows nothing. Throws UsageError for a pattern
 * that cannot be understood, because a misread one could allow too much.
 */
export function allowTarget(address: GoTargetAddress, patterns: readonly string[]): Permission {
  const allowances = patterns.map(allowance);
  const metrics = new URL(address.metrics, address.origin);
  const origins = [new URL(address.origin), ...(metrics.origin === address.origin ? [] : [metrics])];
  for (const [position, url] of origins.entries()) {
    const { socketPath } = address;
    const isSocket = position === 0 && socketPath !== undefined;
    const allowed = isSocket
      ? allowances.some(({ socket }) => socket?.test(socketPath) === true)
      : allowances.some((rule) => allows(rule, url));
    if (!allowed) {
      const name = isSocket ? `unix:${socketPath}` : url.origin;
      return { allowed: false, reason: `${name} is not among the targets that the configuration allows` };
    }
  }
  return { allowed: true };
}

function allows(rule: Allowance, url: URL): boolean {
  const { scheme, port, socket } = rule;
  if (socket !== undefined) return false;
  if (scheme !== undefined && url.protocol !== `${scheme}:`) return false;
  const urlPort = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return (port === undefined || port === urlPort) && rule.matchesHost(url.hostname.toLowerCase());
}

const hostPattern = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9*._-]+)(?:\/(\d{1,2}))?(?::(\d{1,5}))?$/i;

function allowance(pattern: string): Allowance {
  if (pattern.startsWith("unix:/")) {
    const socket = glob(pattern.slice("unix:".length), "[^/]*");
    return { scheme: undefined, matchesHost: () => false, port: undefined, socket };
  }
  const match = hostPattern.exec(pattern);
  if (match === null) throw bad(pattern);
  const [, scheme, host = "", bits, port] = match;
  if (port !== undefined && Number(port) > 65_535) throw bad(pattern);
  return {
    scheme: scheme === undefined ? undefined : scheme.toLowerCase() === "https" ? "https" : "http",
    matchesHost: bits === undefined ? hostGlob(host) : ipv4Range(host, Number(bits), pattern),
    port: port === undefined ? undefined : Number(port),
    socket: undefined,
  };
}

function hostGlob(host: string): (name: string) => boolean {
  const expression = glob(host.toLowerCase(), "[^.]*");
  return (name) => expression.test(name);
}

function glob(pattern: string, star: string): RegExp {
  return new RegExp(`^${pattern.split("*").map(literalPattern).join(star)}$`);
}

function ipv4Range(network: string, bits: number, pattern: string): (host: string) => boolean {
  const base = ipv4(network);
  if (base === undefined || bits > 32) throw bad(pattern);
  const size = 2 ** (32 - bits);
  const first = Math.floor(base / size);
  return (host) => {
    const address = ipv4(host);
    return address !== undefined && Math.floor(address / size) === first;
  };
}

function ipv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function bad(pattern: string): UsageError {
  return new UsageError(
    `"${pattern}" is not a pattern of targets; write host:port with "*" inside a label, an IPv4 range like 10.0.0.0/8:6060, or unix:/path`,
  );
}
