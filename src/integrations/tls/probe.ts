import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { performance } from "node:perf_hooks";
import { errorCode, PortError, reasonOf } from "../../domain/errors.ts";
import { isMetadataAddress } from "../../domain/targets/reserved-addresses.ts";
import {
  isReached,
  type TlsHandshake,
  type TlsOutcome,
  type TlsQuestion,
  tlsQuestions,
  usualHandshake,
} from "../../domain/tls/probe.ts";
import { tlsTargetText } from "../../domain/tls/target.ts";
import { durationText } from "../../domain/units.ts";
import type { TlsProbeRequest, TlsProbes } from "../../ports/tls-probe.ts";
import { checkTls, tlsOptions } from "../web-client/tls-options.ts";
import { type Asking, handshake } from "./handshake.ts";
import { type ProbeLimits, probeLimits } from "./limits.ts";
import { readTrust } from "./trust.ts";

/** Looks at TLS ports with node:tls. `find`: the addresses of a name, all of them; the system's when absent. */
export function tlsProbes({
  find = systemLookup,
  limits = probeLimits,
}: {
  readonly find?: (name: string) => Promise<readonly string[]>;
  readonly limits?: ProbeLimits;
} = {}): TlsProbes {
  return {
    async probe(request, tell, signal) {
      const { host, port, tls } = request;
      checkTls(tls);
      signal.throwIfAborted();
      const startedMs = performance.now();
      const atMs = Date.now();
      const serverName = tls?.serverName ?? host;
      const { servername: _sent, ca: _ca, ...options } = tlsOptions(tls);
      const trust = await readTrust(tls?.ca, process.env);
      const asking: Asking = { port, serverName, options, trust, limits };
      const isAddress = isIP(host) !== 0;
      if (!isAddress) tell(`Looking up ${host}…`);
      const addresses = isAddress ? [host] : await addressesOf(request, find, limits, signal);
      const lookedUpMs = performance.now();
      const allowed = addresses.filter((address) => !isMetadataAddress(address));
      if (allowed.length === 0) throw new PortError("forbidden", tlsTargetText(request), metadataWords);
      const handshakes: TlsHandshake[] = [];

      async function ask(question: TlsQuestion, address: string): Promise<void> {
        const leftMs = startedMs + limits.totalMs - performance.now();
        // What is begun may come to its end.
        if (leftMs < limits.connectMs + limits.handshakeMs + limits.afterwardsMs) {
          const total = durationText(limits.totalMs);
          handshakes.push({
            question,
            address,
            outcome: {
              kind: "not-asked",
              why: `it might not end within the ${total} for all`,
              isNeedless: false,
            },
          });
          return;
        }
        tell(`Handshake ${handshakes.length + 1} with ${address}: ${questionWords[question]}…`);
        handshakes.push(await handshake(question, address, asking, signal));
      }

      for (const address of allowed.slice(0, limits.addresses)) await ask("usual", address);
      const usual = usualHandshake({ handshakes });
      if (usual !== undefined && isReached(usual)) {
        for (const question of tlsQuestions.slice(1)) {
          const needless = needlessQuestion(question, usual.outcome, serverName);
          if (needless === undefined) await ask(question, usual.address);
          else
            handshakes.push({
              question,
              address: usual.address,
              outcome: { kind: "not-asked", why: needless, isNeedless: true },
            });
        }
      }
      return {
        host,
        port,
        serverName,
        atMs,
        tookMs: performance.now() - startedMs,
        trust: { source: trust.source, authorities: trust.authorities.length },
        showedCertificate: tls?.cert !== undefined,
        ...(isAddress ? {} : { lookupMs: lookedUpMs - startedMs }),
        addresses: allowed,
        handshakes,
      };
    },
  };
}

const metadataWords =
  "this is where a cloud tells its machines their credentials (metadata service); it is never asked";

const questionWords: Readonly<Record<TlsQuestion, string>> = {
  usual: "as clients usually make it",
  "no-name": "without SNI",
  h2: "h2 only",
  "http/1.1": "http/1.1 only",
  "no-alpn": "without ALPN",
  "tls1.2": "TLS 1.2 at most",
  old: "TLS 1.1 at most",
};

/** Why a question need not be asked after what the usual handshake came to; undefined: it is to be asked. */
function needlessQuestion(question: TlsQuestion, usual: TlsOutcome, serverName: string): string | undefined {
  // A server that does not speak TLS, or does not answer, is not asked again: it is ill, or it is another one.
  if (usual.kind !== "done" && usual.kind !== "alert") return "the first handshake says enough";
  if (question === "no-name" && isIP(serverName) !== 0) return "an address is never sent as a name";
  if (usual.kind === "alert") return undefined;
  if (question === "tls1.2" && usual.protocol !== "TLSv1.3") return "the usual handshake says so";
  if (question === "old" && usual.protocol <= "TLSv1.1") return "the usual handshake says so";
  return undefined;
}

async function addressesOf(
  request: TlsProbeRequest,
  find: (name: string) => Promise<readonly string[]>,
  { lookupMs }: ProbeLimits,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { host } = request;
  const target = tlsTargetText(request);
  const bound = AbortSignal.any([signal, AbortSignal.timeout(lookupMs)]);
  const ended = new Promise<never>((_resolve, reject) => {
    bound.addEventListener("abort", () => reject(bound.reason), { once: true });
  });
  let found: readonly string[];
  try {
    found = await Promise.race([find(host), ended]);
  } catch (error) {
    signal.throwIfAborted();
    const code = errorCode(error);
    if (code === "ENOTFOUND" || code === "ENODATA")
      throw new PortError("not-found", target, `${host} has no address: this host name is unknown`);
    if (bound.aborted)
      throw new PortError(
        "timeout",
        target,
        `${host} was not looked up within ${durationText(lookupMs)}: the name server is silent`,
      );
    throw new PortError("unavailable", target, `${host} could not be looked up: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (found.length === 0) throw new PortError("not-found", target, `${host} has no address`);
  return [...new Set(found)];
}

async function systemLookup(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
