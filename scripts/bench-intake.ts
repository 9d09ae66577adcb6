/**
 * `npm run bench:intake`: how soon the webhook answers at the rate of a storm, a thousand groups in a minute; and how many
 * pages it takes flat out, as ratios between servers that were asked in turns by the same 50 connections: one that only
 * parses, one that puts every body into a BullMQ queue, and gofire's. Nobody works on what they took meanwhile. A worker of
 * gofire's, which adds the jobs (docs/decisions/0022-taking-pages-over.md), stands beside it where that is said, and takes
 * its share of the same machine. Also printed is the processor time that a request takes of each process: on a machine with
 * other work it tells more than the rate does. Needs a redis-server or valkey-server on PATH.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Redis } from "ioredis";
import { Pool } from "undici";
import { median, processorSeconds } from "./bench/measure.ts";

const connections = 50;
const secondsEach = 3;
const rounds = 3;
/** Of a storm: a thousand groups in a minute. */
const stormEveryMs = 60;
const stormSeconds = 15;
const path = "/webhooks/alertmanager";

interface Contender {
  readonly name: string;
  readonly kind: "parse" | "queue" | "gofire";
  /** Share of requests that say what was said before. */
  readonly repeats: number;
  /** A worker adds the jobs meanwhile. */
  readonly worker?: true;
  /** One at a time, this long after each other; flat out when absent. */
  readonly everyMs?: number;
}

const contenders: readonly Contender[] = [
  { name: "parse only", kind: "parse", repeats: 0.9 },
  { name: "parse and queue", kind: "queue", repeats: 0 },
  { name: "gofire, all new", kind: "gofire", repeats: 0 },
  { name: "gofire, all new, and a worker", kind: "gofire", repeats: 0, worker: true },
  { name: "gofire, 90 % repeats", kind: "gofire", repeats: 0.9 },
  { name: "gofire, 90 % repeats, and a worker", kind: "gofire", repeats: 0.9, worker: true },
];

/** Medians of these over the rounds are told. */
interface Asked {
  readonly rate: number;
  readonly p99Ms: number;
  /** Of processor time for each request: the server, Redis, the worker beside it, and who asks. */
  readonly serverUs: number;
  readonly redisUs: number;
  readonly workerUs: number;
  readonly senderUs: number;
}

