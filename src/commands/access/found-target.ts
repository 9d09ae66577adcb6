import type { DiscoverConfig, GofireConfig } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { FoundTarget, TargetSource, TargetSources } from "../../ports/target-source.ts";
import type { WebAccess } from "../../ports/web-access.ts";
import { type NamedTarget, type TargetOverrides, typedTarget } from "./targets.ts";
import { readWebAccess } from "./web-access.ts";

interface FoundPorts {
  readonly host: Host;
  readonly sources: TargetSources;
}

/** The source that gofire.yaml names, with the secrets of its server read. Throws UsageError when one is missing. */
export async function openSource(
  { place }: DiscoverConfig,
  config: GofireConfig | undefined,
  { host, sources }: FoundPorts,
): Promise<TargetSource> {
  const { prometheus, kubernetes = {} } = config ?? {};
  if (place.kind !== "prometheus" || prometheus === undefined)
    return await sources.open(place, { kubernetes });
  const access = await readWebAccess(prometheus, prometheus.at, host);
  return await sources.open(place, { prometheus: { url: prometheus.url, access } });
}

/**
 * A process that was found, reached as gofire.yaml says of each. Where the source itself stands in front of it, the
 * source's own credentials are sent and none of the service's: they would end at the wrong host.
 */
export async function foundTarget(
  service: string,
  found: FoundTarget,
  discover: DiscoverConfig,
  overrides: TargetOverrides,
  { config, ...ports }: FoundPorts & { readonly config: GofireConfig | undefined },
  signal: AbortSignal,
): Promise<NamedTarget> {
  const passage = await (await openSource(discover, config, ports)).passage(signal);
  if (
    passage !== undefined &&
    (Object.keys(overrides.access).length > 0 || overrides.socketPath !== undefined)
  ) {
    throw new UsageError(
      `${service} is reached through the Kubernetes API server, where credentials and addresses of its own would go to the wrong host: leave them out.`,
    );
  }
  const { origin, prefix, tlsName } = found;
  const pprofPath = overrides.pprofPath ?? discover.pprofPath;
  const metrics = overrides.metrics ?? discover.metrics;
  const ratesPath = overrides.profileRatesPath ?? discover.profileRatesPath;
  const { address, access } = typedTarget(`${origin}${prefix}/debug/pprof/`, {
    pprofPath: pprofPath === undefined ? undefined : prefix + pprofPath,
    metrics: metrics === undefined ? found.metrics : metrics.startsWith("/") ? prefix + metrics : metrics,
    profileRatesPath: ratesPath === undefined ? undefined : prefix + ratesPath,
    socketPath: overrides.socketPath,
    access: passage ?? {
      ...named(await readWebAccess(discover, discover.at, ports.host), tlsName),
      ...overrides.access,
    },
  });
  const { expvarPath } = discover;
  return {
    service,
    instance: found.name,
    address: expvarPath === undefined ? address : { ...address, expvarPath: prefix + expvarPath },
    access,
  };
}

/** A certificate is for the name that led to the address, unless gofire.yaml says for which. */
function named(access: WebAccess, serverName: string | undefined): WebAccess {
  return serverName === undefined ? access : { ...access, tls: { serverName, ...access.tls } };
}
