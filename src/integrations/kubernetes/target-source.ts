import { isIPv6 } from "node:net";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { byReadinessAndName } from "../../domain/targets/by-readiness.ts";
import { type KubernetesPods, mostFound } from "../../domain/targets/target-place.ts";
import { counted } from "../../domain/units.ts";
import type { FoundTarget, FoundTargets, SourceServers, TargetSource } from "../../ports/target-source.ts";
import { type Cluster, clusterOf } from "./cluster.ts";
import { listPods } from "./pods.ts";

/**
 * The pods of a selector in which the container runs that has the port. Those that are not ready are found, too: a sick
 * process is rarely ready.
 */
export function kubernetesTargets(
  place: KubernetesPods,
  {
    servers,
    userAgent,
    podRoot,
  }: {
    readonly servers: NonNullable<SourceServers["kubernetes"]>;
    readonly userAgent: string;
    /** Where a pod's own credentials are looked for, instead of the root. */
    readonly podRoot?: string;
  },
): TargetSource {
  return {
    async find(signal) {
      signal.throwIfAborted();
      const cluster = await clusterOf(servers, signal, podRoot);
      signal.throwIfAborted();
      const namespace = place.namespace ?? cluster.namespace ?? "default";
      const question = { namespace, selector: place.selector, most: mostFound };
      const { pods, more } = await listPods(cluster, question, userAgent, signal);
      return foundAmong(pods, more, { place, cluster, namespace });
    },
    async passage(signal) {
      if (place.via === "pod-ip") return undefined;
      const { access } = await clusterOf(servers, signal, podRoot);
      signal.throwIfAborted();
      return access;
    },
  };
}

interface Surroundings {
  readonly place: KubernetesPods;
  readonly cluster: Cluster;
  readonly namespace: string;
}

function foundAmong(pods: readonly V1Pod[], more: boolean, around: Surroundings): FoundTargets {
  const targets: FoundTarget[] = [];
  const others: string[] = [];
  for (const pod of pods) {
    const found = targetOf(pod, around);
    if (typeof found === "string") others.push(`${pod.metadata?.name ?? "?"} (${found})`);
    else targets.push(found);
  }
  targets.sort(byReadinessAndName);
  const leftOut = [
    ...(others.length === 0
      ? []
      : [
          `${counted(others.length, "pod")} left out: ${others.toSorted().slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}`,
        ]),
    ...(more || targets.length > mostFound ? [`only ${mostFound} are known, there are more`] : []),
  ];
  return {
    targets: targets.slice(0, mostFound),
    ...(leftOut.length === 0 ? {} : { leftOut: leftOut.join("; ") }),
  };
}

/** Or why it cannot be asked. */
function targetOf(pod: V1Pod, { place, cluster, namespace }: Surroundings): FoundTarget | string {
  const { metadata, spec, status } = pod;
  const name = metadata?.name;
  const ip = status?.podIP;
  if (name === undefined) return "without a name";
  if (metadata?.deletionTimestamp !== undefined) return "is being deleted";
  if (status?.phase !== "Running" || ip === undefined) return status?.phase ?? "not started";
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const owner = ownerOf(place.port, containers);
  const port = typeof place.port === "number" ? place.port : owner?.port;
  if (port === undefined) return `has no port ${place.port}`;
  const stopped = whyStopped(pod, owner?.container);
  if (stopped !== undefined) return stopped;
  const authority = `${isIPv6(ip) ? `[${ip}]` : ip}:${port}`;
  const isReady = status.conditions?.some(
    (condition) => condition.type === "Ready" && condition.status === "True",
  );
  const { origin, pathname } = new URL(cluster.url);
  const pods = `${pathname.replace(/\/$/, "")}/api/v1/namespaces/${namespace}/pods`;
  return {
    name,
    pod: name,
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
    aliases: [authority, ip],
    ...(isReady === true ? {} : { isReady: false as const }),
    ...(place.via === "pod-ip"
      ? { origin: `${place.scheme}://${authority}`, prefix: "" }
      : { origin, prefix: `${pods}/${place.scheme === "https" ? "https:" : ""}${name}:${port}/proxy` }),
  };
}

/** The container that says that it has the port. A number need not be said by anybody. */
function ownerOf(
  wanted: number | string,
  containers: readonly V1Container[],
): { readonly container: string; readonly port: number } | undefined {
  for (const { name, ports = [] } of containers) {
    const port = ports.find(
      ({ name: portName, containerPort }) => wanted === portName || wanted === containerPort,
    );
    if (port !== undefined) return { container: name, port: port.containerPort };
  }
  return undefined;
}

/** Where nobody says whose the port is, one container that runs is enough. */
function whyStopped({ status }: V1Pod, container: string | undefined): string | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const candidates = container === undefined ? all : all.filter(({ name }) => name === container);
  if (candidates.length === 0 || candidates.some(({ state }) => state?.running !== undefined))
    return undefined;
  const [first] = candidates;
  return first?.state?.waiting?.reason ?? first?.state?.terminated?.reason ?? "not running";
}
