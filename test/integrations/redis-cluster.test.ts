import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { captureLimits } from "../../src/integrations/redis/capture-limits.ts";
import { redisCaptureLock } from "../../src/integrations/redis/capture-lock.ts";
import { openRedis } from "../../src/integrations/redis/connection.ts";
import { incidentStore } from "../../src/integrations/redis/incident-store.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import { fakeChat } from "../fakes/chat.ts";
import { draftFor, settled, sickTarget, startTestBot, until } from "../jobs/bot.ts";
import { clusterBusOffset, freePorts } from "../loopback.ts";
import { answering, redisProgram } from "./redis-server.ts";

const never = new AbortController().signal;
const slots = 16_384;

describe.skipIf(redisProgram === undefined)("a Redis Cluster of three nodes", () => {
  const nodes: ChildProcess[] = [];
  let ports: number[];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-cluster-"));
    ports = await freePorts(3, [0, clusterBusOffset]);
    for (const port of ports) {
      const words = ["--port", `${port}`, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--dir", folder];
      const files = ["--cluster-config-file", `nodes-${port}.conf`, "--save", "", "--appendonly", "no"];
      nodes.push(spawn(redisProgram ?? "", [...words, ...files], { stdio: "ignore" }));
    }
    await Promise.all(ports.map((port) => answering({ port })));
    const share = Math.ceil(slots / ports.length);
    for (const [at, port] of ports.entries()) {
      const node = new Redis({ port });
      const last = Math.min(slots, (at + 1) * share) - 1;
      await node.call("CLUSTER", "ADDSLOTSRANGE", at * share, last);
      for (const other of ports) await node.call("CLUSTER", "MEET", "127.0.0.1", other);
      await until(async () => (at === 0 ? true : (await node.ping()) === "PONG" || undefined), "the node");
      node.disconnect();
    }
    for (const port of ports) {
      const node = new Redis({ port });
      await until(
        async () =>
          String(await node.call("CLUSTER", "INFO")).includes("cluster_state:ok") ? true : undefined,
        "the cluster",
      );
      node.disconnect();
    }
  });
  afterAll(async () => {
    for (const node of nodes) node.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  test.each(["redis-cluster", "redis"])("carries incidents, locks and caps by a %s URL", async (scheme) => {
    const [first, second] = ports;
    const hosts = scheme === "redis" ? `127.0.0.1:${first}` : `127.0.0.1:${first},127.0.0.1:${second}`;
    const redis = await openRedis(parseRedisUrl(`${scheme}://${hosts}`), { onTrouble: () => {} });
    try {
      expect(redis.address).toContain("redis-cluster://");
      const incidents = incidentStore(redis.client, systemClock);
      const draft = draftFor("order", `cluster ${scheme}`);
      const { incident } = await incidents.create(draft, never);
      expect((await incidents.create(draft, never)).incident.id).toBe(incident.id);
      const lock = redisCaptureLock(redis.client);
      const held = await lock.acquire(scheme, Date.now() + 10_000, never);
      expect(held.held).toBe(true);
      expect((await lock.acquire(scheme, Date.now() + 10_000, never)).held).toBe(false);
      const limits = captureLimits(redis.client, { overall: 1, perService: 1, cooldownMs: 0 });
      const entry = await limits.enter("order", never);
      expect(entry.entered).toBe(true);
      expect((await limits.enter("cart", never)).entered).toBe(false);
      if (entry.entered) await entry.leave(true);
    } finally {
      await redis.close();
    }
  });

  test("takes an incident from request to verdict", async () => {
    const target = await sickTarget();
    const chat = fakeChat();
    const artifacts = join(folder, "artifacts");
    const redis = `redis-cluster://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
    const bot = await startTestBot({ redis, artifacts, targets: { order: target.url } }, chat);
    try {
      const { incident } = await beginIncident(draftFor("order", "whole"), bot, never);
      expect((await settled(bot, incident.id)).state).toBe("verdict");
      expect(chat.messages).toHaveLength(3);
    } finally {
      await bot.stop(5_000);
      target.close();
    }
  });
});
