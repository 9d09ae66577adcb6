/** Who knows where the processes of a service are: each is loaded when gofire.yaml names it, and not before. */
import { UsageError } from "./domain/errors.ts";
import type { TargetSources } from "./ports/target-source.ts";

export function targetSources({ userAgent }: { readonly userAgent: string }): TargetSources {
  return {
    async open(place, { prometheus, kubernetes = {} }) {
      switch (place.kind) {
        case "dns":
        case "dns-srv":
          return (await import("./integrations/dns/target-source.ts")).dnsTargets(place);
        case "kubernetes": {
          const { kubernetesTargets } = await import("./integrations/kubernetes/target-source.ts");
          return kubernetesTargets(place, { servers: kubernetes, userAgent });
        }
        case "prometheus": {
          if (prometheus === undefined)
            throw new UsageError(
              "gofire.yaml names no Prometheus to ask: write its address under prometheus.url.",
            );
          const [{ prometheusTargets }, { prometheusServers }] = await Promise.all([
            import("./integrations/prometheus/target-source.ts"),
            import("./integrations/prometheus/client.ts"),
          ]);
          return prometheusTargets(place, () =>
            prometheusServers({ userAgent }).open(prometheus.url, prometheus.access),
          );
        }
      }
    },
  };
}
