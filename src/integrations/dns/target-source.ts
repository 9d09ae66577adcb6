import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { errorCode, PortError } from "../../domain/errors.ts";
import { type DnsAddresses, type DnsServices, mostFound } from "../../domain/targets/target-place.ts";
import { counted } from "../../domain/units.ts";
import type { FoundTarget, FoundTargets, TargetSource } from "../../ports/target-source.ts";
import { lookupsAtOnce, questionTimeoutMs, questionTries } from "./limits.ts";

/**
 * The processes behind a name. `servers` (`host:port`) are asked instead of this machine's name servers. Names are asked
 * as they are written: neither search domains nor /etc/hosts are looked at.
 */
export function dnsTargets(
  place: DnsAddresses | DnsServices,
  { servers }: { readonly servers?: readonly string[] } = {},
): TargetSource {
  return {
    async find(signal) {
      signal.throwIfAborted();
      const resolver = new Resolver({ timeout: questionTimeoutMs, tries: questionTries });
      if (servers !== undefined) resolver.setServers(servers);
      const leave = () => resolver.cancel();
      signal.addEventListener("abort", leave, { once: true });
      try {
        return await (place.kind === "dns" ? byAddresses(place, resolver) : byServices(place, resolver));
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener("abort", leave);
      }
    },
    passage: () => Promise.resolve(undefined),
  };
}

async function byAddresses({ name, port, scheme }: DnsAddresses, resolver: Resolver): Promise<FoundTargets> {
  const addresses = await addressesOf(name, resolver);
  return bounded(
    addresses.map((address) => {
      const authority = authorityOf(address, port);
      return {
        name: authority,
        aliases: [address],
        origin: `${scheme}://${authority}`,
        prefix: "",
        tlsName: plain(name),
      };
    }),
  );
}

async function byServices({ name, scheme }: DnsServices, resolver: Resolver): Promise<FoundTargets> {
  const records = await asked(`the SRV records of ${name}`, () => resolver.resolveSrv(name));
  const wanted = records.slice(0, mostFound);
  const targets: FoundTarget[] = [];
  const lost: string[] = [];
  let firstFailure: unknown;
  const queue = [...wanted];
  await Promise.all(
    Array.from({ length: lookupsAtOnce }, async () => {
      for (let record = queue.shift(); record !== undefined; record = queue.shift()) {
        const { name: host, port } = record;
        try {
          const [address, ...others] = await addressesOf(host, resolver);
          if (address === undefined) lost.push(host);
          else targets.push(behind(host, port, [address, ...others], scheme));
        } catch (error) {
          firstFailure ??= error;
          lost.push(host);
        }
      }
    }),
  );
  if (targets.length === 0 && firstFailure !== undefined) throw firstFailure;
  const { targets: found, leftOut } = bounded(targets);
  const missing =
    lost.length === 0
      ? undefined
      : `${counted(lost.length, "name")} of the SRV records of ${name} without an address: ${lost.sort().slice(0, 3).join(", ")}`;
  const words = [leftOut, records.length > mostFound ? cutWords(records.length) : undefined, missing].filter(
    (each) => each !== undefined,
  );
  return { targets: found, ...(words.length === 0 ? {} : { leftOut: words.join("; ") }) };
}

function behind(
  host: string,
  port: number,
  addresses: readonly [string, ...string[]],
  scheme: string,
): FoundTarget {
  const authorities = addresses.map((address) => authorityOf(address, port));
  return {
    name: `${plain(host)}:${port}`,
    aliases: [...authorities, ...addresses],
    origin: `${scheme}://${authorities[0]}`,
    prefix: "",
    tlsName: plain(host),
  };
}

/**
 * All IPv4 addresses, or without any all IPv6 ones: where both are there, they are the same processes a second time. In
 * order, because name servers turn theirs around.
 */
async function addressesOf(name: string, resolver: Resolver): Promise<readonly string[]> {
  const four = await asked(`the addresses of ${name}`, () => resolver.resolve4(name));
  const all = four.length > 0 ? four : await asked(`the addresses of ${name}`, () => resolver.resolve6(name));
  return [...new Set(all)].toSorted(byNumbers);
}

/** What is asked for is missing where the name is there all the same: a service without a ready process. */
const nothing: ReadonlySet<string> = new Set(["ENODATA"]);

async function asked<T>(what: string, ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    const code = errorCode(error);
    if (nothing.has(code)) return [];
    throw dnsError(code, what, error);
  }
}

/** By c-ares' codes (Node docs: dns, "Error codes"). */
const reasons: Readonly<Record<string, readonly [PortError["code"], string]>> = {
  ENOTFOUND: [
    "not-found",
    "answered NXDOMAIN: there is no such name. It is asked for as it is written, in full",
  ],
  ESERVFAIL: ["unavailable", "answered SERVFAIL: the name server could not find out"],
  EREFUSED: ["forbidden", "answered REFUSED: the name server does not answer this machine"],
  ENOTIMP: ["bad-response", "answered NOTIMP: the name server does not know such questions"],
  EFORMERR: ["bad-response", "answered FORMERR: the name server did not understand the question"],
  EBADRESP: ["bad-response", "answered with something that is no answer"],
  ETIMEOUT: ["timeout", "did not answer in time"],
  ECONNREFUSED: ["unavailable", "cannot be asked: nothing listens at the name server's address"],
  EBADNAME: ["bad-response", "cannot be asked: this is no name"],
};

function dnsError(code: string, what: string, cause: unknown): PortError {
  const [kind, reason] = reasons[code] ?? ["unavailable", `could not be asked (${code || String(cause)})`];
  return new PortError(kind, what, `Asked for ${what}, DNS ${reason}`, { cause });
}

function bounded(targets: readonly FoundTarget[]): FoundTargets {
  const unique = [...new Map(targets.map((target) => [target.name, target])).values()];
  const sorted = unique.toSorted((a, b) => byNumbers(a.name, b.name));
  return {
    targets: sorted.slice(0, mostFound),
    ...(sorted.length > mostFound ? { leftOut: cutWords(sorted.length) } : {}),
  };
}

function cutWords(count: number): string {
  return `only the first ${mostFound} of ${count} are known`;
}

const collator = new Intl.Collator("en", { numeric: true });

function byNumbers(a: string, b: string): number {
  return collator.compare(a, b);
}

function authorityOf(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Without the dot that says that the name is whole. */
function plain(name: string): string {
  return name.replace(/\.$/, "");
}
