import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Analysis } from "../../src/domain/findings/finding.ts";
import { gofire } from "../cli/gofire.ts";
import { type BuiltLab, buildLab, hasGo, type LiveLab } from "./lab.ts";
import {
  day,
  hasPrometheus,
  type PastSeries,
  type RunningPrometheus,
  startPrometheus,
} from "./prometheus.ts";

/** Short captures: what is proven here is what Prometheus adds. */
const quick = ["--gap", "3s", "--cpu", "1s"];

/** What cAdvisor and kube-state-metrics export of a pod with the process in it. */
async function exporter(pod: { readonly createdMsAgo: number }): Promise<string> {
  const labels = 'namespace="shop",pod="order-7c9-x2",container="order"';
  const beganMs = Date.now();
  let scrapedMs: number | undefined;
  const server = createServer((_request, response) => {
    scrapedMs ??= Date.now();
    const periods = Math.round((Date.now() - beganMs) / 100);
    response.end(`# TYPE container_cpu_cfs_periods_total counter
container_cpu_cfs_periods_total{${labels}} ${periods}
# TYPE container_cpu_cfs_throttled_periods_total counter
container_cpu_cfs_throttled_periods_total{${labels}} ${Math.round(periods * 0.6)}
# TYPE kube_pod_container_resource_limits gauge
kube_pod_container_resource_limits{${labels},resource="cpu",unit="core"} 0.5
kube_pod_container_resource_limits{${labels},resource="memory",unit="byte"} 536870912
# TYPE kube_pod_container_status_restarts_total counter
kube_pod_container_status_restarts_total{${labels}} ${Date.now() - scrapedMs > 2_000 ? 2 : 1}
# TYPE kube_pod_container_status_last_terminated_reason gauge
kube_pod_container_status_last_terminated_reason{${labels},reason="OOMKilled"} 1
# TYPE kube_pod_owner gauge
kube_pod_owner{namespace="shop",pod="order-7c9-x2",owner_kind="ReplicaSet",owner_name="order-7c9"} 1
# TYPE kube_replicaset_created gauge
kube_replicaset_created{namespace="shop",replicaset="order-7c9"} ${Math.round((beganMs - pod.createdMsAgo) / 1000)}
`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(!hasGo || !hasPrometheus)(
  "what a real Prometheus says of a live Go process (needs Go, Prometheus and promtool)",
  () => {
    let built: BuiltLab;
    let folder: string;
    beforeAll(() => {
      built = buildLab();
      folder = mkdtempSync(join(tmpdir(), "gofire-live-context-"));
    });
    afterAll(() => {
      built.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    /** The lab service, scraped as job `order` by a Prometheus that remembers so many goroutines of other days. */
    async function scraped(
      goroutines: { readonly lastWeek: number; readonly yesterday: number } | undefined,
      beside?: string,
    ): Promise<{ readonly lab: LiveLab; readonly prometheus: RunningPrometheus; readonly config: string }> {
      const lab = await built.start();
      onTestFinished(() => lab.stop());
      const address = new URL(lab.debugUrl).host;
      const labels = { job: "order", instance: address };
      const past: PastSeries[] =
        goroutines === undefined
          ? []
          : (
              [
                [7 * day, goroutines.lastWeek],
                [day, goroutines.yesterday],
              ] as const
            ).map(([endedMsAgo, most]) => ({
              metric: "go_goroutines",
              labels,
              endedMsAgo,
              value: (minute: number) => most - (59 - minute),
            }));
      if (goroutines !== undefined) past.push(...collections(labels));
      const prometheus = await startPrometheus(
        [
          {
            job: "order",
            address,
            ...(beside === undefined ? {} : { labels: { namespace: "shop", pod: "order-7c9-x2" } }),
          },
          ...(beside === undefined ? [] : [{ job: "cluster", address: beside }]),
        ],
        past,
      );
      onTestFinished(() => prometheus.close());
      await until(
        async () => (await valueOf(prometheus.url, `go_goroutines{instance="${address}"}`)) !== undefined,
      );
      // Rates need two scrapes, and the restart one on either side.
      if (beside !== undefined) await sleep(6_000);
      const config = join(folder, `${new URL(prometheus.url).port}.yaml`);
      writeFileSync(
        config,
        `prometheus: { url: "${prometheus.url}" }\nservices:\n  order:\n    targets: [{ url: "${lab.debugUrl}" }]\n`,
      );
      return { lab, prometheus, config };
    }

    async function snapshot(config: string): Promise<{ analysis: Analysis; bundle: string; text: string }> {
      const run = await gofire(
        ["snapshot", "order", "--config", config, "--out", folder, "--format", "json", ...quick],
        { cwd: folder },
      );
      const bundle = /^Evidence kept in (.+)$/m.exec(run.stderr)?.[1] ?? "";
      const replayed = await gofire(["replay", bundle], { cwd: folder });
      return { analysis: JSON.parse(run.stdout) as Analysis, bundle, text: replayed.stdout };
    }

    test("limits, throttling, an OOM kill and a deploy come from what is beside the process", {
      timeout: 90_000,
    }, async () => {
      const { analysis, text } = await snapshot(
        (await scraped(undefined, await exporter({ createdMsAgo: 840_000 }))).config,
      );
      const { context, findings } = analysis;
      expect(context?.process).toContain('pod="order-7c9-x2"');
      const value = (name: string) => context?.figures.find((one) => one.name === name)?.value;
      expect(value("cpu-limit")).toBe(0.5);
      expect(value("memory-limit")).toBe(536_870_912);
      expect(value("throttled")).toBeCloseTo(0.6, 1);
      expect(context?.events.map(({ kind }) => kind).toSorted()).toEqual(["deploy", "oom-kill", "restart"]);
      expect(findings.map(({ rule }) => rule)).toEqual(
        expect.arrayContaining(["sched/cpu-throttling", "process/restarts"]),
      );
      expect(text).toContain("killed for its memory (OOM)");
      expect(text).toMatch(/deploy \(replica set order-7c9\) at \d\d:\d\d UTC, 1[45] min before the capture/);
      expect(text).toMatch(/No baseline: Prometheus has less than an hour of history of this service/);
    });

    test("many more goroutines than last week are a finding below every fixed limit", {
      timeout: 90_000,
    }, async () => {
      const { lab, config, prometheus } = await scraped({ lastWeek: 310, yesterday: 295 });
      await fetch(`${lab.shopUrl}/lab/modes/idle-workers`, { method: "POST" });
      await until(async () => ((await valueOf(prometheus.url, "go_goroutines")) ?? 0) > 5_000);
      const { analysis, bundle, text } = await snapshot(config);
      const count = analysis.findings.find(({ rule }) => rule === "goroutine/count");
      expect(count).toMatchObject({
        severity: "warning",
        confidence: "likely",
        measured: { usual: { when: "last-week" } },
      });
      expect(count?.measured?.value).toBeLessThan(10_000);
      // The 0.99 quantile of sixty values that rise by one ends between the last two.
      expect(count?.measured?.usual?.value).toBeGreaterThan(308);
      expect(count?.measured?.usual?.value).toBeLessThanOrEqual(310);
      expect(analysis.verdict).toBe("fail");
      expect(text).toMatch(/goroutines \(same hour last week 309, yesterday 294\)/);
      const lastWeek = (name: string) =>
        analysis.context?.figures.find((one) => one.name === name && one.when === "last-week");
      expect(lastWeek("gc-cpu")?.value).toBeCloseTo(0.1, 2);
      expect(lastWeek("gc-rate")?.value).toBeCloseTo(0.5, 2);
      expect(lastWeek("gc-pause-p99")?.range?.above).toBeCloseTo(0.0917, 3);
      expect(lastWeek("gc-pause-p99")?.range?.upTo).toBeCloseTo(0.917, 2);
      expect(lastWeek("slow-scheduling")?.value).toBeCloseTo(0.02, 3);
      const again = await gofire(["replay", bundle, "--format", "json"], { cwd: folder });
      expect(JSON.parse(again.stdout)).toEqual(analysis);
    });
  },
);

/**
 * What a service that collects garbage every two seconds counts within an hour, a week ago: 30 of 300 CPU seconds used, two
 * pauses a collection of 0.09 to 0.9 ms, one wait in fifty for a processor above 10.49 ms.
 */
function collections(labels: Readonly<Record<string, string>>): readonly PastSeries[] {
  const each = (
    metric: string,
    perMinute: number,
    more: Readonly<Record<string, string>> = {},
  ): PastSeries => ({
    metric,
    labels: { ...labels, ...more },
    endedMsAgo: 7 * day,
    value: (minute) => minute * perMinute,
  });
  const classes = { gc_total: 0.6, gc_mark_idle: 0.1, total: 60, idle: 54.9 };
  const bucket = (metric: string, le: string, perMinute: number) =>
    each(`${metric}_bucket`, perMinute, { le });
  return [
    each("go_gc_duration_seconds_count", 30),
    ...Object.entries(classes).map(([name, seconds]) =>
      each(`go_cpu_classes_${name}_cpu_seconds_total`, seconds),
    ),
    bucket("go_sched_pauses_total_gc_seconds", "9.175039999999999e-05", 40),
    bucket("go_sched_pauses_total_gc_seconds", "0.0009175039999999999", 60),
    bucket("go_sched_pauses_total_gc_seconds", "+Inf", 60),
    bucket("go_sched_latencies_seconds", "0.0009175039999999999", 900),
    bucket("go_sched_latencies_seconds", "0.010485759999999998", 980),
    bucket("go_sched_latencies_seconds", "+Inf", 1_000),
  ];
}

async function valueOf(url: string, query: string): Promise<number | undefined> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  const text = data.result[0]?.value[1];
  return text === undefined ? undefined : Number(text);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAt = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > endsAt) throw new Error("Prometheus has not scraped within a minute");
    await sleep(200);
  }
}
