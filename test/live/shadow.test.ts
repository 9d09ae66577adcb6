import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Incident, isSettled } from "../../src/domain/incidents/incident.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { openRedis } from "../../src/integrations/redis/connection.ts";
import { heldPageStore } from "../../src/integrations/redis/held-page-store.ts";
import { incidentStore } from "../../src/integrations/redis/incident-store.ts";
import type { HeldPages } from "../../src/ports/held-pages.ts";
import type { Incidents } from "../../src/ports/incidents.ts";
import type { PagesRequest } from "../../src/ports/server.ts";
import type { Exchange } from "../../src/sandbox/slack/traffic.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram, testRedis } from "../integrations/redis-server.ts";
import { healthyTarget, sickTarget, until } from "../jobs/bot.ts";
import { alertmanagerBody, grafanaBody } from "../parsers/alert-bodies.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const token = "alerts-token";
const never = new AbortController().signal;
/** The bots' own: what they write down there is what would have been said. */
let kept: Incidents;
let held: HeldPages;
beforeEach(async () => {
  if (redisProgram === undefined) return;
  const server = await testRedis();
  onTestFinished(() => server.remove());
  vi.stubEnv("REDIS_URL", server.url);
  const redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
  onTestFinished(() => redis.close());
  kept = incidentStore(redis.client, systemClock);
  held = heldPageStore(redis.client);
});
afterEach(async () => {
  vi.unstubAllEnvs();
});

/** All incidents, once `are` holds for them. */
async function incidentsWhere(
  are: (all: readonly Incident[]) => boolean,
  what: string,
): Promise<readonly Incident[]> {
  return await until(
    async () => {
      const all = await kept.recent({ limit: 50 }, never);
      return are(all) ? all : undefined;
    },
    what,
    90_000,
    250,
  );
}

/** Nothing is left to capture, to judge, to compare or to say. */
async function allDone(): Promise<void> {
  await until(
    async () => ((await kept.unsettled(Date.now() + 60_000, never)).length === 0 ? true : undefined),
    "nothing left to do",
    90_000,
    250,
  );
}

/** All that gofire may ask of Slack without anybody seeing it. Whatever is not here counts as a write. */
const reads = new Set([
  "apps.connections.open",
  "auth.test",
  "conversations.history",
  "conversations.info",
  "conversations.list",
  "conversations.members",
  "conversations.replies",
  "files.info",
  "usergroups.list",
  "usergroups.users.list",
  "users.info",
]);

function writes(bot: LiveBot): readonly Exchange[] {
  return bot.slack.traffic.exchanges.filter(
    ({ direction, name }) => direction === "from-app" && !reads.has(name),
  );
}

/** What gofire said, to everybody or to one person. */
function said(bot: LiveBot): readonly SlackMessage[] {
  const { botId } = bot.slack.workspace.app;
  return [...bot.slack.workspace.channels.values()]
    .flatMap(({ messages }) => messages)
    .filter((message) => message.botId === botId);
}

interface Asked {
  readonly shadow?: boolean;
  readonly services?: Readonly<Record<string, boolean>>;
  readonly paging?: Pick<PagesRequest, "comparesPeers" | "storm">;
}

/** `order` has a sick and a healthy process, `payment` one sick one, `cart` one that does not answer. */
async function botFor({ shadow, services = {}, paging }: Asked): Promise<LiveBot> {
  const [sick, healthy, ill] = await Promise.all([
    sickTarget(() => 10),
    healthyTarget(() => 10),
    sickTarget(() => 10),
  ]);
  for (const target of [sick, healthy, ill]) onTestFinished(() => target.close());
  const bot = await liveBot(
    "socket",
    {
      order: { "order-1": sick.url, "order-2": healthy.url },
      payment: ill.url,
      cart: "http://127.0.0.1:1",
    },
    {
      messages: { channels: [incidents], senders: ["Alertmanager"] },
      request: {
        channel: incidents,
        hearsMessages: true,
        ...(shadow === undefined ? {} : { shadow }),
        secrets: { bearer: token },
        ...paging,
        services: () =>
          Promise.resolve(
            ["order", "payment", "cart"].map((name) => ({
              name,
              matches: [],
              instances: name === "order" ? ["order-1", "order-2"] : [],
              ...(services[name] === undefined ? {} : { shadow: services[name] }),
            })),
          ),
      },
    },
  );
  onTestFinished(() => bot.close());
  return bot;
}

