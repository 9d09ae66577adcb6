import { allowTarget } from "../../capture/allow.ts";
import type { GofireConfig, ServiceConfig } from "../../config/gofire-config.ts";
import { UsageError } from "../../domain/errors.ts";
import { processNamed } from "../../domain/targets/service-process.ts";
import { askedOf } from "../../domain/targets/target-place.ts";
import type { GoTargets } from "../../ports/go-target.ts";
import type { Services } from "../../ports/services.ts";
import { chosenTarget, type ServiceTargets } from "./service-targets.ts";
import {
  isBareAddress,
  looksLikeAddress,
  type NamedTarget,
  openTarget,
  serviceNamed,
  typedTarget,
} from "./targets.ts";

/**
 * The services of gofire.yaml. Who asks over a chat can name no others, and no address besides their processes' and
 * those that `allow.targets` lets in.
 */
export function serviceCatalog(
  config: GofireConfig | undefined,
  targets: ServiceTargets,
  goTargets: GoTargets,
): Services {
  return {
    async list() {
      return await Promise.resolve(
        Object.keys(config?.services ?? {})
          .map((name) => ({ name, instances: targets.known(name).map((process) => process.name) }))
          .sort((a, b) => a.name.localeCompare(b.name)),
      );
    },
    async processes(name, signal) {
      if (config?.services[name] === undefined) return { processes: [], knownFrom: "gofire.yaml" };
      const { targets: processes, knownFrom, trouble } = await targets.of(name, signal);
      return { processes, knownFrom, ...(trouble === undefined ? {} : { trouble }) };
    },
    async open(name, instance, signal) {
      const service = serviceNamed(config, name);
      const known = await targets.of(name, signal);
      const { trouble } = known;
      const isUnnamed =
        instance !== undefined &&
        looksLikeAddress(instance) &&
        processNamed(instance, known.targets) === undefined;
      const chosen = isUnnamed ? undefined : chosenTarget(name, service, known, instance);
      const target =
        chosen === undefined
          ? allowedTarget(instance ?? "", service, config?.allow.targets ?? [])
          : await chosen.named({ access: {} }, signal);
      return {
        target: openTarget(target, goTargets),
        instance: chosen?.name ?? instance ?? "",
        ...(chosen?.node === undefined ? {} : { node: chosen.node }),
        capture: service.capture,
        ...(trouble === undefined ? {} : { trouble }),
      };
    },
    async permit(name, address) {
      await Promise.resolve();
      allowedTarget(address, serviceNamed(config, name), config?.allow.targets ?? []);
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

/**
 * A process that the file does not name, such as a pod that was started a minute ago: at an allowed address, asked on
 * the paths of the service's first target, with none of its secrets. Throws UsageError.
 */
function allowedTarget(
  typed: string,
  { targets: [first], discover }: ServiceConfig,
  patterns: readonly string[],
): NamedTarget {
  if (!isBareAddress(typed)) {
    // Not repeated: this ends on a card.
    throw new UsageError("This is no address of a process: write host:port, without path or password.");
  }
  const reach = first ?? discover;
  const { address } = typedTarget(typed, {
    pprofPath: reach?.pprofPath,
    profileRatesPath: reach?.profileRatesPath,
    // A scrape at an address of its own is that one target's.
    metrics: reach?.metrics?.startsWith("/") === true ? reach.metrics : undefined,
    access: {},
  });
  const permission = allowTarget(address, patterns);
  if (permission.allowed) return { address, access: {} };
  throw new UsageError(
    `${permission.reason}${discover === undefined ? "" : `, and ${askedOf(discover.place)} does not list it now`}: name it among the service's targets in gofire.yaml, or let its address in under allow.targets.`,
  );
}
