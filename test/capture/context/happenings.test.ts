import { describe, expect, test } from "vitest";
import { gatherContext } from "../../../src/capture/context/gather.ts";
import { figure, type ServiceContext, whyMissing } from "../../../src/domain/context/service-context.ts";
import type { MetricSeries } from "../../../src/domain/metrics/metric-series.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeMetricsServer } from "../../fakes/metrics-server.ts";
import { type Labels, series } from "./series.ts";

const atMs = Date.UTC(2026, 10, 29, 9, 41);
const seconds = atMs / 1000;
const x2 = { job: "order", namespace: "shop", instance: "10.0.0.5:6060", pod: "order-7c9-x2" };
const own = '{namespace="shop",job="order",pod="order-7c9-x2",instance="10.0.0.5:6060"}';
const pod = '{namespace="shop",pod="order-7c9-x2"}';

interface Past {
  readonly process?: Labels;
  /** Seconds before the moment at which each process began; the captured one first. */
  readonly ages?: readonly number[];
  /** By what is in the expression. */
  readonly answers?: Readonly<Record<string, readonly MetricSeries[]>>;
  readonly names?: readonly string[];
}

async function gathered({
  process = x2,
  ages = [86_400],
  answers = {},
  names = ["10.0.0.5:6060"],
}: Past): Promise<ServiceContext> {
  const all = ages.map((age, index) =>
    series(
      index === 0 ? process : { ...process, instance: `10.0.1.${index}:6060`, pod: `other-${index}` },
      seconds - age,
    ),
  );
  const server = fakeMetricsServer((expression) => {
    const key = Object.keys(answers).find((part) => expression.includes(part));
    if (key !== undefined) return answers[key] ?? [];
    if (expression.startsWith("go_goroutines{"))
      return [series({ __name__: "go_goroutines", ...process }, 900)];
    return expression.startsWith("process_start_time_seconds{") ? all : [];
  });
  const { context } = await gatherContext(
    { server, atMs, service: "order", names },
    fakeClock(atMs),
    new AbortController().signal,
  );
  return { artifact: "context.json", ...context };
}

/** A container that ended before, as kube-state-metrics says. */
function ended(reason: string): Past {
  return {
    ages: [600],
    answers: {
      [`kube_pod_container_status_last_terminated_reason${pod}`]: [series({ container: "order", reason }, 1)],
    },
  };
}

function buckets(counts: readonly (readonly [le: string, count: number])[]): readonly MetricSeries[] {
  return counts.map(([le, count]) => series({ le }, count));
}

