import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Incident } from "../../../src/domain/incidents/incident.ts";
import type { RedisStop } from "../../integrations/redis-gate.ts";
import { redisProgram } from "../../integrations/redis-server.ts";
import { until } from "../bot.ts";
import { bundled } from "../bundled.ts";
import type { ChatStop } from "../chat-server.ts";
import { away, channel, groups, limits, openStormWorld, type StormWorld, services } from "./world.ts";

const digest = /^storm-\w+$/;
const earlyList = /^storm-\w+\/list/;
const lastList = /^storm-\w+\/over$/;
const card = /^gf-\w+$/;

/** Where the worker is when it is killed, told exactly: in front of Redis or of the chat. */
type Moment = { readonly redis: RedisStop } | { readonly chat: ChatStop };

const moments = {
  "as the storm begins": { redis: { command: "storm-of:", nth: limits.pages, when: "after" } },
  "between a page's place in the digest and its incident": {
    redis: { command: 'return {"created"}', nth: 4, when: "before" },
  },
  "as a page learns that another one is captured": { redis: { command: "One capture of", when: "before" } },
  "as a page of no service learns which labels are missing": {
    redis: { command: "belongs to no service", when: "before" },
  },
  "as a muted page is put aside": { redis: { command: '"ZADD", KEYS[2], redis.call("INCR"', when: "after" } },
  "once the digest is posted": { chat: { method: "post", intent: digest, when: "after" } },
  "once the digest is edited": { chat: { method: "edit", intent: digest, when: "after" } },
  "between a list and its upload": { chat: { method: "upload", intent: earlyList, when: "before" } },
  "once a list is uploaded": { chat: { method: "upload", intent: earlyList, when: "after" } },
  "between a verdict's place in the digest's thread and its card": {
    redis: { command: '"inThread":true', when: "after" },
  },
  "once a verdict's card stands there": {
    chat: { method: "post", intent: card, text: /fail/, when: "after" },
  },
  "as pages are let go when a mute ends": {
    redis: { command: '"ZSCORE", KEYS[2], ARGV[at]', when: "before" },
  },
  "as a page that nobody answered waits again": { redis: { command: '"again":true', when: "after" } },
  "as the storm ends": { chat: { method: "edit", intent: digest, text: / over /, when: "before" } },
  "once the digest says that it is over": {
    chat: { method: "edit", intent: digest, text: / over /, when: "after" },
  },
  "once the last list is uploaded": { chat: { method: "upload", intent: lastList, when: "after" } },
} satisfies Readonly<Record<string, Moment>>;

/** One storm each. None of these moments can come before the one that stands before it. */
const runs: readonly (readonly (keyof typeof moments)[])[] = [
  [
    "as the storm begins",
    "once the digest is posted",
    "between a verdict's place in the digest's thread and its card",
    "as the storm ends",
    "once the last list is uploaded",
  ],
  [
    "as a muted page is put aside",
    "once a list is uploaded",
    "as pages are let go when a mute ends",
    "once the digest says that it is over",
  ],
  [
    "between a page's place in the digest and its incident",
    "between a list and its upload",
    "once the digest is edited",
    "as a page that nobody answered waits again",
  ],
  [
    "as a page learns that another one is captured",
    "as a page of no service learns which labels are missing",
    "once a verdict's card stands there",
  ],
];

describe.skipIf(redisProgram === undefined)("a worker that is killed in a storm", () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-storm-killed-"));
    program = join(folder, "worker.mjs");
    await bundled(new URL("../worker-process.ts", import.meta.url), program);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test.concurrent.each(runs.map((run) => [run.join(", "), run] as const))(
    "%s: one digest, every page once, nothing twice",
    async (_name, run) => {
      const world = await openStormWorld(program, folder);
      const left = [...run];
      async function killAtEach(): Promise<void> {
        for (let when = left[0]; when !== undefined; when = left[0]) {
          const moment: Moment = moments[when];
          const stuck = "redis" in moment ? world.gate.stopAt(moment.redis) : world.chat.stopAt(moment.chat);
          await world.start();
          await stuck;
          await world.kill();
          left.shift();
        }
        await world.start();
      }
      try {
        const killed = killAtEach();
        await world.run();
        await until(() => (left.length === 0 ? true : undefined), left.join(", "));
        await killed;
        await world.settled();
        await accounted(world);
      } finally {
        await world.close();
      }
    },
    300_000,
  );
});

async function accounted(world: StormWorld): Promise<void> {
  const { messages } = world.chat.chat;
  const begun = await world.incidents();
  expect(begun.map(sinceMs).toSorted((a, b) => a - b)).toEqual(groups.map((group) => group.sinceMs));
  const stormed = begun.filter(({ storm }) => storm !== undefined);
  expect(stormed).toHaveLength(groups.length - (limits.pages - 1));

  const judged = begun.filter(({ analysis }) => analysis !== undefined);
  const others = begun.filter(({ analysis }) => analysis === undefined);
  const untold = others.filter(({ service, state, problem = "" }) => {
    const why = services.includes(service) ? /^One capture of/ : /belongs to no service/;
    return state !== "failed" || !why.test(problem);
  });
  expect(untold.map(({ service, state, problem }) => `${service} is ${state}: ${problem}`)).toEqual([]);
  expect(judged.map(({ service }) => service).toSorted()).toEqual(services.toSorted());

  // What could not be captured in the storm was, once, when it was over.
  const again = begun.filter(({ storm }) => storm?.again === true);
  expect(again).toMatchObject([{ service: away, state: "verdict" }]);

  const intents = messages.map(({ intent }) => intent);
  expect(intents.filter((intent, at) => intents.indexOf(intent) !== at)).toEqual([]);
  const [shown, ...twice] = messages.filter(({ intent }) => digest.test(intent));
  expect(twice).toEqual([]);
  expect(shown?.place).toEqual({ channel });
  expect(shown?.body.text).toBe(`${shown?.intent} · over · ${groups.length} pages`);
  const inThread = { channel, thread: shown?.ref.ts };

  // The last list has each page with its incident.
  const lists = messages.filter(({ intent }) => intent.startsWith(`${shown?.intent}/`));
  expect(lists.filter(({ intent }) => lastList.test(intent))).toHaveLength(1);
  expect(lists.map(({ place }) => place)).toEqual(lists.map(() => inThread));
  const list = await readFile(join(world.artifacts, "incidents", shown?.intent ?? "", "over.md"), "utf8");
  expect(list.split("\n").toSorted()).toEqual(
    begun.map(({ origin, id }) => `${origin.intent} ${id}`).toSorted(),
  );

  // Cards have those before the storm, and those with a verdict.
  const cards = messages.filter(({ intent }) => card.test(intent));
  const expected = begun.filter(({ storm, analysis }) => storm === undefined || analysis !== undefined);
  expect(cards.map(({ intent }) => intent).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
  for (const { intent, place } of cards) {
    const { storm } = begun.find(({ id }) => id === intent) ?? {};
    expect(place).toEqual(storm === undefined ? { channel } : inThread);
  }
  const replies = messages.filter(({ intent }) => /^gf-\w+\//.test(intent));
  expect(replies.map(({ intent }) => intent).toSorted()).toEqual(
    judged.flatMap(({ id }) => [`${id}/evidence`, `${id}/findings`]).toSorted(),
  );
}

function sinceMs({ origin }: Incident): number {
  return origin.page?.sinceMs ?? 0;
}
