import { allowTarget } from "../capture/allow.ts";
import type { GofireConfig, ServiceConfig } from "../config/gofire-config.ts";
import { UsageError } from "../domain/errors.ts";
import type { GoTargets } from "../ports/go-target.ts";
import type { Host } from "../ports/host.ts";
import type { Services } from "../ports/services.ts";
import {
  chosenTarget,
  configuredTarget,
  isBareAddress,
  looksLikeAddress,
  type NamedTarget,
  openTarget,
  serviceNamed,
  typedTarget,
} from "./targets.ts";

/**
 * The services of gofire.yaml. Who asks over a chat can name no others, and no address besides their targets' and those
 * that `allow.targets` lets in.
 */
export function serviceCatalog(config: GofireConfig | undefined, host: Host, goTargets: GoTargets): Services {
  return {
    async list() {
      return await Promise.resolve(
        Object.entries(config?.services ?? {})
          .map(([name, { targets }]) => ({ name, instances: targets.map(instanceName) }))
          .sort((a, b) => a.name.localeCompare(b.name)),
      );
    },
    async open(name, instance) {
      const service = serviceNamed(config, name);
      const isUnnamed =
        instance !== undefined &&
        looksLikeAddress(instance) &&
        !service.targets.some((target) => instanceName(target) === instance);
      const target = isUnnamed
        ? allowedTarget(instance, service, config?.allow.targets ?? [])
        : await configuredTarget(name, chosenTarget(name, service, instance), { access: {} }, host);
      return { target: openTarget(target, goTargets), capture: service.capture };
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

/** What people and alerts call a target. */
export function instanceName({ instance, address }: ServiceConfig["targets"][number]): string {
  return instance ?? address;
}

/**
 * A process that the file does not name, such as a pod that was started a minute ago: at an allowed address, asked on
 * the paths of the service's first target, with none of its secrets. Throws UsageError.
 */
function allowedTarget(
  typed: string,
  { targets: [first] }: ServiceConfig,
  patterns: readonly string[],
): NamedTarget {
  if (!isBareAddress(typed)) {
    // Not repeated: this ends on a card.
    throw new UsageError("This is no address of a process: write host:port, without path or password.");
  }
  const { address } = typedTarget(typed, {
    pprofPath: first?.pprofPath,
    // A scrape at an address of its own is that one target's.
    metrics: first?.metrics?.startsWith("/") === true ? first.metrics : undefined,
    access: {},
  });
  const permission = allowTarget(address, patterns);
  if (permission.allowed) return { address, access: {} };
  throw new UsageError(
    `${permission.reason}: name it among the service's targets in gofire.yaml, or let its address in under allow.targets.`,
  );
}
