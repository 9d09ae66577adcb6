import type { GofireConfig } from "../config/gofire-config.ts";
import type { GoTargets } from "../ports/go-target.ts";
import type { Host } from "../ports/host.ts";
import type { Services } from "../ports/services.ts";
import { chosenTarget, configuredTarget, serviceNamed } from "./targets.ts";

/** The services of gofire.yaml, and nothing else: who asks over a chat can name no address. */
export function serviceCatalog(config: GofireConfig | undefined, host: Host, goTargets: GoTargets): Services {
  return {
    async list() {
      return await Promise.resolve(
        Object.entries(config?.services ?? {})
          .map(([name, { targets }]) => ({
            name,
            instances: targets.map(({ instance, address }) => instance ?? address),
          }))
          .sort((a, b) => a.name.localeCompare(b.name)),
      );
    },
    async open(name, instance) {
      const service = serviceNamed(config, name);
      const chosen = chosenTarget(name, service, instance);
      const { address, access } = await configuredTarget(name, chosen, { access: {} }, host);
      return { target: goTargets.open(address, access), capture: service.capture };
    },
    async rules(name) {
      const settings = config?.services[name] ?? config?.defaults;
      return await Promise.resolve({
        modules: settings?.modules ?? [],
        thresholds: settings?.thresholds ?? {},
      });
    },
  };
}
