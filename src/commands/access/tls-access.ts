import { parseTarget } from "../../capture/address.ts";
import type { GofireConfig, TargetConfig } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import type { TlsTarget } from "../../domain/tls/probe.ts";
import { readTlsTarget } from "../../domain/tls/target.ts";
import type { Host } from "../../ports/host.ts";
import type { TlsProbeRequest } from "../../ports/tls-probe.ts";
import { readWebAccess } from "./web-access.ts";

/** A target of gofire.yaml that stands behind a host. */
interface KnownTarget extends TlsTarget {
  readonly service: string;
  readonly target: TargetConfig;
}

/** The targets whose places are written down; sockets have none. */
export function knownTargets(config: GofireConfig | undefined): readonly KnownTarget[] {
  return Object.entries(config?.services ?? {}).flatMap(([service, { targets }]) =>
    targets.flatMap((target) => {
      const place = placeOf(target);
      return place === undefined ? [] : [{ service, target, ...place }];
    }),
  );
}

function placeOf({ address }: TargetConfig): TlsTarget | undefined {
  try {
    const { origin, socketPath } = parseTarget(address, {}).address;
    if (socketPath !== undefined) return undefined;
    const { hostname, port, protocol } = new URL(origin);
    const { host } = readTlsTarget(hostname);
    return { host, port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port) };
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** With the authority, certificate and name that gofire.yaml has for a target there; `using` says whose they are. */
export async function withKnownTls(
  asked: TlsTarget,
  config: GofireConfig | undefined,
  host: Host,
): Promise<{ readonly request: TlsProbeRequest; readonly using?: string }> {
  const there = knownTargets(config).filter(
    (known) => known.host === asked.host && known.target.tls !== undefined,
  );
  const known = there.find(({ port }) => port === asked.port) ?? there[0];
  const ours = known?.target.tls;
  if (known === undefined || ours === undefined) return { request: asked };
  const { service, target } = known;
  const { tls } = await readWebAccess({ headers: {}, tls: ours }, target.at, host);
  const request = { ...asked, ...(tls === undefined ? {} : { tls }) };
  return { request, using: `tls of ${service} (${target.at})` };
}