const folder = mkdtempSync(join(tmpdir(), "gofire-intake-"));
const socket = join(folder, "redis.sock");
const program = join(folder, "intake-server.mjs");
const redis = spawn(
  "redis-server",
  ["--port", "0", "--unixsocket", socket, "--appendonly", "yes", "--dir", folder],
  {
    stdio: "ignore",
  },
);
try {
  // As gofire is built (scripts/build.mjs); what tsx makes of it takes longer.
  await build({
    entryPoints: [fileURLToPath(new URL("bench/intake-server.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    banner: {
      js: 'import{createRequire as gofireRequire}from"node:module";const require=gofireRequire(process.execPath);',
    },
    logLevel: "warning",
  });
  const storm = await ask({ name: "storm", kind: "gofire", repeats: 0, everyMs: stormEveryMs });
  const asked = new Map<string, Asked[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) asked.get(contender.name)?.push(await ask(contender));
  }
  const of = (name: string, what: keyof Asked) =>
    median((asked.get(name) ?? []).map((one) => one[what])) ?? Number.NaN;
  /** Of runs in the same round. */
  const share = (name: string, other: string, what: (one: Asked) => number) =>
    median(
      (asked.get(name) ?? []).map((one, round) => {
        const against = asked.get(other)?.[round];
        return against === undefined ? Number.NaN : what(one) / what(against);
      }),
    ) ?? Number.NaN;
  const against = (name: string, other: string) => {
    const rate = share(name, other, (one) => one.rate).toFixed(2);
    const work = share(name, other, (one) => one.serverUs + one.redisUs + one.workerUs + one.senderUs);
    return `${name}: ${rate} of the rate of ${other} (goal 0.7), with ${work.toFixed(2)} times the processor time\n`;
  };
  process.stdout.write(
    "| server | requests/s | p99 | µs: server | Redis | worker | sender |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
  );
  for (const { name } of contenders) {
    const us = (["serverUs", "redisUs", "workerUs", "senderUs"] as const).map((what) =>
      of(name, what).toFixed(1),
    );
    process.stdout.write(
      `| ${name} | ${Math.round(of(name, "rate"))} | ${of(name, "p99Ms").toFixed(1)} ms | ${us.join(" | ")} |\n`,
    );
  }
  process.stdout.write(
    `\nAt a storm's rate, a group of three alerts every ${stormEveryMs} ms: p99 ${storm.p99Ms.toFixed(1)} ms (goal 50 ms)\n`,
  );
  process.stdout.write(
    [
      against("gofire, all new", "parse and queue"),
      against("gofire, all new, and a worker", "parse and queue"),
      against("gofire, 90 % repeats", "parse only"),
      against("gofire, 90 % repeats, and a worker", "parse only"),
    ].join(""),
  );
} finally {
  const gone = once(redis, "exit");
  redis.kill("SIGKILL");
  await gone;
  rmSync(folder, { recursive: true, force: true });
}

function started(kind: Contender["kind"] | "worker"): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(process.execPath, [program, kind, `unix:${socket}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function ask({ kind, repeats, worker, everyMs }: Contender): Promise<Asked> {
  const client = new Redis({ path: socket });
  await client.flushall();
  client.disconnect();
  const server = started(kind);
  const beside = worker === true ? started("worker") : undefined;
  if (beside !== undefined) await portOf(beside);
  const port = await portOf(server);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections });
  const run = Math.random().toString(36).slice(2);
  let sent = 0;
  const tookMs: number[] = [];
  // Warm, and with the groups that are repeated known.
  const seconds = everyMs === undefined ? secondsEach : stormSeconds;
  const used = () => ({
    serverUs: processorSeconds(server.pid) * 1e6,
    redisUs: processorSeconds(redis.pid) * 1e6,
    workerUs: beside === undefined ? 0 : processorSeconds(beside.pid) * 1e6,
    senderUs: processorSeconds(process.pid) * 1e6,
  });
  const endsAt = performance.now() + (seconds + 1) * 1_000;
  const countsFrom = endsAt - seconds * 1_000;
  const warm = sleep(1_000).then(used);
  await Promise.all(
    Array.from({ length: everyMs === undefined ? connections : 1 }, async () => {
      while (performance.now() < endsAt) {
        if (everyMs !== undefined) await sleep(everyMs);
        sent++;
        const group = Math.random() < repeats ? `${run} again ${sent % 100}` : `${run} new ${sent}`;
        const startedAt = performance.now();
        const { statusCode, body } = await pool.request({
          path,
          method: "POST",
          headers: { authorization: "Bearer token", "content-type": "application/json" },
          body: bodyOf(group),
        });
        await body.dump();
        if (statusCode !== 200) throw new Error(`${kind} answered ${statusCode}`);
        if (startedAt >= countsFrom) tookMs.push(performance.now() - startedAt);
      }
    }),
  );
  const [before, after] = [await warm, used()];
  await pool.close();
  for (const child of [server, beside]) {
    if (child === undefined) continue;
    child.stdin.end();
    await once(child, "exit");
  }
  tookMs.sort((a, b) => a - b);
  const each = (whose: keyof typeof after) => (after[whose] - before[whose]) / tookMs.length;
  return {
    rate: tookMs.length / seconds,
    p99Ms: tookMs[Math.floor(tookMs.length * 0.99)] ?? 0,
    serverUs: each("serverUs"),
    redisUs: each("redisUs"),
    workerUs: each("workerUs"),
    senderUs: each("senderUs"),
  };
}

async function portOf(server: ChildProcessByStdio<Writable, Readable, null>): Promise<number> {
  const [line] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
  return Number(line);
}

/** Three alerts, as a usual group has. */
function bodyOf(group: string): string {
  const alerts = Array.from({ length: 3 }, (_, at) => ({
    status: "firing",
    labels: {
      alertname: "ManyGoroutines",
      service: "order",
      instance: `10.0.0.${at}:6060`,
      severity: "critical",
    },
    annotations: { summary: `${group} has many goroutines`, runbook: "https://runbooks.example/goroutines" },
    startsAt: "2024-05-21T03:12:00.123Z",
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "http://prometheus.example:9090/graph?g0.expr=go_goroutines",
    fingerprint: `${at}f3a9c1d2e4b5a6f7`.slice(0, 16),
  }));
  return JSON.stringify({
    receiver: "gofire",
    status: "firing",
    alerts,
    groupLabels: { alertname: "ManyGoroutines" },
    commonLabels: { alertname: "ManyGoroutines", service: "order", severity: "critical" },
    commonAnnotations: {},
    externalURL: "http://alertmanager.example:9093",
    version: "4",
    groupKey: `{}:{group="${group}"}`,
    truncatedAlerts: 0,
  });
}
