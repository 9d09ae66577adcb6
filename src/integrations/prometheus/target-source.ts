import { fitsLabels } from "../../domain/alerts/alert-routing.ts";
import { PortError } from "../../domain/errors.ts";
import { byReadinessAndName } from "../../domain/targets/by-readiness.ts";
import { isLoopback } from "../../domain/targets/reserved-addresses.ts";
import { mostFound, type PrometheusTargets } from "../../domain/targets/target-place.ts";
import type { MetricsServer, ScrapeTarget } from "../../ports/metrics-server.ts";
import type { FoundTarget, FoundTargets, TargetSource } from "../../ports/target-source.ts";
import { targetLimits } from "./limits.ts";

/** Labels by which scrape configurations usually keep a pod's name; in this order. */
const podLabels = ["pod", "pod_name", "kubernetes_pod_name"] as const;

/** The processes that a Prometheus scrapes. `open` is asked for it once for each question. */
export function prometheusTargets(place: PrometheusTargets, open: () => MetricsServer): TargetSource {
  return {
    async find(signal) {
      const server = open();
      try {
        // What another machine calls localhost is not this one's.
        const isHere = isLoopback(new URL(server.url).hostname);
        return foundAmong(await server.targets(targetLimits, signal), place, isHere);
      } catch (error) {
        if (!(error instanceof PortError)) throw error;
        const { code, target, message } = error;
        throw new PortError(code, target, `Prometheus at ${server.url}: ${message}`, { cause: error });
      } finally {
        await server.close();
      }
    },
    passage: () => Promise.resolve(undefined),
  };
}

function foundAmong(all: readonly ScrapeTarget[], place: PrometheusTargets, isHere: boolean): FoundTargets {
  const matching = all.filter(({ labels }) => fitsLabels(labels, place.labels));
  // Two scrapes of one process, e.g. of two paths, lead to the same pprof.
  const found = new Map<string, FoundTarget>();
  let unreadable = 0;
  let itsOwn = 0;
  for (const scrape of matching) {
    const target = targetOf(scrape, place);
    if (target === undefined) unreadable++;
    else if (!isHere && isLoopback(new URL(target.origin).hostname)) itsOwn++;
    else if (!found.has(target.origin) || target.isReady === undefined) found.set(target.origin, target);
  }
  const targets = namedOnce([...found.values()]).toSorted(byReadinessAndName);
  const leftOut = [
    ...(targets.length > mostFound ? [`only the first ${mostFound} of ${targets.length} are known`] : []),
    ...(unreadable > 0 ? [`${unreadable} without an address that gofire can ask`] : []),
    ...(itsOwn > 0 ? [`${itsOwn} that only the Prometheus' own machine can reach (localhost)`] : []),
  ];
  return {
    targets: targets.slice(0, mostFound),
    ...(leftOut.length === 0 ? {} : { leftOut: leftOut.join("; ") }),
  };
}

function targetOf(
  { labels, scrapeUrl, health }: ScrapeTarget,
  { port, scheme }: PrometheusTargets,
): FoundTarget | undefined {
  const scrape = URL.canParse(scrapeUrl) ? new URL(scrapeUrl) : undefined;
  if (scrape === undefined || !/^https?:$/.test(scrape.protocol)) return undefined;
  const asked = scheme === undefined ? scrape.protocol : `${scheme}:`;
  const own = scrape.port === "" ? (scrape.protocol === "https:" ? 443 : 80) : Number(scrape.port);
  const { origin, host } = new URL(`${asked}//${scrape.hostname}:${port ?? own}`);
  const pod = podLabels.map((label) => labels[label]).find((name) => name !== undefined && name !== "");
  const instance = labels["instance"];
  return {
    name: pod ?? (instance === undefined || instance === "" ? host : instance),
    aliases: [...new Set([...(instance === undefined ? [] : [instance]), scrape.host, host])],
    ...(pod === undefined ? {} : { pod }),
    // One that cannot be scraped may be the sick one: it stays, but is no measure of health.
    ...(health === "down" ? { isReady: false as const } : {}),
    origin,
    prefix: "",
    metrics: scrape.origin + scrape.pathname,
  };
}

/** Several ports of one pod are several processes of the same name: the address tells them apart. */
function namedOnce(targets: readonly FoundTarget[]): readonly FoundTarget[] {
  const counts = new Map<string, number>();
  for (const { name } of targets) counts.set(name, (counts.get(name) ?? 0) + 1);
  return targets.map((target) =>
    counts.get(target.name) === 1
      ? target
      : { ...target, name: `${target.name} ${new URL(target.origin).host}` },
  );
}
