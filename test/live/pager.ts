import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, isReady } from "../loopback.ts";

import { type PastSeries, remember } from "./prometheus.ts";

/** Debian calls it otherwise than its makers do. */
const alertmanager = ["alertmanager", "prometheus-alertmanager"].find(isThere);
/** False where Prometheus and Alertmanager are not installed: what needs them is skipped, and vitest says so. */
export const hasPager = alertmanager !== undefined && isThere("prometheus");
if (!hasPager && process.env["GOFIRE_REQUIRE_PROMETHEUS"] === "1") {
  throw new Error("GOFIRE_REQUIRE_PROMETHEUS is set and Prometheus or Alertmanager is not on PATH");
}

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

export interface Pager {
  /** Alertmanager's own API. */
  readonly url: string;
  readonly prometheusUrl: string;
  close(): Promise<void>;
}

export interface PagerSettings {
  /** `host:port` whose /metrics is scraped every second as job and service `order`. */
  readonly target: string;
  /** Fires as ManyGoroutines. */
  readonly expression: string;
  /** Incoming webhook of the chat. */
  readonly slackUrl: string;
  /** gofire's webhook, and its token. */
  readonly webhookUrl: string;
  readonly token?: string;
  /** Files that Alertmanager proves itself to gofire with, and the authority of gofire's own certificate. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** How many Alertmanagers, as one cluster. */
  readonly members?: number;
  /** What Prometheus shall remember. */
  readonly past?: readonly PastSeries[];
}

/** A real Prometheus that scrapes, and real Alertmanagers that page. */
export async function startPager(settings: PagerSettings): Promise<Pager> {
  const folder = await mkdtemp(join(tmpdir(), "gofire-pager-"));
  const processes: ChildProcess[] = [];
  const members = settings.members ?? 1;
  const ports = await freePorts(members * 2 + 1);
  const [prometheusPort, ...rest] = ports;
  const own = Array.from({ length: members }, (_, at) => ({
    web: rest[2 * at] ?? 0,
    gossip: rest[2 * at + 1] ?? 0,
  }));

  async function close(): Promise<void> {
    for (const process of processes.splice(0)) {
      const gone = once(process, "exit");
      process.kill("SIGKILL");
      if (process.exitCode === null && process.signalCode === null) await gone;
    }
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await writeFile(join(folder, "alertmanager.yml"), alertmanagerConfig(settings));
    await writeFile(join(folder, "rules.yml"), rules(settings));
    await writeFile(
      join(folder, "prometheus.yml"),
      prometheusConfig(
        settings,
        own.map(({ web }) => `127.0.0.1:${web}`),
      ),
    );
    for (const [at, { web, gossip }] of own.entries()) {
      processes.push(
        spawn(
          alertmanager ?? "",
          [
            `--config.file=${join(folder, "alertmanager.yml")}`,
            `--storage.path=${join(folder, `alertmanager-${at}`)}`,
            `--web.listen-address=127.0.0.1:${web}`,
            ...(members === 1
              ? ["--cluster.listen-address="]
              : [
                  `--cluster.listen-address=127.0.0.1:${gossip}`,
                  "--cluster.peer-timeout=1s",
                  ...own
                    .filter((other) => other.gossip !== gossip)
                    .map((other) => `--cluster.peer=127.0.0.1:${other.gossip}`),
                ]),
          ],
          { stdio: "ignore" },
        ),
      );
    }
    await remember(join(folder, "prometheus"), settings.past ?? []);
    processes.push(
      spawn(
        "prometheus",
        [
          `--config.file=${join(folder, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(folder, "prometheus")}`,
          `--web.listen-address=127.0.0.1:${prometheusPort}`,
        ],
        { stdio: "ignore" },
      ),
    );
    await Promise.all(
      [prometheusPort, ...own.map(({ web }) => web)].map((port) =>
        isReady(`http://127.0.0.1:${port}/-/ready`),
      ),
    );
    return {
      url: `http://127.0.0.1:${own[0]?.web}`,
      prometheusUrl: `http://127.0.0.1:${prometheusPort}`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function alertmanagerConfig({ slackUrl, webhookUrl, token, tls }: PagerSettings): string {
  const access = [
    ...(token === undefined ? [] : [`authorization: { credentials: "${token}" }`]),
    ...(tls === undefined
      ? []
      : [`tls_config: { ca_file: "${tls.ca}", cert_file: "${tls.cert}", key_file: "${tls.key}" }`]),
  ];
  return `
route: { receiver: page, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 3s }
receivers:
  - name: page
    slack_configs:
      - { api_url: "${slackUrl}", send_resolved: true }
    webhook_configs:
      - url: "${webhookUrl}"
        http_config: { ${access.join(", ")} }
`;
}

function rules({ expression }: PagerSettings): string {
  return `
groups:
  - name: go
    interval: 1s
    rules:
      - alert: ManyGoroutines
        expr: ${expression}
        labels: { severity: critical, service: order }
        annotations: { summary: "order has {{ $value }} goroutines" }
`;
}

function prometheusConfig({ target }: PagerSettings, alertmanagers: readonly string[]): string {
  return `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ${JSON.stringify(alertmanagers)} }] }] }
scrape_configs:
  - { job_name: order, static_configs: [{ targets: ["${target}"] }] }
`;
}