async function post(bot: LiveBot, body: object): Promise<void> {
  const answer = await fetch(`${bot.url}/webhooks/alertmanager`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

const startsAt = new Date().toISOString();

function webhook(alertname: string, service: string, status: "firing" | "resolved" = "firing") {
  const body = alertmanagerBody({ alerts: 1, groupKey: alertname, startsAt, status });
  const labels = { alertname, service, ...(service === "order" ? { instance: "order-1" } : {}) };
  const alerts = body.alerts.map((alert) => ({ ...alert, labels }));
  return { ...body, groupLabels: { alertname }, commonLabels: labels, alerts };
}

function page(bot: LiveBot, title: string): string {
  return bot.slack.people.page(incidents, { attachments: [{ title, fallback: title, color: "danger" }] });
}

/**
 * A person asks, and what they alone or all see of it. Cards carry metadata and evidence carries files: what comes of another
 * capture meanwhile is no answer.
 */
async function ask(bot: LiveBot, words: string): Promise<SlackMessage> {
  const before = new Set(bot.messages());
  await bot.slack.people.type(mira, incidents, words);
  return await until(
    () =>
      bot
        .messages()
        .find(
          (message) =>
            !before.has(message) &&
            message.user !== mira &&
            message.metadata === undefined &&
            message.files === undefined,
        ),
    `an answer to ${words}`,
  );
}

describe.skipIf(redisProgram === undefined)("shadow mode", () => {
  test("every way a page comes in: captured, judged, compared, ended, and not one call writes to Slack", async () => {
    const bot = await botFor({ shadow: true });
    const { people } = bot.slack;
    // A page of its own: a peer to compare with, a repeat, another alert that joins.
    await post(bot, webhook("OwnCard", "order"));
    await post(bot, webhook("OwnCard", "order"));
    const joined = webhook("OwnCard", "order");
    await post(bot, {
      ...joined,
      alerts: [...joined.alerts, { ...joined.alerts[0], fingerprint: "ffffffffffffffff" }],
    });
    // One that people see in Slack, too; one that only stands there; one that was edited to its end.
    page(bot, "[FIRING:1] InThread (payment)");
    await post(bot, { ...webhook("InThread", "payment"), commonLabels: { alertname: "InThread" } });
    page(bot, "[FIRING:1] OnlyMessage for payment");
    const edited = page(bot, "[FIRING:1] Edited on order");
    // One of no service, one that cannot be captured, Grafana's.
    await post(bot, webhook("Unmatched", "nobody-knows"));
    await post(bot, webhook("Unreachable", "cart"));
    const grafana = grafanaBody();
    const alerts = grafana.alerts.map((alert) => ({ ...alert, status: "firing" }));
    await post(bot, { ...grafana, status: "firing", groupKey: "grafana", alerts });

    const over = await incidentsWhere(
      (all) => all.length === 7 && all.every(({ state }) => isSettled(state)),
      "all seven pages judged",
    );
    expect(over.map(({ origin, state }) => `${origin.page?.title}: ${state}`).toSorted()).toEqual([
      "Edited on order: verdict",
      "GC pauses: verdict",
      "InThread: verdict",
      "OnlyMessage for payment: verdict",
      "OwnCard (2 alerts): verdict",
      "Unmatched: failed",
      "Unreachable: failed",
    ]);
    people.editPage(incidents, edited, {
      attachments: [{ title: "[RESOLVED] Edited on order", fallback: "[RESOLVED] Edited on order" }],
    });
    await post(bot, webhook("OwnCard", "order", "resolved"));
    await incidentsWhere((all) => all.filter(({ state }) => state === "resolved").length === 2, "both ends");
    await allDone();
    const all = await incidentsWhere(() => true, "them");
    expect(
      all.every(
        ({ shadow, card, pageMark }) => shadow === true && card === undefined && pageMark === undefined,
      ),
    ).toBe(true);
    expect(all.find(({ peer }) => peer?.state === "compared")?.peer?.comparison).toBeDefined();
    expect(new Set(all.flatMap(({ replies }) => replies.map(({ state }) => state)))).toEqual(
      new Set(["withheld"]),
    );
    expect(said(bot)).toEqual([]);
    expect(bot.messages().flatMap(({ reactions }) => reactions)).toEqual([]);
    expect(writes(bot)).toEqual([]);
    expect(bot.lines.join("\n")).toContain("In shadow: pages of all services");
    expect(bot.slack.problems()).toEqual([]);
  });

  test("a storm of pages in shadow has no digest, and one beside it counts none of them", async () => {
    // Each page in shadow is captured, and one process is captured once at a time: a small storm is told sooner.
    const bot = await botFor({
      services: { order: true },
      paging: { comparesPeers: false, storm: { pages: 5, withinMs: 600_000, quietMs: 600_000 } },
    });
    for (let at = 0; at < 6; at++) await post(bot, webhook(`Storm${at}`, "order"));
    for (let at = 0; at < 3; at++) await post(bot, webhook(`Calm${at}`, "payment"));
    await incidentsWhere(
      (all) => all.length === 9 && all.every(({ state }) => isSettled(state)),
      "all of them",
    );
    await allDone();
    const texts = said(bot).filter(({ metadata }) => metadata !== undefined);
    expect(texts.filter(({ text }) => text.startsWith("FAIL: payment"))).toHaveLength(3);
    expect(texts.filter(({ text }) => /storm|order/i.test(text))).toEqual([]);
  });

  test("people are answered as always: status says what would have been posted and where, and everything works on it", async () => {
    const bot = await botFor({ shadow: true });
    const ts = page(bot, "[FIRING:1] ManyGoroutines (order)");
    await post(bot, webhook("ManyGoroutines", "order"));
    await incidentsWhere(([first]) => first?.peer?.state === "compared", "the verdict and its comparison");
    await allDone();
    const [{ id } = { id: "" }] = await kept.recent({ limit: 1 }, never);
    expect(writes(bot)).toEqual([]);

    const listed = await ask(bot, "/gofire status");
    const shown = JSON.stringify(listed.blocks);
    expect(shown).toContain("In shadow: nothing of these was posted");
    expect(shown).toMatch(
      new RegExp(
        `🔴 \\*order\\* · FAIL: .* · ${id} · would be in the page's thread in <#${incidents}> · .* · card, all findings, the captured files \\(\\d+ files\\)`,
      ),
    );
    expect(listed.text).toContain(`${id}, in shadow, would be in the page's thread in its channel`);

    const card = await ask(bot, `/gofire show ${id}`);
    expect(card.onlyFor).toBe(mira);
    expect(card.text).toMatch(/^in shadow, would be .* FAIL: order/);
    expect(JSON.stringify(card.blocks)).not.toContain('"actions"');
    expect(JSON.stringify(card.blocks)).toContain("Only order-1 shows this");
    expect((await ask(bot, `/gofire explain ${id}`)).text).toContain("f1:");
    expect((await ask(bot, `/gofire feedback ${id} f1 wrong comment="load test"`)).text).toContain(
      "0 right, 1 wrong",
    );
    expect((await ask(bot, `/gofire report ${id}`)).text).toContain("comes here: it is in shadow");
    const report = await until(() => bot.messages().find(({ files }) => files !== undefined), "the report");
    const file = bot.slack.workspace.files.get(report.files?.[0] ?? "");
    expect(report.threadTs).toBeUndefined();
    expect(Buffer.from(file?.bytes ?? []).toString()).toMatch(
      /In shadow: gofire captured and judged[^]*said that f1 is wrong/,
    );

    // What a person captures is theirs: a card with buttons, beside the shadow.
    await bot.slack.people.type(mira, incidents, "/gofire snapshot order pod=order-1");
    const own = await until(
      () =>
        bot.messages().find(({ text, metadata }) => metadata !== undefined && text.startsWith("FAIL: order")),
      "a card of their own",
    );
    expect(
      (await ask(bot, `/gofire diff ${id}  ${/gf-\w+/.exec(JSON.stringify(own.blocks))?.[0]}`)).text,
    ).toContain(id);
    expect((await ask(bot, `/gofire resolve ${id}`)).text).toContain(`${id}, in shadow`);
    await allDone();
    bot.slack.people.openHome(mira);
    const home = await until(() => bot.slack.workspace.homes.get(mira), "the App Home");
    expect(JSON.stringify(home.view)).toContain("In shadow");
    // The page itself was never touched.
    expect(bot.messages().filter(({ threadTs }) => threadTs === ts)).toEqual([]);
    expect(bot.messages().find((message) => message.ts === ts)?.reactions).toEqual([]);
    expect(bot.slack.problems()).toEqual([]);
  });

  test("a held page, a repeat and a failure stay silent, too; a service may differ, and what was shadow stays shadow", async () => {
    const bot = await botFor({ services: { order: true, cart: true } });
    expect(bot.lines.join("\n")).toContain("In shadow: pages of order, cart are captured");
    await ask(bot, "/gofire mute order 1h");
    await post(bot, webhook("Held", "order"));
    await until(
      async () => ((await held.services(never)).includes("order") ? true : undefined),
      "the page to be held",
    );
    expect(await kept.recent({ limit: 5 }, never)).toEqual([]);
    await ask(bot, "/gofire mute order off");
    await incidentsWhere(([first]) => first?.state === "verdict", "the held page, answered");
    await allDone();
    const before = writes(bot).length;
    const spoken = said(bot).length;
    await post(bot, webhook("Held", "order"));
    await post(bot, webhook("Unreachable", "cart"));
    await incidentsWhere((all) => all.some(({ repeats }) => repeats > 0), "the repeat, counted");
    await incidentsWhere(
      (all) => all.some(({ service, state }) => service === "cart" && state === "failed"),
      "cart",
    );
    await allDone();
    expect(said(bot)).toHaveLength(spoken);
    expect(writes(bot)).toHaveLength(before);
    // payment is not in shadow.
    await post(bot, webhook("Heard", "payment"));
    await until(() => bot.messages().find(({ text }) => text.startsWith("FAIL: payment")), "payment's card");
    await bot.stop();

    // gofire comes back without shadow: the old page ends, the new one speaks.
    const loud = await botFor({});
    await post(loud, webhook("Held", "order", "resolved"));
    await incidentsWhere(
      (all) => all.some(({ service, state }) => service === "order" && state === "resolved"),
      "its end",
    );
    await allDone();
    expect(writes(loud)).toEqual([]);
    await post(loud, webhook("Anew", "order"));
    await until(
      () => loud.messages().find(({ text }) => text.startsWith("FAIL: order")),
      "the new page's card",
    );
  });
});
