import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Incident } from "../../src/domain/incidents/incident.ts";
import { openActKeys } from "../../src/integrations/redis/open-act-store.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { type RedisGate, type RedisStop, redisGate } from "../integrations/redis-gate.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "./bot.ts";
import { bundled } from "./bundled.ts";
import { cardWith, channel, mira, openWorld, type World } from "./seeded/world.ts";

const never = new AbortController().signal;

/** People are heard by a process of its own, which is killed; a worker that lives does what it left. */
describe.skipIf(redisProgram === undefined)("a process that is killed over what a person does", () => {
  let folder: string;
  let program: string;
  let target: Awaited<ReturnType<typeof sickTarget>>;
  let world: World;
  let gate: RedisGate;
  let client: Redis;
  let card: SlackMessage;
  let incident: Incident;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-acts-"));
    program = join(folder, "web.mjs");
    const plan = { mode: "http", skewMs: { web: 0, worker: 0 }, peer: false } as const;
    [target] = await Promise.all([
      sickTarget(),
      bundled(new URL("seeded/child.ts", import.meta.url), program),
    ]);
    world = await openWorld(plan, target.url, "all");
    gate = await redisGate(world.redis.socket);
    client = new Redis({ path: world.redis.socket });
    await world.insist("order-0");
    ({ incident, card } = await cardWith(world, "right"));
  }, 120_000);
  afterAll(async () => {
    client.disconnect();
    await world.close();
    await gate.close();
    target.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Does it, and dies at that moment. */
  async function diesOver(act: () => Promise<unknown>, stop: RedisStop): Promise<void> {
    const settings = { ...world.settings("web"), redis: gate.url };
    const web = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [ready] = (await once(web.stdout, "data")) as [Buffer];
    world.slack.deliverTo(ready.toString().trim().replace("ready ", ""));
    const stuck = gate.stopAt(stop).then(() => true);
    // What was not taken in time is done again, as people do.
    while (!(await Promise.race([stuck, act().then(() => false)])));
    await ended(web);
    gate.cut();
    await longAgo();
  }

  /** What is open is left alone while somebody may have it in hand. */
  async function longAgo(): Promise<void> {
    const [ages] = openActKeys;
    for (const intent of await client.zrange(ages, 0, "-1")) await client.zadd(ages, 1, intent);
  }

  async function allTold(): Promise<void> {
    const [ages, contents] = openActKeys;
    await until(
      async () => ((await client.exists(ages, contents)) === 0 ? true : undefined),
      "nothing left to tell",
    );
  }

  async function acts() {
    const { record } = (await world.web.bot.incidents.read(incident.id, never)) ?? {};
    return (record?.entries ?? []).flatMap((entry) => (entry.kind === "act" ? [entry] : []));
  }

  const said = (words: RegExp) =>
    (world.slack.workspace.channels.get(channel)?.messages ?? []).filter(
      ({ text, onlyFor }) => onlyFor === undefined && words.test(text),
    );

  test("a voice that is stored before the card counts it is on the card and in the record", async () => {
    const click = () => world.slack.people.click(mira, channel, card.ts, { actionId: "right" });
    await diesOver(click, { command: '"feedback":{"f1"', when: "before" });
    await until(
      () => (JSON.stringify(card.blocks).includes("f1: 1 right, 0 wrong") ? true : undefined),
      "the tally on the card",
    );
    await allTold();
    expect((await acts()).filter(({ did }) => did === "judged-finding")).toMatchObject([
      { userId: mira, finding: "f1", says: "right" },
    ]);
    expect(await world.web.bot.feedback.saidBy(incident.id, mira, never)).toEqual({ f1: "right" });
  });

  const mute = () => world.slack.people.type(mira, channel, '/gofire mute order-0 2h reason="load test"');

  test("a mute that holds before it is in the record is announced, and is in it once", async () => {
    await diesOver(mute, { command: '"did":"muted","untilMs"', when: "before" });
    await until(() => said(/order-0.*load test/s)[0], "the announcement");
    await allTold();
    const [first, ...further] = (await acts()).filter(({ did }) => did === "muted");
    expect(first).toMatchObject({ userId: mira, subject: "alerts about order-0", reason: "load test" });
    expect(said(/order-0.*load test/s)).toHaveLength(1 + further.length);
  });

  test("one that is in the record and was not announced is announced, and is in the record once", async () => {
    const before = said(/order-0.*load test/s).length;
    await diesOver(mute, { command: '"did":"muted","untilMs"', when: "after" });
    await until(() => said(/order-0.*load test/s)[before], "the announcement");
    await allTold();
    const muted = (await acts()).filter(({ did }) => did === "muted");
    expect(said(/order-0.*load test/s)).toHaveLength(muted.length);
  });

  test("one that ended and was not announced is announced", async () => {
    const unmute = () => world.slack.people.type(mira, channel, "/gofire unmute order-0");
    await diesOver(unmute, { command: '"did":"unmuted","subject":"alerts', when: "before" });
    const [announced] = await until(() => {
      const found = said(/order-0/).filter(({ text }) => !text.includes("load test"));
      return found.length > 0 ? found.toReversed() : undefined;
    }, "the announcement");
    expect(announced?.text).toMatch(/order-0/);
    await allTold();
    expect(await world.web.bot.mutes.list(never)).toEqual([]);
    expect((await acts()).filter(({ did }) => did === "unmuted")).toHaveLength(1);
  });
});

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
