import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneAtATime } from "../../src/jobs/turns/one-at-a-time.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget } from "./bot.ts";
import { loseLocks } from "./seeded/lost-locks.ts";
import { type Plan, planOf } from "./seeded/plan.ts";
import { type RunningProcess, startProcess } from "./seeded/process.ts";
import { chosen, faultSeeds } from "./seeded/seeds.ts";
import { vote } from "./seeded/votes.ts";
import { broken, click, openWorld, quiet, takeRedisAway, type World } from "./seeded/world.ts";

/** One seed again: `GOFIRE_SEED=17 npx vitest run test/jobs/seeded.test.ts`. */
const seeds = chosen(faultSeeds);
const atOnce = 12;

describe.skipIf(redisProgram === undefined)("runs in which a seed decides what goes wrong", () => {
  let target: Awaited<ReturnType<typeof sickTarget>>;
  beforeAll(async () => {
    target = await sickTarget(() => 5);
  });
  afterAll(() => target.close());

  test("lose no card and no click, and say nothing twice", async () => {
    const left = [...seeds];
    const failures: string[] = [];
    async function work(): Promise<void> {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const beganAt = performance.now();
        const lines = await run(seed).catch((error: unknown) => [String(error)]);
        failures.push(...lines.map((line) => `seed ${seed}: ${line}`));
        if (process.env["GOFIRE_SEED_TIMES"] !== undefined)
          process.stdout.write(
            `seed ${seed}: ${Math.round(performance.now() - beganAt)} ms ${lines.join(" | ")}\n`,
          );
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work));
    expect(failures).toEqual([]);
  }, 900_000);

  const inTurn = oneAtATime();
  /** All starts at once would make each of them slow. */
  const start = (plan: Plan): Promise<{ world: World; worker: RunningProcess | undefined }> =>
    inTurn(async () => {
      // Where locks are lost both do the work, and know of each other by Redis alone.
      const world = await openWorld(plan, target.url, plan.apart && !plan.locksLost ? "web" : "all");
      const tell = (line: string) => void world.troubles.push(line);
      return { world, worker: plan.apart ? await startProcess(world.settings("worker"), tell) : undefined };
    });

  async function run(seed: number): Promise<readonly string[]> {
    const plan = planOf(seed);
    const { world, worker } = await start(plan);
    const over = new AbortController();
    const losing = plan.locksLost ? loseLocks(world.redis.socket, seed, over.signal) : undefined;
    try {
      for (const fault of plan.faults) world.slack.faults.add(fault);
      const away = plan.redisAway === undefined ? undefined : takeRedisAway(world, plan.redisAway);
      for (const { service, afterMs } of plan.commands) {
        await sleep(afterMs);
        await world.command(service);
      }
      await away;
      await world.insist("order-2");
      if (plan.click !== undefined) await click(world, plan.click.refresh);
      const miscounted = plan.votes ? await vote(world) : [];
      const lines = [...miscounted, ...broken(world, await quiet(world))];
      return lines.length === 0
        ? []
        : [...lines, `plan ${JSON.stringify(plan)}`, ...world.troubles.map((line) => `said: ${line}`)];
    } catch (error) {
      return [
        String(error),
        `plan ${JSON.stringify(plan)}`,
        ...world.troubles.map((line) => `said: ${line}`),
      ];
    } finally {
      over.abort();
      await losing;
      await worker?.stop();
      await world.close();
    }
  }
});
