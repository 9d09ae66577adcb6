import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { type Incident, isSettled, isWorkOver } from "../../../src/domain/incidents/incident.ts";
import type { DeliveryResult } from "../../../src/sandbox/slack/deliveries/outlet.ts";
import { type SlackStandIn, startSlackStandIn } from "../../../src/sandbox/slack/stand-in.ts";
import type { SlackMessage } from "../../../src/sandbox/slack/workspace.ts";
import { type TestRedis, testRedis } from "../../integrations/redis-server.ts";
import { until } from "../bot.ts";
import type { Plan } from "./plan.ts";
import { type ProcessSettings, type RunningProcess, startProcess } from "./process.ts";

const never = new AbortController().signal;
export const mira = "U0MIRA0001";
export const channel = "C0INCID001";
const settleWithinMs = 300_000;
/** Clocks of the processes are off by minutes at most. */
const farAheadMs = 3_600_000;
/** Many worlds share a processor: looking all the time would slow down what is looked at. */
const lookEveryMs = 200;

/** A workspace, a Redis and a gofire of one run's own. */
export interface World {
  readonly slack: SlackStandIn;
  readonly redis: TestRedis;
  readonly web: RunningProcess;
  /** What gofire said to who looks after it. */
  readonly troubles: string[];
  /** For another process of the same gofire. */
  settings(role: ProcessSettings["role"]): ProcessSettings;
  /** Commands and clicks by the service that they capture, and whether gofire took them. */
  readonly asked: { readonly service: string; readonly taken: boolean }[];
  command(service: string): Promise<void>;
  /** Asks again, a few times, until gofire has taken something. */
  insist(service: string): Promise<void>;
  /** All incidents, newest first. */
  incidents(): Promise<readonly Incident[]>;
  cardOf(id: string): SlackMessage | undefined;
  close(): Promise<void>;
}

const manifest: unknown = parse(readFileSync("slack-manifest.yaml", "utf8"));

export async function openWorld(
  plan: Pick<Plan, "mode" | "skewMs" | "peer">,
  targetUrl: string,
  role: "web" | "all",
): Promise<World> {
  const [slack, redis, artifacts] = await Promise.all([
    startSlackStandIn({ manifest }),
    testRedis(),
    mkdtemp(join(tmpdir(), "gofire-seeded-")),
  ]);
  const troubles: string[] = [];
  function settings(which: ProcessSettings["role"]): ProcessSettings {
    return {
      role: which,
      mode: plan.mode,
      redis: redis.url,
      artifacts,
      targets: Object.fromEntries(
        [0, 1, 2].map((at) => [`order-${at}`, plan.peer ? { a: targetUrl, b: targetUrl } : targetUrl]),
      ),
      skewMs: which === "worker" ? plan.skewMs.worker : plan.skewMs.web,
      slack: {
        apiUrl: slack.apiUrl,
        bot: slack.tokens.bot,
        app: slack.tokens.app,
        signingSecret: slack.signingSecret,
      },
    };
  }
  const web = await startProcess(settings(role), (line) => troubles.push(line));
  if (web.requestUrl !== undefined) slack.deliverTo(web.requestUrl);
  const asked: World["asked"] = [];
  async function command(service: string): Promise<void> {
    const result = await slack.people.type(
      mira,
      channel,
      `/gofire snapshot ${service}${plan.peer ? " peer" : ""}`,
    );
    asked.push({ service, taken: wasTaken(result) });
  }
  const shown = () => slack.workspace.channels.get(channel)?.messages ?? [];
  return {
    slack,
    redis,
    web,
    troubles,
    settings,
    asked,
    command,
    async insist(service) {
      for (let attempt = 0; attempt < 5 && !asked.some(({ taken }) => taken); attempt++)
        await command(service);
    },
    incidents: () => web.bot.incidents.recent({ limit: 200 }, never),
    cardOf: (id) => shown().find((message) => JSON.stringify(message.metadata ?? {}).includes(`"${id}"`)),
    async close() {
      await web.stop();
      await slack.close();
      await redis.remove();
      await rm(artifacts, { recursive: true, force: true });
    },
  };
}

/** Acknowledged, and without a word that it was not taken. */
function wasTaken(result: DeliveryResult | undefined): boolean {
  if (result?.isAcked !== true) return false;
  return Object.keys(result.body).length === 0 || String(result.body["text"]).includes("is taken as");
}

/** The first incident with a verdict, and its card once it has a button. */
export async function cardWith(
  world: World,
  button: string,
): Promise<{ readonly incident: Incident; readonly card: SlackMessage }> {
  const incident = await until(
    async () => (await world.incidents().catch(() => [])).find(({ state }) => isSettled(state)),
    "something to click on",
    settleWithinMs,
    lookEveryMs,
  );
  const card = await until(
    () => {
      const message = world.cardOf(incident.id);
      return JSON.stringify(message?.blocks ?? []).includes(`"${button}"`) ? message : undefined;
    },
    `a button on ${incident.id}`,
    settleWithinMs,
    lookEveryMs,
  );
  return { incident, card };
}

