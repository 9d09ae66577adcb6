import { describe, expect, test } from "vitest";
import { gatherContext } from "../../../src/capture/context/gather.ts";
import { figure, whyMissing } from "../../../src/domain/context/service-context.ts";
import { PortError } from "../../../src/domain/errors.ts";
import type { MetricSeries } from "../../../src/domain/metrics/metric-series.ts";
import type { MetricsServer } from "../../../src/ports/metrics-server.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeMetricsServer } from "../../fakes/metrics-server.ts";
import { series, timeout } from "./series.ts";

const atMs = Date.UTC(2026, 10, 29, 9, 41);
const seconds = atMs / 1000;
const x2 = { job: "order", instance: "10.0.0.5:6060" };
const q8 = { job: "order", instance: "10.0.0.6:6060" };
const named = { __name__: "go_goroutines" };
const never = new AbortController().signal;

/** `answers` by what the expression begins with, before what every test needs: the two processes, a day old. */
function order(
  answers: Readonly<Record<string, readonly MetricSeries[] | PortError>> = {},
  server: Partial<MetricsServer> = {},
) {
  const all: Readonly<Record<string, readonly MetricSeries[] | PortError>> = {
    ...answers,
    "go_goroutines{": [series({ ...named, ...x2 }, 12_408), series({ ...named, ...q8 }, 1_297)],
    process_start_time_seconds: [series(x2, seconds - 86_400), series(q8, seconds - 86_400)],
  };
  const fake = fakeMetricsServer((expression) => {
    const key = Object.keys(all).find((beginning) => expression.startsWith(beginning));
    return key === undefined ? [] : (all[key] ?? []);
  });
  return {
    fake,
    gather: (signal = never, clock = fakeClock(atMs)) =>
      gatherContext(
        { server: { ...fake, ...server }, atMs, service: "order", names: ["10.0.0.5:6060"] },
        clock,
        signal,
      ),
  };
}

function classRate(name: string): string {
  return `rate(go_cpu_classes_${name}_cpu_seconds_total{job="order"}[5m])`;
}

describe("what is gathered", () => {
  test("is the process's own value, and what it had at the same hour of other days", async () => {
    const { context } = await order({
      'quantile_over_time(0.99, go_goroutines{job="order"}[1h] offset 7d)': [
        series(x2, 1_310),
        series(q8, 1_400),
      ],
      'quantile_over_time(0.99, go_goroutines{job="order"}[1h] offset 1d)': [series(x2, 1_290)],
      'deriv(go_goroutines{job="order",instance="10.0.0.5:6060"}[15m])': [series(x2, 5.2)],
    }).gather();
    expect(context).toMatchObject({
      server: "http://prometheus.test:9090",
      service: '{job="order"}',
      process: '{job="order",instance="10.0.0.5:6060"}',
      startedAtMs: atMs - 86_400_000,
      processes: 2,
    });
    expect(figure(context, "goroutines")).toMatchObject({ value: 12_408, of: "process", unit: "goroutines" });
    expect(figure(context, "goroutines", "last-week")).toMatchObject({
      value: 1_310,
      of: "process",
      windowMs: 3_600_000,
    });
    expect(figure(context, "goroutines", "yesterday")).toMatchObject({ value: 1_290 });
    expect(figure(context, "goroutines", "rise-15m")).toMatchObject({ value: 5.2, windowMs: 900_000 });
  });

  test("is what garbage collection costs, by classes of CPU time that may be compared with each other", async () => {
    const { fake, gather } = order({
      "((rate(go_cpu_classes_gc_total_cpu_seconds_total": [series(x2, 0.31)],
    });
    expect(figure((await gather()).context, "gc-cpu")).toMatchObject({
      value: 0.31,
      unit: "ratio",
      windowMs: 300_000,
      of: "process",
    });
    const asked = fake.asked.filter((expression) => expression.includes("go_cpu_classes_gc_total"));
    const share = `((${classRate("gc_total")} - ${classRate("gc_mark_idle")}) / (${classRate("total")} - ${classRate("idle")} - ${classRate("gc_mark_idle")}))`;
    expect(asked).toEqual([
      share,
      `quantile_over_time(0.99, ${share}[1h:1m] offset 7d)`,
      `quantile_over_time(0.99, ${share}[1h:1m] offset 1d)`,
    ]);
  });

  test("is the highest of the service, where the process is younger than a day or a week", async () => {
    const old = { job: "order", instance: "10.0.0.2:6060" };
    const { context } = await order({
      'quantile_over_time(0.99, go_goroutines{job="order"}[1h] offset 7d)': [
        series(old, 1_310),
        series({ ...old, instance: "b" }, 1_250),
      ],
    }).gather();
    expect(figure(context, "goroutines", "last-week")).toMatchObject({ value: 1_310, of: "service" });
  });

  test("says why a number is not there: no series, no number, no history so far back", async () => {
    const { context } = await order({
      "go_threads{": [series(x2, Number.NaN)],
      'min(min_over_time(timestamp(go_goroutines{job="order"})[8d:1h]))': [
        series({}, seconds - 2.5 * 86_400),
      ],
    }).gather();
    expect(whyMissing(context, "threads", "now")).toBe('go_threads{job="order"} is no number');
    expect(whyMissing(context, "open-fds", "now")).toBe('no series process_open_fds{job="order"}');
    expect(whyMissing(context, "goroutines", "last-week")).toBe(
      "Prometheus has only 2 days of history of this service",
    );
    expect(whyMissing(context, "goroutines", "yesterday")).toBe(
      'no series go_goroutines{job="order"} 1d before',
    );
  });

  test("measures growth since a restart only, and not at all of a process that has just begun", async () => {
    const restarted = order();
    const young = { ...x2 };
    const since = (ageSeconds: number) =>
      fakeMetricsServer((expression) => {
        if (expression.startsWith("go_goroutines{")) return [series({ ...named, ...young }, 900)];
        if (expression.startsWith("process_start_time_seconds")) return [series(young, seconds - ageSeconds)];
        return [];
      });
    const twenty = since(20 * 60);
    await restarted.gather(never);
    const ask = (server: MetricsServer) =>
      gatherContext({ server, atMs, service: "order", names: ["10.0.0.5:6060"] }, fakeClock(atMs), never);
    await ask(twenty);
    // A minute is left out for its start.
    expect(twenty.asked).toContain('deriv(go_goroutines{job="order",instance="10.0.0.5:6060"}[15m])');
    expect(twenty.asked).toContain('deriv(go_goroutines{job="order",instance="10.0.0.5:6060"}[19m])');
    const { context } = await ask(since(120));
    expect(whyMissing(context, "goroutines", "rise-15m")).toBe(
      "the process began 2 min before: too short a time for how fast it grows",
    );
  });

  test("of a server that says its answers are partial tells that", async () => {
    const { fake } = order();
    const { context } = await order(
      {},
      {
        async query(...words) {
          return { ...(await fake.query(...words)), warnings: ["store-1 did not answer"] };
        },
      },
    ).gather();
    expect(context.notes).toEqual(["Prometheus warns: store-1 did not answer"]);
  });
});

