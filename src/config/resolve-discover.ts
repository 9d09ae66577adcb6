import { resolve as resolvePath } from "node:path";
import type { TargetPlace } from "../domain/targets/target-place.ts";
import type { ClusterSection, DiscoverSection } from "./discover-schema.ts";
import type { ClusterConfig } from "./gofire-config.ts";
import { labelsOf } from "./resolve-alerts.ts";
import { defined } from "./resolve-words.ts";

/** The schema has seen to it that one place is there, whole. */
export function placeOf({ dns = {}, kubernetes, prometheus }: DiscoverSection): TargetPlace {
  if (kubernetes !== undefined) {
    const { namespace, selector, port, scheme = "http", via = "podIP" } = kubernetes;
    return {
      kind: "kubernetes",
      ...defined({ namespace }),
      selector,
      port,
      scheme,
      via: via === "podIP" ? "pod-ip" : "api-server",
    };
  }
  if (prometheus !== undefined) {
    const { labels, port, scheme } = prometheus;
    return { kind: "prometheus", labels: labelsOf(labels), ...defined({ port, scheme }) };
  }
  const { name, port = 0, srv = "", scheme = "http" } = dns;
  return name === undefined ? { kind: "dns-srv", name: srv, scheme } : { kind: "dns", name, port, scheme };
}

export function clusterOf({ kubeconfig, context }: ClusterSection, folder: string): ClusterConfig {
  return defined({
    kubeconfig: kubeconfig === undefined ? undefined : resolvePath(folder, kubeconfig),
    context,
  });
}