describe("what happened before", () => {
  test("restarts are counted by Prometheus and by Kubernetes, with the time of the last one", async () => {
    const { events } = await gathered({
      ages: [600],
      answers: {
        [`changes(process_start_time_seconds${own}`]: [series({}, 1)],
        [`max_over_time(kube_pod_container_status_restarts_total${pod}`]: [series({ container: "order" }, 3)],
      },
    });
    expect(events).toEqual([
      expect.objectContaining({
        kind: "restart",
        count: 3,
        atMs: atMs - 600_000,
        windowMs: 3_600_000,
        inferred: false,
      }),
    ]);
  });

  test("no restart is told from one that nobody could tell", async () => {
    const calm = await gathered({
      answers: { [`changes(process_start_time_seconds${own}`]: [series({}, 0)] },
    });
    expect(figure(calm, "restarts")).toMatchObject({ value: 0, of: "process", windowMs: 3_600_000 });
    const silent = await gathered({});
    expect(figure(silent, "restarts")).toBeUndefined();
    expect(whyMissing(silent, "restarts", "now")).toContain(
      "no number for changes(process_start_time_seconds",
    );
  });

  test("an OOM kill is told from another end", async () => {
    expect((await gathered(ended("OOMKilled"))).events).toMatchObject([
      { kind: "oom-kill", atMs: atMs - 600_000 },
    ]);
    expect((await gathered(ended("Error"))).events).toMatchObject([{ kind: "exit", detail: "Error" }]);
    expect((await gathered(ended("Completed"))).events).toEqual([]);
    // How a container ended last week is no news.
    for (const reason of ["Error", "OOMKilled"]) {
      expect((await gathered({ ...ended(reason), ages: [8 * 86_400] })).events).toEqual([]);
    }
  });

  test("a new replica set is a deploy; processes that began together are one by inference", async () => {
    const created = {
      kube_replicaset_created: [series({ namespace: "shop", replicaset: "order-7c9" }, seconds - 840)],
    };
    const { events } = await gathered({ ages: [800, 790, 780], answers: created });
    expect(events).toMatchObject([
      { kind: "deploy", detail: "replica set order-7c9", atMs: atMs - 840_000, inferred: false },
    ]);
    const yesterday = { 'go_goroutines{namespace="shop",job="order"}[1h] offset 1d': [series(x2, 900)] };
    expect((await gathered({ ages: [800, 790, 780], answers: yesterday })).events).toMatchObject([
      { kind: "deploy", detail: "3 of 3 processes began together", inferred: true },
    ]);
    // A new service has no version before, and two of three is a node that went away.
    expect((await gathered({ ages: [800, 790, 780] })).events).toEqual([]);
    expect((await gathered({ ages: [800, 790, 86_400], answers: yesterday })).events).toEqual([]);
  });

  test("another version in build_info is a deploy", async () => {
    const builds = '{__name__=~".+_build_info",namespace="shop",job="order"}';
    const { events } = await gathered({
      ages: [900],
      answers: {
        [`${builds} offset 1h`]: [series({ ...x2, version: "1.4.2" }, 1)],
        [builds]: [series({ ...x2, version: "1.5.0" }, 1)],
      },
    });
    expect(events).toMatchObject([
      { kind: "deploy", detail: "version 1.4.2 → 1.5.0", atMs: atMs - 900_000, inferred: true },
    ]);
  });
});

function ofPod(name: string, value: number, container = "order"): MetricSeries {
  return series({ pod: name, container }, value);
}

describe("the container", () => {
  test("is the labelled one, the only one, or the one of the service's name", async () => {
    const answers = {
      container_memory_working_set_bytes: [
        series({ container: "istio-proxy" }, 1),
        series({ container: "order" }, 2),
        series({ container: "main" }, 3),
      ],
    };
    expect(figure(await gathered({ answers }), "working-set")).toMatchObject({ value: 2, of: "process" });
    const labelled = await gathered({ answers, process: { ...x2, container: "main" } });
    expect(figure(labelled, "working-set")).toMatchObject({ value: 3 });
    const others = {
      container_memory_working_set_bytes: [series({ container: "a" }, 1), series({ container: "b" }, 2)],
    };
    expect(whyMissing(await gathered({ answers: others }), "working-set", "now")).toBe(
      "the pod has the containers a, b, and none is known to be the process's",
    );
  });

  test("is found by the pod's address where the series have no pod label", async () => {
    const { pod: _pod, ...process } = x2;
    const context = await gathered({
      process,
      answers: {
        kube_pod_info: [series({ namespace: "shop", pod: "order-7c9-x2", pod_ip: "10.0.0.5" }, 1)],
        'resource="cpu"': [series({ container: "order" }, 0.5)],
      },
    });
    expect(figure(context, "cpu-limit")).toMatchObject({ value: 0.5, unit: "cores" });
    expect(whyMissing(await gathered({ process }), "cpu-limit", "now")).toContain(
      "its container is not known",
    );
  });

  test("without a quota is throttled by nobody", async () => {
    const context = await gathered({
      answers: { container_cpu_cfs_throttled_periods_total: [series({ container: "order" }, Number.NaN)] },
    });
    expect(whyMissing(context, "throttled", "now")).toBe("container_cpu_cfs_periods_total is no number");
  });

  test("has been throttled on other days as its own pod was, else as the worst of the deployment's", async () => {
    const own = { ...x2, pod: "order-7c9f8d5b-x2k4v" };
    const deployment = "order-[bcdfghjklmnpqrstvwxz2456789]{1,10}-[bcdfghjklmnpqrstvwxz2456789]{5}";
    const context = await gathered({
      process: own,
      answers: {
        "[1h:1m] offset 7d": [
          ofPod("order-5d4c8b-qqqqq", 0.1),
          ofPod("order-5d4c8b-zzzzz", 0.3),
          ofPod("order-5d4c8b-zzzzz", 0.9, "istio-proxy"),
          ofPod("order-5d4c8b-ccccc", Number.NaN),
        ],
        "[1h:1m] offset 1d": [ofPod(own.pod, 0.2), ofPod("order-5d4c8b-zzzzz", 0.4)],
      },
    });
    expect(figure(context, "throttled", "last-week")).toMatchObject({ value: 0.3, of: "service" });
    expect(figure(context, "throttled", "last-week")?.query).toContain(`pod=~"${deployment}"`);
    expect(figure(context, "throttled", "yesterday")).toMatchObject({ value: 0.2, of: "process" });
  });

  test("of a pod that no deployment named is compared with that pod alone", async () => {
    const context = await gathered({
      process: { ...x2, pod: "order-0" },
      answers: { "[1h:1m] offset 1d": [series({ pod: "order-0", container: "order" }, 0.2)] },
    });
    expect(figure(context, "throttled", "yesterday")?.query).toContain('pod="order-0"');
  });
});

