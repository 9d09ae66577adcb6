import { allowTarget } from "../../capture/allow.ts";
import type { GofireConfig } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import { isMetadataAddress } from "../../domain/targets/reserved-addresses.ts";
import type { TlsTarget } from "../../domain/tls/probe.ts";
import { tlsTargetText, usualTlsPort } from "../../domain/tls/target.ts";
import type { Host } from "../../ports/host.ts";
import type { TlsPlaces } from "../../ports/tls-places.ts";
import type { TlsProbes } from "../../ports/tls-probe.ts";
import { knownTargets, withKnownTls } from "./tls-access.ts";

/** What gofire.yaml lets people look at from the chat, see docs/decisions/0025-what-may-be-probed.md. */
export function tlsPlaces(config: GofireConfig | undefined, host: Host, probes: TlsProbes): TlsPlaces {
  const known = knownTargets(config);
  const patterns = [...(config?.allow.targets ?? []), ...(config?.allow.tls ?? []).map(withPort)];

  function permit(target: TlsTarget): void {
    const name = tlsTargetText(target);
    if (isMetadataAddress(target.host))
      throw new UsageError(`${name} is a cloud's metadata service: it is never asked.`);
    const isTarget = known.some(
      (one) => one.host === target.host && (target.port === one.port || target.port === usualTlsPort),
    );
    if (isTarget) return;
    const address = { origin: `https://${name}`, pprofPath: "/", metrics: "/", expvarPath: "/" };
    if (allowTarget(address, patterns).allowed) return;
    throw new UsageError(
      `${name} is not among what may be looked at from the chat: those are the hosts of the targets in gofire.yaml, at their own port and at 443, and what allow.tls names there. Whoever looks after gofire can add it under allow.tls. At a terminal anybody can: gofire tls ${name}`,
    );
  }

  return {
    permit,
    async look(target, signal) {
      permit(target);
      const { request, using } = await withKnownTls(target, config, host);
      const probe = await probes.probe(request, () => {}, signal);
      const { judgeTls } = await import("../../domain/tls/report.ts");
      return { ...judgeTls(probe), ...(using === undefined ? {} : { using }) };
    },
  };
}

/** Without a port a pattern means the usual one: a name that is let in does not let its whole machine be searched. */
function withPort(pattern: string): string {
  return /:\d+$/.test(pattern) ? pattern : `${pattern}:${usualTlsPort}`;
}
