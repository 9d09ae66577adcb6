import type { GofireConfig } from "../../config/gofire-config.ts";
import type { ConfigGate } from "../../ports/config-gate.ts";
import type { ConfigHistory } from "../../ports/config-history.ts";

/** The gate of gofire.yaml over the repository that it names; undefined where the file has none. */
export function configGate(
  config: GofireConfig | undefined,
  history: ConfigHistory | undefined,
): ConfigGate | undefined {
  if (config?.gate === undefined || history === undefined) return undefined;
  const { people } = config;
  const policies = config.gate.environments;
  const environments = new Map(policies.map(({ environment, paths }) => [environment, paths]));
  const services = configuredPaths(config);
  return {
    repository: history.name,
    policies,
    people,
    async proposal(name, signal) {
      const found = await history.proposal({ name, environments }, signal);
      // Other commands do without the readers of configuration.
      const { proposalFacts } = await import("../../capture/config-history/proposal.ts");
      return "candidates" in found ? found : await proposalFacts(found, history, services, signal);
    },
  };
}

/** Files and folders of each service's configuration, by its name. */
export function configuredPaths({
  services = {},
}: Partial<GofireConfig> = {}): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(services).flatMap(([name, { configPaths }]) =>
      configPaths === undefined ? [] : [[name, configPaths] as const],
    ),
  );
}