function pausesBefore(before: string): string {
  return `sum by (le) (increase(go_sched_pauses_total_gc_seconds_bucket{namespace="shop",job="order"}[1h] offset ${before}))`;
}

describe("histograms", () => {
  test("of other days are those of the whole service within the hour", async () => {
    const context = await gathered({
      answers: {
        [pausesBefore("7d")]: buckets([
          ["0.000917504", 9_950],
          ["0.010485759999999998", 10_000],
          ["+Inf", 10_000],
        ]),
        [pausesBefore("1d")]: buckets([
          ["0.000917504", 9_000],
          ["0.010485759999999998", 10_000],
          ["+Inf", 10_000],
        ]),
      },
    });
    expect(figure(context, "gc-pause-p99", "last-week")).toMatchObject({
      of: "service",
      windowMs: 3_600_000,
      range: { above: 0 },
    });
    expect(figure(context, "gc-pause-p99", "yesterday")?.range?.above).toBeCloseTo(0.92, 2);
    expect(whyMissing(context, "gc-pause-p99", "now")).toBe(
      "no series go_sched_pauses_total_gc_seconds_bucket",
    );
  });

  test("p99 is the bucket that it lies in, whatever order and spelling the bounds have", async () => {
    const context = await gathered({
      answers: {
        'go_sched_latencies_seconds_bucket{namespace="shop",job="order",pod': buckets([
          ["+Inf", 1_000.4],
          ["0.010485759999999998", 920.3],
          ["0.11744051199999998", 999.8],
          ["9.174e-04", 700],
        ]),
      },
    });
    expect(figure(context, "slow-scheduling")).toMatchObject({ value: 0.08, unit: "ratio" });
    const p99 = figure(context, "scheduling-p99");
    expect(p99?.range?.above).toBeCloseTo(10.486, 2);
    expect(p99?.range?.upTo).toBeCloseTo(117.44, 2);
  });

  test("in the last bucket has no upper bound; of few observations nothing is said", async () => {
    const slow = buckets([
      ["0.01", 60],
      ["+Inf", 100],
    ]);
    const context = await gathered({ answers: { go_sched_pauses_total_gc_seconds_bucket: slow } });
    expect(figure(context, "gc-pause-p99")).toMatchObject({ value: 10, range: { above: 10 } });
    const few = await gathered({
      answers: { go_sched_pauses_total_gc_seconds_bucket: buckets([["+Inf", 49]]) },
    });
    expect(whyMissing(few, "gc-pause-p99", "now")).toBe(
      "only 49 observations of go_sched_pauses_total_gc_seconds_bucket",
    );
  });
});
