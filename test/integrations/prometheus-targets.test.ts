import { describe, expect, test } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import type { PrometheusTargets } from "../../src/domain/targets/target-place.ts";
import { prometheusServers } from "../../src/integrations/prometheus/client.ts";
import { prometheusTargets } from "../../src/integrations/prometheus/target-source.ts";
import type { ScrapeTarget } from "../../src/ports/metrics-server.ts";
import type { FoundTargets } from "../../src/ports/target-source.ts";
import { targetSourceContract } from "../contracts/target-source.ts";
import { fakeMetricsServer } from "../fakes/metrics-server.ts";
import { closed, httpServer, portOf } from "./pprof-server.ts";

const never = new AbortController().signal;
const place: PrometheusTargets = { kind: "prometheus", labels: { job: { equals: "order" } } };

function scraped(instance: string, change: Partial<ScrapeTarget> = {}): ScrapeTarget {
  return {
    labels: { job: "order", instance },
    discoveredLabels: { __address__: instance },
    scrapeUrl: `http://${instance}/metrics`,
    health: "up",
    ...change,
  };
}

async function found(
  targets: readonly ScrapeTarget[],
  change: Partial<PrometheusTargets> = {},
): Promise<FoundTargets> {
  return await prometheusTargets({ ...place, ...change }, () => fakeMetricsServer(() => [], targets)).find(
    never,
  );
}

targetSourceContract("Prometheus", async (kept) => {
  const server = await httpServer((_, response) => {
    if (kept === "is silent") return;
    if (kept === "refuses") {
      response.writeHead(403).end("forbidden");
      return;
    }
    const activeTargets = kept.map(({ host, port }) => ({
      ...scraped(`${host}:${port}`),
      lastError: "",
      scrapePool: "order",
    }));
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ status: "success", data: { activeTargets, droppedTargets: [] } }));
  });
  return {
    source: prometheusTargets(place, () =>
      prometheusServers().open(`http://127.0.0.1:${portOf(server)}`, {}),
    ),
    close: () => closed(server),
  };
});

describe("what a Prometheus scrapes", () => {
  test("is asked where the scrape is, and called by its instance", async () => {
    const { targets } = await found([
      scraped("10.0.0.10:8080"),
      scraped("10.0.0.9:8080"),
      scraped("10.0.0.8:8080", { health: "down" }),
      scraped("10.0.0.7:8080", { labels: { job: "cart", instance: "10.0.0.7:8080" } }),
    ]);
    expect(targets).toEqual([
      {
        name: "10.0.0.9:8080",
        aliases: ["10.0.0.9:8080"],
        origin: "http://10.0.0.9:8080",
        prefix: "",
        metrics: "http://10.0.0.9:8080/metrics",
      },
      expect.objectContaining({ name: "10.0.0.10:8080" }),
      expect.objectContaining({ name: "10.0.0.8:8080", isReady: false }),
    ]);
  });

  test("is asked for pprof at another port, with the metrics where they are; a query is left out", async () => {
    const { targets } = await found(
      [
        scraped("10.0.0.9:8080", {
          labels: { job: "order", instance: "order.internal:8080", pod: "order-7c9-x2" },
          scrapeUrl: "https://10.0.0.9:8080/m?secret=x",
        }),
      ],
      { port: 6060, scheme: "http" },
    );
    expect(targets).toEqual([
      {
        name: "order-7c9-x2",
        pod: "order-7c9-x2",
        aliases: ["order.internal:8080", "10.0.0.9:8080", "10.0.0.9:6060"],
        origin: "http://10.0.0.9:6060",
        prefix: "",
        metrics: "https://10.0.0.9:8080/m",
      },
    ]);
  });

  test("is one process, however many of its paths are scraped; several ports of a pod are told apart", async () => {
    const labels = { job: "order", pod: "order-0" };
    const both = [
      scraped("10.0.0.9:8080", { labels }),
      scraped("10.0.0.9:8080", { labels, scrapeUrl: "http://10.0.0.9:8080/other" }),
      scraped("10.0.0.9:8081", { labels, scrapeUrl: "http://10.0.0.9:8081/metrics" }),
    ];
    expect((await found(both)).targets.map(({ name }) => name)).toEqual([
      "order-0 10.0.0.9:8080",
      "order-0 10.0.0.9:8081",
    ]);
    expect((await found(both, { port: 6060 })).targets.map(({ name }) => name)).toEqual(["order-0"]);
  });

  test("without an address is left out, and that is said", async () => {
    const { targets, leftOut } = await found([scraped("x", { scrapeUrl: "nonsense" })]);
    expect(targets).toEqual([]);
    expect(leftOut).toBe("1 without an address that gofire can ask");
  });

  test("as localhost is its own machine's, and this one's only where the Prometheus is here, too", async () => {
    const list = ["localhost:6060", "127.0.0.1:6061", "[::1]:6062", "10.0.0.9:6060"].map((at) => scraped(at));
    const { targets, leftOut } = await found(list);
    expect(targets.map(({ name }) => name)).toEqual(["10.0.0.9:6060"]);
    expect(leftOut).toBe("3 that only the Prometheus' own machine can reach (localhost)");
    const here = { ...fakeMetricsServer(() => [], list), url: "http://localhost:9090" };
    expect((await prometheusTargets(place, () => here).find(never)).targets).toHaveLength(4);
  });

  test("is not known from one that refuses: it is named", async () => {
    const refuses = {
      ...fakeMetricsServer(() => []),
      targets: () => Promise.reject(new PortError("forbidden", "x", "it refuses us (HTTP 403)")),
    };
    await expect(prometheusTargets(place, () => refuses).find(never)).rejects.toThrow(
      "Prometheus at http://prometheus.test:9090: it refuses us (HTTP 403)",
    );
  });
});