export async function click(world: World, refresh: boolean): Promise<void> {
  const { slack, asked } = world;
  const { incident, card } = await cardWith(world, "capture-again");
  const whispersBefore = whispers(world);
  const clicked = slack.people.click(mira, channel, card.ts, { actionId: "capture-again" });
  if (refresh) slack.sockets.refresh("all");
  const result = await clicked;
  // What a click did not do is said to who clicked, beside the acknowledgement.
  asked.push({
    service: incident.service,
    taken: result.isAcked && whispers(world) === whispersBefore,
  });
}

function whispers({ slack }: World): number {
  const { messages = [] } = slack.workspace.channels.get(channel) ?? {};
  return messages.filter(({ onlyFor }) => onlyFor !== undefined).length;
}

/** Waits until nothing is left to do. */
export async function quiet(world: World): Promise<readonly Incident[]> {
  const { bot } = world.web;
  return await until(
    async () => {
      try {
        const open = await bot.incidents.unsettled(Date.now() + farAheadMs, never);
        if (open.length > 0) return undefined;
        const all = await world.incidents();
        return all.every(isWorkOver) ? all : undefined;
      } catch {
        return undefined; // Redis is away
      }
    },
    "everything shown",
    settleWithinMs,
    lookEveryMs,
  );
}

export async function takeRedisAway(
  { redis }: World,
  { afterMs, forMs }: NonNullable<Plan["redisAway"]>,
): Promise<void> {
  await sleep(afterMs);
  await redis.kill();
  await sleep(forMs);
  await redis.start();
}

/** What is not as promised, a line each: lost, twice, or not shown. */
export function broken(world: World, incidents: readonly Incident[]): string[] {
  const { slack, asked } = world;
  const lines: string[] = [];
  for (const service of new Set([...asked, ...incidents].map((one) => one.service))) {
    const wishes = asked.filter((one) => one.service === service);
    const taken = wishes.filter((one) => one.taken).length;
    const begun = incidents.filter((one) => one.service === service).length;
    if (begun < taken || begun > wishes.length) {
      lines.push(`${service}: ${wishes.length} asked, ${taken} taken, ${begun} begun`);
    }
  }
  const messages = slack.workspace.channels.get(channel)?.messages ?? [];
  for (const { id, state, problem, card, replies, wish, peer } of incidents) {
    if (wish.peer === true && peer?.state !== "compared")
      lines.push(`${id}: its peer is ${peer?.state}: ${peer?.reason ?? ""}`);
    if (state !== "verdict") lines.push(`${id} is ${state}: ${problem ?? ""}`);
    const shown = world.cardOf(id);
    if (shown === undefined || shown.ts !== card?.ref?.ts) {
      lines.push(`${id}: its card is ${card?.ref?.ts ?? "nowhere"}, ${shown?.ts ?? "nothing"} is shown`);
      continue;
    }
    if (!/^(?:🔴 )?FAIL/.test(shown.text) || !shown.text.includes(id)) {
      lines.push(`${id}: the card says ${shown.text}`);
    }
    const unsent = replies.filter((reply) => reply.state !== "posted");
    if (replies.length !== (wish.peer === true ? 3 : 2) || unsent.length > 0) {
      lines.push(`${id}: ${replies.map((reply) => `${reply.kind} ${reply.state}`).join(", ")}`);
    }
  }
  // Whatever gofire said is a card or a reply that it knows of, and the other way round.
  const known = incidents.flatMap(({ card, replies }) => [
    card?.ref?.ts,
    ...replies.map(({ ref }) => ref?.ts),
  ]);
  const said = messages.filter(({ onlyFor }) => onlyFor === undefined).map(({ ts }) => ts);
  if (known.length !== said.length || said.some((ts) => !known.includes(ts))) {
    lines.push(
      `${known.length} messages are known, ${said.length} are there: ${known.join(" ")} / ${said.join(" ")}`,
    );
  }
  return [...lines, ...slack.problems(expectedRefusals)];
}

/** What faults bring about in calls that they did not strike. */
const expectedRefusals = [
  // Two processes share a rate.
  "chat.postMessage",
  "chat.update",
  "files.getUploadURLExternal",
  "files.completeUploadExternal",
  "files.info",
  "conversations.history",
  "conversations.replies",
]
  .map((method) => ({ method, error: "ratelimited" }))
  .concat([{ method: "files.info", error: "file_not_found" }]);
