import { Job } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { PortError } from "../../src/domain/errors.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { openQueue } from "../../src/integrations/redis/queues.ts";
import { startWorker } from "../../src/integrations/redis/worker.ts";
import type { JobOutcome } from "../../src/ports/worker.ts";
import { until } from "../jobs/bot.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const times = { lockMs: 2_000, stalledCheckMs: 500 };

const later = () => ({ kind: "later", delayMs: 10, reason: "not yet" }) as const;
const refused =
  (code: "rate-limited" | "forbidden", more: { readonly retryAfterMs?: number } = {}) =>
  () => {
    throw new PortError(code, "chat", "no", more);
  };

describe.skipIf(redisProgram === undefined)("a worker", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  beforeAll(async () => {
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
  });
  afterAll(async () => {
    await redis.close();
    await server.remove();
  });
  afterEach(() => void vi.restoreAllMocks());

  /** What becomes of a job whose runs end so, one after the other. */
  async function ran(...ends: readonly (() => JobOutcome)[]) {
    const troubles: string[] = [];
    const gaveUp: string[] = [];
    let runs = 0;
    const job = {
      name: "publish",
      attempts: 3,
      backoffMs: 10,
      timeoutMs: 10_000,
      concurrency: 1,
      async run() {
        await Promise.resolve();
        const end = ends[runs++];
        return end === undefined ? ({ kind: "done" } as const) : end();
      },
      gaveUp: (_payload: unknown, reason: string) => Promise.resolve(void gaveUp.push(reason)),
    } as const;
    const onTrouble = (line: string) => void troubles.push(line);
    const queue = openQueue("publish", redis.client, onTrouble);
    const worker = await startWorker([job], redis.client, { ...times, onTrouble });
    try {
      const { attempts, backoffMs: delay } = job;
      await queue.add(
        "publish",
        { incidentId: "gf-1" },
        { attempts, backoff: { type: "exponential", delay } },
      );
      await until(
        () => (runs > ends.length || gaveUp.length > 0 ? true : undefined),
        () => `an end; after ${runs} runs: ${troubles.join(", ")}`,
        10_000,
      );
    } finally {
      await worker.stop(1_000);
      await queue.close();
    }
    return { runs, gaveUp, troubles };
  }

  test("puts off what is for later, however often", async () => {
    expect(await ran(later, later, later, later)).toEqual({ runs: 5, gaveUp: [], troubles: [] });
  });

  test("puts off what says when to come back, and counts no attempt for it", async () => {
    const limited = refused("rate-limited", { retryAfterMs: 10 });
    expect(await ran(limited, limited, limited, limited)).toEqual({ runs: 5, gaveUp: [], troubles: [] });
  });

  test("gives up at once what would be the same a moment later", async () => {
    expect(await ran(refused("forbidden"))).toMatchObject({ runs: 1, gaveUp: ["no"] });
  });

  test("tries again where Redis does not take that it is put off", async () => {
    const full = new Error("OOM command not allowed when used memory > 'maxmemory'.");
    vi.spyOn(Job.prototype, "moveToDelayed").mockRejectedValueOnce(full);
    const { runs, gaveUp, troubles } = await ran(later);
    expect({ runs, gaveUp }).toEqual({ runs: 2, gaveUp: [] });
    expect(troubles).toEqual([expect.stringContaining("OOM")]);
  });
});
