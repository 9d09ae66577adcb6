import { describe, expect, onTestFinished, test } from "vitest";
import type { MetricSeries } from "../../src/domain/metrics/metric-series.ts";
import type { MetricsServer, ScrapeTarget } from "../../src/ports/metrics-server.ts";

const limits = { deadlineMs: 5_000, maxBytes: 1 << 20 };
const never = new AbortController().signal;

/** What the server behind the port holds. */
export interface KeptMetrics {
  readonly found: readonly MetricSeries[];
  readonly targets: readonly ScrapeTarget[];
}

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function metricsServerContract(
  name: string,
  open: (
    kept: KeptMetrics,
  ) => Promise<{ readonly server: MetricsServer; readonly close: () => Promise<void> }>,
): void {
  async function holding(kept: Partial<KeptMetrics>): Promise<MetricsServer> {
    const { server, close } = await open({ found: [], targets: [], ...kept });
    onTestFinished(async () => {
      await server.close();
      await close();
    });
    return server;
  }

  describe(`${name} as a metrics server`, () => {
    const order: MetricSeries = {
      labels: { __name__: "go_goroutines", job: "order", instance: "10.0.0.5:6060" },
      points: [{ atMs: 1_716_261_120_500, value: 12_408 }],
    };

    test("answers a moment with a value a series, and nothing with nothing", async () => {
      const server = await holding({ found: [order] });
      const answer = await server.query("go_goroutines", 1_716_261_120_500, limits, never);
      expect(answer).toEqual({ series: [order], warnings: [] });
      const empty = await holding({});
      expect((await empty.query("nothing", 0, limits, never)).series).toEqual([]);
    });

    test("keeps what is no number: NaN and infinities", async () => {
      const points = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-7].map((value) => ({
        atMs: 1_000,
        value,
      }));
      const found = points.map((point, index) => ({ labels: { n: String(index) }, points: [point] }));
      const server = await holding({ found });
      expect((await server.query("x", 1_000, limits, never)).series).toEqual(found);
    });

    test("answers a span with points in order", async () => {
      const points = [0, 1, 2].map((step) => ({ atMs: 60_000 * step, value: step }));
      const server = await holding({ found: [{ labels: {}, points }] });
      const span = { startMs: 0, endMs: 120_000, stepMs: 60_000 };
      expect((await server.queryRange("x", span, limits, never)).series).toEqual([{ labels: {}, points }]);
    });

    test("says that a span has more steps than a server answers", async () => {
      const server = await holding({});
      const span = { startMs: 0, endMs: 11_000_000, stepMs: 1_000 };
      expect((await server.queryRange("x", span, limits, never)).series).toEqual([]);
      const finer = { ...span, stepMs: 999 };
      await expect(server.queryRange("x", finer, limits, never)).rejects.toMatchObject({
        code: "bad-response",
      });
    });

    test("tells what it scrapes", async () => {
      const target: ScrapeTarget = {
        labels: { job: "order", instance: "10.0.0.5:6060" },
        discoveredLabels: { __address__: "10.0.0.5:6060" },
        scrapeUrl: "http://10.0.0.5:6060/metrics",
        health: "down",
        lastError: "connection refused",
      };
      const server = await holding({ targets: [target] });
      expect(await server.targets(limits, never)).toEqual([target]);
    });

    test("ends with the reason of the signal", async () => {
      const server = await holding({ found: [order] });
      const reason = new Error("enough");
      const given = AbortSignal.abort(reason);
      const span = { startMs: 0, endMs: 1_000, stepMs: 1_000 };
      await expect(server.query("x", 0, limits, given)).rejects.toBe(reason);
      await expect(server.queryRange("x", span, limits, given)).rejects.toBe(reason);
      await expect(server.targets(limits, given)).rejects.toBe(reason);
    });
  });
}
