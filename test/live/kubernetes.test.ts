import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { serviceCatalog } from "../../src/commands/access/service-catalog.ts";
import { serviceTargets } from "../../src/commands/access/service-targets.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { targetSources } from "../../src/target-sources.ts";
import { type KubernetesServer, kubeconfigFor, kubernetesServer } from "../integrations/kubernetes-server.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { until } from "../jobs/bot.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";
import { type BuiltLab, buildLab, hasGo, type LiveLab } from "./lab.ts";

const token = "alerts-token";
const port = 6060;
const yaml = `
kubernetes: { kubeconfig: config }
services:
  order:
    discover:
      kubernetes: { namespace: shop, selector: app=order, port: ${port}, via: apiServer }
    capture: { cpuSeconds: 1, gapSeconds: 1 }
`;

describe.skipIf(!hasGo || redisProgram === undefined)("pods behind an API server (needs Go)", () => {
  let built: BuiltLab;
  let cluster: KubernetesServer;
  let bot: LiveBot;
  let sick: LiveLab;
  let skippedMs = 0;
  let pages = 0;
  beforeAll(() => {
    built = buildLab();
  });
  afterAll(() => built.remove());

  async function begin(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "gofire-cluster-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const labs = [await built.start(), await built.start()] as const;
    for (const lab of labs) onTestFinished(() => lab.stop());
    sick = labs[1];
    cluster = await kubernetesServer(
      labs.map(({ debugUrl }, at) => ({
        name: `order-7c9-x${at}`,
        labels: { app: "order" },
        ip: `10.1.0.${at}`,
        ports: { pprof: port },
        behind: { [port]: debugUrl },
      })),
    );
    onTestFinished(() => cluster.close());
    await writeFile(join(folder, "config"), kubeconfigFor(cluster));
    const config = parseConfig(yaml, "gofire.yaml", folder, []);
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs };
    const sources = targetSources({ userAgent: "gofire/test" });
    const targets = serviceTargets(config, { host: thisHost, sources, clock });
    bot = await liveBot(
      "socket",
      {},
      {
        messages: { channels: [], senders: [] },
        request: {
          channel: incidents,
          hearsMessages: false,
          secrets: { bearer: token },
          services: () => Promise.resolve([{ name: "order", matches: [] }]),
        },
      },
      {},
      { services: serviceCatalog(config, targets, goTargets()) },
    );
    onTestFinished(() => bot.close());
  }

  async function page(labels: Readonly<Record<string, string>>): Promise<void> {
    const groupKey = `page-${pages++}`;
    const body = alertmanagerBody({ alerts: 1, groupKey, startsAt: new Date().toISOString() });
    const named = { alertname: `Many${pages}`, service: "order", ...labels };
    const answer = await fetch(`${bot.url}/webhooks/alertmanager`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ ...body, commonLabels: named, alerts: [{ ...body.alerts[0], labels: named }] }),
    });
    expect(answer.status).toBe(200);
  }

  function cards(): readonly SlackMessage[] {
    return bot.messages().filter(({ threadTs }) => threadTs === undefined);
  }

  async function card(wanted: RegExp): Promise<SlackMessage> {
    try {
      return await until(() => cards().find(({ text }) => wanted.test(text)), String(wanted), 90_000);
    } catch (error) {
      const texts = cards().map(({ text }) => text);
      throw new Error([String(error), ...texts, ...bot.lines].join("\n"), { cause: error });
    }
  }

  test("are captured through it as alerts and people name them, and told apart", async () => {
    await begin();
    await fetch(`${sick.shopUrl}/lab/modes/mutex-io?scale=300`, { method: "POST" });
    await page({ pod: "order-7c9-x1", instance: "10.9.9.9:8080" });
    const verdict = await card(/FAIL: order.*Only order-7c9-x1 shows this/s);
    expect(verdict.text).toMatch(
      /Only order-7c9-x1 shows this: [\d,]+ goroutines against [\d,]+ in order-7c9-x0/,
    );
    expect(verdict.text).not.toContain("⚠️");
    const behind = "/api/v1/namespaces/shop/pods/order-7c9-x1:6060/proxy/debug/pprof/";
    expect(cluster.asked).toContain(`GET ${behind}`);
    expect(cluster.asked).toContain(`GET ${behind}goroutine?debug=0`);
    expect(cluster.asked).toContain("GET /api/v1/namespaces/shop/pods/order-7c9-x1:6060/proxy/metrics");
    // What opens the API server is for the API server.
    expect(cluster.forwarded.length).toBeGreaterThan(5);
    for (const headers of cluster.forwarded) expect(JSON.stringify(headers)).not.toContain(cluster.token);

    cluster.forbidden = ["list pods"];
    skippedMs += 240_000;
    await bot.slack.people.type(mira, incidents, "/gofire snapshot order pod=order-7c9-x0");
    const old = await card(
      /Kubernetes answered 403: pods is forbidden: .*; the last list, 4 min old, was used/,
    );
    await until(() => (/^(?:PASS|INCONCLUSIVE): /.test(old.text) ? old : undefined), "its verdict");

    cluster.forbidden = ["get pods/proxy"];
    skippedMs += 240_000;
    await page({ pod: "order-7c9-gone" });
    const gone = await card(/label pod says order-7c9-gone/);
    await until(() => (/no verdict/.test(gone.text) ? gone : undefined), "why there is no verdict");
    expect(gone.text).toMatch(/which is unknown to Kubernetes: order-7c9-x0 stands in for it/);
    expect(gone.text).toMatch(
      /Kubernetes answered 403: pods "order-7c9-x0" is forbidden: .* cannot get resource "pods\/proxy"/,
    );
    process.stdout.write(`${verdict.text}\n${old.text}\n${gone.text}\n`);
    expect(bot.slack.problems()).toEqual([]);
  }, 240_000);
});
