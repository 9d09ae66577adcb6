import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, isReady } from "../loopback.ts";

/** False where Prometheus or its promtool is not installed: what needs them is skipped, and vitest says so. */
export const hasPrometheus = ["prometheus", "promtool"].every(
  (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0,
);
if (!hasPrometheus && process.env["GOFIRE_REQUIRE_PROMETHEUS"] === "1") {
  throw new Error("GOFIRE_REQUIRE_PROMETHEUS is set and Prometheus or promtool is not on PATH");
}

/** A series that was scraped every minute of the hour, or of `minutes`, that ended so long before now. */
export interface PastSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly endedMsAgo: number;
  readonly minutes?: number;
  /** By minute, from 0; a constant otherwise. */
  readonly value: number | ((minute: number) => number);
}

export const day = 86_400_000;

/** Writes series into a data folder that no Prometheus uses yet, as real blocks. */
export async function remember(dataFolder: string, past: readonly PastSeries[]): Promise<void> {
  if (past.length === 0) return;
  const file = join(await mkdtemp(join(tmpdir(), "gofire-past-")), "past.om");
  await writeFile(file, openMetrics(past));
  execFileSync("promtool", ["tsdb", "create-blocks-from", "openmetrics", file, dataFolder], {
    stdio: "ignore",
  });
  await rm(join(file, ".."), { recursive: true, force: true });
}

/** https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md: a family's lines stand together. */
function openMetrics(past: readonly PastSeries[]): string {
  const now = Date.now();
  const families = new Map<string, string[]>();
  for (const { metric, labels, endedMsAgo, minutes = 60, value } of past) {
    const lines = families.get(metric) ?? [];
    families.set(metric, lines);
    const text = Object.entries(labels)
      .map(([name, label]) => `${name}="${label}"`)
      .join(",");
    for (let minute = 0; minute < minutes; minute++) {
      const atMs = now - endedMsAgo - (minutes - 1 - minute) * 60_000;
      const number = typeof value === "number" ? value : value(minute);
      lines.push(`${metric}{${text}} ${number} ${(atMs / 1000).toFixed(3)}`);
    }
  }
  return `${[...families].map(([metric, lines]) => `# TYPE ${metric} unknown\n${lines.join("\n")}\n`).join("")}# EOF\n`;
}

export interface RunningPrometheus {
  readonly url: string;
  close(): Promise<void>;
}

/** A real Prometheus that scrapes `targets` (`host:port`) every second, each under its job, keeping its labels. */
export async function startPrometheus(
  targets: readonly {
    readonly job: string;
    readonly address: string;
    /** As service discovery would add them. */
    readonly labels?: Readonly<Record<string, string>>;
  }[],
  past: readonly PastSeries[] = [],
): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), "gofire-prometheus-"));
  const [port] = await freePorts(1);
  let child: ChildProcess | undefined;
  async function close(): Promise<void> {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  }
  try {
    const jobs = targets.map(
      ({ job, address, labels = {} }) =>
        `  - { job_name: ${job}, honor_labels: true, static_configs: [${JSON.stringify({ targets: [address], labels })}] }\n`,
    );
    await writeFile(
      join(folder, "prometheus.yml"),
      `global: { scrape_interval: 1s }\nscrape_configs:\n${jobs.join("")}`,
    );
    await remember(join(folder, "data"), past);
    child = spawn(
      "prometheus",
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    const url = `http://127.0.0.1:${port}`;
    await isReady(`${url}/-/ready`);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}
