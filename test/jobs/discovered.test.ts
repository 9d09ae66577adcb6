import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { serviceCatalog } from "../../src/commands/access/service-catalog.ts";
import { serviceTargets } from "../../src/commands/access/service-targets.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { dnsTargets } from "../../src/integrations/dns/target-source.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { Bot } from "../../src/main.ts";
import { parseAlertNotification } from "../../src/parsers/alerts/alert-notification.ts";
import type { TargetSources } from "../../src/ports/target-source.ts";
import { fakeChat } from "../fakes/chat.ts";
import { fakeClock } from "../fakes/clock.ts";
import { a, type DnsAnswer, type DnsServer, dnsServer, srv } from "../integrations/dns-server.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { healthyTarget, settled, sickTarget, startTestBot, type TestTarget, until } from "./bot.ts";

const never = new AbortController().signal;
const records = "_pprof._tcp.order.test";
const yaml = `
services:
  order:
    discover: { dns: { srv: ${records} } }
    capture: { cpuSeconds: 0, gapSeconds: 0.2 }
`;

function portOf({ url }: TestTarget): number {
  return Number(new URL(url).port);
}

describe.skipIf(redisProgram === undefined)("pages about processes that are found", () => {
  let redis: TestRedis;
  let artifacts: string;
  let sick: TestTarget;
  let healthy: TestTarget;
  let dns: DnsServer;
  let bot: Bot;
  const clock = fakeClock();
  const chat = fakeChat();
  /** What the name server does besides what is asked of it. */
  let outage: DnsAnswer | undefined;
  let pages = 0;

  beforeAll(async () => {
    [redis, artifacts, sick, healthy] = await Promise.all([
      testRedis(),
      mkdtemp(join(tmpdir(), "gofire-artifacts-")),
      sickTarget(),
      healthyTarget(),
    ]);
    dns = await dnsServer((type, name) => {
      if (outage !== undefined) return outage;
      if (type === "SRV" && name === records) {
        return srv(records, ["order-0.order.test", portOf(healthy)], ["order-1.order.test", portOf(sick)]);
      }
      return type === "A" ? a(name, "127.0.0.1") : "NXDOMAIN";
    });
    const config = parseConfig(yaml, "gofire.yaml", "/", []);
    const sources: TargetSources = {
      open: (place) =>
        place.kind === "dns-srv"
          ? Promise.resolve(dnsTargets(place, { servers: [dns.address] }))
          : Promise.reject(new Error(place.kind)),
    };
    const targets = serviceTargets(config, { host: thisHost, sources, clock });
    bot = await startTestBot(
      {
        redis: redis.url,
        artifacts,
        targets: {},
        settings: {
          paging: {
            channel: "C9",
            hearsMessages: false,
            services: () => Promise.resolve([{ name: "order", matches: [] }]),
          },
        },
      },
      chat,
      () => {},
      serviceCatalog(config, targets, goTargets()),
    );
  });
  afterEach(() => {
    outage = undefined;
    clock.advance(60_000);
  });
  afterAll(async () => {
    await bot.stop(5_000);
    await dns.close();
    sick.close();
    healthy.close();
    await redis.remove();
    await rm(artifacts, { recursive: true, force: true });
  });

  async function paged(labels: Readonly<Record<string, string>>): Promise<Incident> {
    const groupKey = `page-${pages++}`;
    const body = alertmanagerBody({ alerts: 1, groupKey, startsAt: new Date().toISOString() });
    const [alert] = body.alerts;
    const known = new Set((await bot.incidents.recent({ limit: 50 }, never)).map(({ id }) => id));
    const parsed = parseAlertNotification(
      Buffer.from(
        JSON.stringify({
          ...body,
          alerts: [{ ...alert, labels: { alertname: "Many", service: "order", ...labels } }],
        }),
      ),
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed));
    await bot.alerts.receive(parsed.value, never);
    const begun = await until(
      async () => (await bot.incidents.recent({ limit: 50 }, never)).find(({ id }) => !known.has(id)),
      "an incident",
    );
    return await settled(bot, begun.id);
  }

  test("capture the one that the address names, at pprof's port, and compare it with another one", async () => {
    const incident = await paged({ instance: new URL(sick.url).host });
    expect(incident).toMatchObject({
      state: "verdict",
      analysis: { verdict: "fail" },
      origin: { page: { knownFrom: "DNS" } },
      peer: { state: "compared", comparison: { outcome: "only-here" } },
    });
    expect(incident.instance).toMatch(/^order-1\.order\.test:\d+$/);
    expect(incident.origin.page?.named).toEqual([incident.instance]);
    expect(incident.peer?.instance).toMatch(/^order-0\.order\.test:\d+$/);
    expect(incident.lookupTrouble).toBeUndefined();
  });

  test("use the last list while the name server does not answer, and the card says so", async () => {
    outage = "SERVFAIL";
    const incident = await paged({ instance: new URL(sick.url).host });
    expect(incident).toMatchObject({ state: "verdict", analysis: { verdict: "fail" } });
    expect(incident.lookupTrouble).toBe(
      `Asked for the SRV records of ${records}, DNS answered SERVFAIL: the name server could not find out; the last list, 1 min old, was used`,
    );
  });

  test("say which label names a process that is gone, and which of them stands in", async () => {
    const incident = await paged({ instance: "10.9.9.9:8080" });
    expect(incident.origin.page).toMatchObject({
      unknownInstance: "10.9.9.9:8080",
      unknownLabel: "instance",
      knownFrom: "DNS",
    });
    expect(incident.instance).toMatch(/^order-0/);
    const unnamed = await paged({});
    expect(unnamed.origin.page).toMatchObject({ isUnnamed: true, knownFrom: "DNS" });
  });
});
