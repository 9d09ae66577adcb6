import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { oneAtATime } from "../../src/jobs/turns/one-at-a-time.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "./bot.ts";
import { bundled } from "./bundled.ts";
import { type Plan, planOf } from "./seeded/plan.ts";
import { chosen, killSeeds } from "./seeded/seeds.ts";
import { broken, openWorld, quiet, type World } from "./seeded/world.ts";

/** One seed again: `GOFIRE_SEED=1003 npx vitest run test/jobs/seeded-kills.test.ts`. */
const seeds = chosen(killSeeds);
const atOnce = 8;

/** Where the worker is when it is killed: what the incident or Slack's traffic shows first. */
const moments: readonly ((incident: Incident | undefined, called: (method: string) => boolean) => boolean)[] =
  [
    (incident) => incident !== undefined,
    (_incident, called) => called("chat.postMessage"),
    (incident) => incident?.card?.attemptedAtMs !== undefined,
    (incident) => incident?.card?.ref !== undefined,
    (incident) => incident?.state === "capturing",
    (incident) => incident?.steps.some(({ state }) => state === "ok") === true,
    (incident) => incident?.bundle !== undefined,
    (incident) => incident?.state === "verdict",
    (_incident, called) => called("chat.update"),
    (_incident, called) => called("files.getUploadURLExternal"),
    (_incident, called) => called("upload"),
    (_incident, called) => called("files.completeUploadExternal"),
    (incident) => incident?.replies.some(({ state }) => state === "posted") === true,
  ];

describe.skipIf(redisProgram === undefined)("workers that are killed while Slack fails", () => {
  let folder: string;
  let program: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  const children = new Set<ChildProcess>();
  let atItsMoment = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-kills-"));
    program = join(folder, "worker.mjs");
    [target] = await Promise.all([
      sickTarget(() => 20),
      bundled(new URL("seeded/child.ts", import.meta.url), program),
    ]);
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    target.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("lose no card, and say nothing twice", async () => {
    const left = [...seeds];
    const failures: string[] = [];
    async function work(): Promise<void> {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const lines = await run(seed);
        failures.push(...lines.map((line) => `seed ${seed}: ${line}`));
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work));
    expect(failures).toEqual([]);
    // The rest died when their moment had not come within 5 s, or had passed unseen.
    expect(atItsMoment).toBeGreaterThan(seeds.length / 2);
  }, 900_000);

  const inTurn = oneAtATime();
  /** All at once would make each start slow, and one call to Slack may take two seconds. */
  const start = (plan: Plan): Promise<{ world: World; first: ChildProcess }> =>
    inTurn(async () => {
      const world = await openWorld(plan, target.url, "web");
      return { world, first: await worker(world) };
    });

  async function run(seed: number): Promise<readonly string[]> {
    const plan = planOf(seed);
    const moment = moments[seed % moments.length];
    const { world, first } = await start(plan);
    const workers = [first];
    try {
      for (const fault of plan.faults) world.slack.faults.add(fault);
      await Promise.all(plan.commands.map(({ service }) => world.command(service)));
      await world.insist("order-2");
      const seenAt = await until(
        async () => ((await reached(world, moment)) ? true : undefined),
        "the moment to be killed",
        5_000,
      ).catch(() => undefined);
      if (seenAt === true) atItsMoment += 1;
      const died = await ended(workers[0]);
      workers.push(await worker(world));
      const lines = broken(world, await quiet(world));
      if (!died) lines.push("the first worker died by itself");
      if (workers[1]?.exitCode !== null) lines.push("the second worker died by itself");
      return lines.length === 0
        ? []
        : [
            ...lines,
            `killed at moment ${seed % moments.length}, ${seenAt === true ? "seen" : "not seen"}`,
            ...told(world, plan),
          ];
    } catch (error) {
      return [String(error), ...told(world, plan)];
    } finally {
      for (const each of workers) await ended(each);
      await world.close();
    }
  }

  async function worker(world: World): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program, JSON.stringify(world.settings("worker"))], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    child.stderr.setEncoding("utf8").on("data", (text: string) => void world.troubles.push(text.trim()));
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    return child;
  }

  /** True when it was alive until now. */
  async function ended(child: ChildProcess | undefined): Promise<boolean> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    children.delete(child);
    return true;
  }
});

async function reached(world: World, moment: (typeof moments)[number] | undefined): Promise<boolean> {
  const [incident] = await world.incidents();
  const called = (method: string) => world.slack.traffic.exchanges.some(({ name }) => name === method);
  return moment?.(incident, called) === true;
}

function told({ troubles }: World, plan: object): readonly string[] {
  return [`plan ${JSON.stringify(plan)}`, ...troubles.map((line) => `said: ${line}`)];
}