describe("a server that does not answer", () => {
  test("is not asked on after three timeouts", async () => {
    let asked = 0;
    const { context, answered, unanswered } = await order(
      {},
      {
        query() {
          asked++;
          return Promise.reject(timeout);
        },
      },
    ).gather();
    expect(asked).toBe(1);
    expect({ answered, unanswered }).toEqual({ answered: 0, unanswered: 1 });
    expect(whyMissing(context, "goroutines", "last-week")).toBe("Prometheus did not answer within 3 s");
    expect(context.notes).toEqual(["Prometheus did not answer within 3 s"]);

    const { fake } = order();
    let slow = 0;
    const later = await order(
      {},
      {
        query(expression, ...words) {
          if (/^(?:go_goroutines|process_start)/.test(expression)) return fake.query(expression, ...words);
          slow++;
          return Promise.reject(timeout);
        },
      },
    ).gather();
    // Four at a time: whoever is on its way already is waited for.
    expect(slow).toBeLessThanOrEqual(6);
    expect(whyMissing(later.context, "gc-rate", "yesterday")).toBe(
      "not asked: Prometheus did not answer within 3 s several times",
    );
    expect(figure(later.context, "goroutines")).toMatchObject({ value: 12_408 });
  });

  test("or refuses us is asked once", async () => {
    const refusal = new PortError("forbidden", "http://prometheus.test:9090", "it refuses us (HTTP 401)");
    const server = fakeMetricsServer(() => refusal);
    const { context } = await gatherContext(
      { server, atMs, names: ["10.0.0.5:6060"] },
      fakeClock(atMs),
      never,
    );
    expect(server.asked).toHaveLength(1);
    expect(context.notes).toEqual(["Prometheus: it refuses us (HTTP 401)"]);
  });

  test("for one question answers the others all the same", async () => {
    const { context, unanswered } = await order({
      "go_threads{": new PortError(
        "bad-response",
        "http://prometheus.test:9090",
        "it answers execution (HTTP 422): too many samples",
      ),
      "process_open_fds{": [series(x2, 40)],
    }).gather();
    expect(unanswered).toBe(1);
    expect(whyMissing(context, "threads", "now")).toBe(
      "Prometheus: it answers execution (HTTP 422): too many samples",
    );
    expect(figure(context, "open-fds")).toMatchObject({ value: 40 });
  });

  test("within ten seconds in all is not waited for", async () => {
    const clock = fakeClock(atMs);
    const { fake } = order();
    const { context } = await order(
      {},
      {
        query(...words) {
          clock.advance(2_500);
          return fake.query(...words);
        },
      },
    ).gather(never, clock);
    expect(fake.asked.length).toBeLessThanOrEqual(4);
    expect(whyMissing(context, "gc-rate", "now")).toBe(
      "not asked: Prometheus took 10 s for the other questions",
    );
  });

  test("throws nothing of its own into a capture, not even a mistake of ours", async () => {
    const { context } = await order(
      {},
      {
        query: () => Promise.reject(new TypeError("undefined is not a function")),
      },
    ).gather();
    expect(context.notes[0]).toContain("undefined is not a function");
  });
});
