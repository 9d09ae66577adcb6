import { createHmac } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fields } from "../../src/sandbox/slack/fields.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { alertmanagerBody, grafanaBody } from "../parsers/alert-bodies.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";

const hmac = {
  secret: "grafana-secret",
  header: "x-grafana-alerting-signature",
  timestampHeader: "x-grafana-alerting-timestamp",
};

async function botFor(mode: "socket" | "http"): Promise<LiveBot> {
  const target = await sickTarget(() => 10);
  onTestFinished(() => target.close());
  const bot = await liveBot(
    mode,
    { order: target.url, payment: target.url },
    {
      messages: { channels: [incidents], senders: ["Alertmanager", "Grafana"] },
      request: {
        channel: incidents,
        hearsMessages: true,
        comparesPeers: false,
        secrets: { bearer: "alerts-token", hmac },
        services: () => Promise.resolve(["order", "payment"].map((name) => ({ name, matches: [] }))),
      },
    },
  );
  onTestFinished(() => bot.close());
  return bot;
}

/** As Alertmanager's own notifier makes it (Alertmanager source: notify/slack/slack.go). */
function alertmanagerAttachment(title: string, status: "danger" | "good" = "danger"): readonly Fields[] {
  const link = "http://alertmanager.example:9093/#/alerts?receiver=page";
  return [
    {
      title,
      title_link: link,
      fallback: `${title} | ${link}`,
      text: "",
      pretext: "",
      footer: "",
      color: status,
      mrkdwn_in: ["fallback", "pretext", "text"],
    },
  ];
}

/** As Grafana's notifier makes it (Grafana source: alerting/receivers/slack/slack.go). */
function grafanaAttachment(title: string): readonly Fields[] {
  return [
    {
      title,
      title_link: "https://grafana.example/alerting/list",
      fallback: title,
      text: "**Firing**\n\nValue: A=12.5\nLabels:\n - alertname = GC pauses\n - service = payment\n",
      color: "#D63232",
      footer: "Grafana v12.1.0",
      footer_icon: "https://grafana.com/static/assets/img/fav32.png",
      ts: 1_716_261_120,
    },
  ];
}

function cardsIn(bot: LiveBot, thread: string): readonly SlackMessage[] {
  return bot.messages().filter(({ threadTs, text }) => threadTs === thread && /FAIL|resolved/i.test(text));
}

async function answered(bot: LiveBot, thread: string, service: string): Promise<SlackMessage> {
  return await until(
    () => cardsIn(bot, thread).find(({ text }) => text.includes(service)),
    `an answer about ${service}`,
  );
}

async function post(bot: LiveBot, body: object, headers: Record<string, string>): Promise<number> {
  const url = `${bot.url}/webhooks/alertmanager`;
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).status;
}

describe.skipIf(redisProgram === undefined)("the doors that pages come through, over the wire", () => {
  test.each(["socket", "http"] as const)(
    "messages of allow-listed bots in allow-listed channels, however they post; nobody else, over %s",
    async (mode) => {
      const bot = await botFor(mode);
      const { people, workspace } = bot.slack;
      const webhook = people.page(incidents, {
        attachments: alertmanagerAttachment("[FIRING:2] ManyGoroutines (order)"),
      });
      const app = people.page(incidents, {
        by: "app",
        username: "Grafana",
        attachments: grafanaAttachment("[FIRING:1, RESOLVED:1] GC pauses (Go payment)"),
      });
      // Not to be answered: a stranger's, one in another channel, one in a thread, a person's, gofire's own, an end.
      const attachments = alertmanagerAttachment("[FIRING:1] Ignored (order)");
      const others = [
        people.page(incidents, { attachments, username: "Somebody", botId: "B0OTHER001" }),
        people.page(incidents, { attachments, threadTs: webhook }),
        people.page(incidents, { attachments: alertmanagerAttachment("[RESOLVED] Ignored (order)", "good") }),
      ];
      const elsewhere = people.page("C0SHARE005", { attachments });
      await people.type(mira, incidents, "[FIRING:1] Ignored (order)");
      const own = await fetch(`${bot.slack.apiUrl}chat.postMessage`, {
        method: "POST",
        headers: { authorization: `Bearer ${bot.slack.tokens.bot}` },
        body: new URLSearchParams({ channel: incidents, text: "[FIRING:1] Ignored (order)" }),
      });
      expect(await own.json()).toMatchObject({ ok: true });
      await answered(bot, webhook, "order");
      await answered(bot, app, "payment");
      const cards = bot.messages().filter(({ text }) => text.startsWith("FAIL"));
      expect(cards).toHaveLength(2);
      expect(new Set(cards.map(({ threadTs }) => threadTs))).toEqual(new Set([webhook, app]));
      // Channel by channel: messages of two channels may have the same time.
      const marks = [
        ...bot.messages().filter(({ ts }) => others.includes(ts)),
        ...bot.messages("C0SHARE005").filter(({ ts }) => ts === elsewhere),
      ];
      expect(marks).toHaveLength(4);
      expect(marks.flatMap(({ reactions }) => reactions)).toEqual([]);
      expect(workspace.channels.get("C0SHARE005")?.messages).toHaveLength(1);
      expect(bot.slack.problems()).toEqual([]);
    },
  );

  test("update_message: the page is edited to its end, and back when it fires anew; each is answered once", async () => {
    const bot = await botFor("socket");
    const { people } = bot.slack;
    const firing = alertmanagerAttachment("[FIRING:1] ManyGoroutines (order)");
    const ts = people.page(incidents, { attachments: firing });
    const card = await answered(bot, ts, "order");
    // More alerts of the group: an edit that ends nothing.
    people.editPage(incidents, ts, {
      attachments: alertmanagerAttachment("[FIRING:2] ManyGoroutines (order)"),
    });
    people.editPage(incidents, ts, {
      attachments: alertmanagerAttachment("[RESOLVED] ManyGoroutines (order)", "good"),
    });
    await until(() => (/resolved/i.test(card.text) ? true : undefined), "the end on the card");
    expect(cardsIn(bot, ts)).toHaveLength(1);
    people.editPage(incidents, ts, { attachments: firing });
    const again = await until(
      () => cardsIn(bot, ts).find((other) => other !== card && other.text.startsWith("FAIL")),
      "a card for the page that fires anew",
    );
    const marks = () =>
      bot
        .messages()
        .find((message) => message.ts === ts)
        ?.reactions.map(({ name }) => name);
    await until(() => (marks()?.join() === "white_check_mark" ? true : undefined), "one mark at the page");
    people.editPage(incidents, ts, {
      attachments: alertmanagerAttachment("[RESOLVED] ManyGoroutines (order)", "good"),
    });
    await until(() => (/resolved/i.test(again.text) ? true : undefined), "its end");
    expect(cardsIn(bot, ts)).toHaveLength(2);
    expect(bot.slack.problems()).toEqual([]);
  });

  test("webhooks: version 4 with keys that nobody knows yet, and Grafana's signature over time and body", async () => {
    const bot = await botFor("socket");
    const bearer = { authorization: "Bearer alerts-token" };
    const body = alertmanagerBody({ alerts: 1, groupKey: '{}/{severity="page"}:{alertname="X"}' });
    const alerts = body.alerts.map((alert) => ({ ...alert, silenced: { by: ["x"] }, score: 3 }));
    const news = {
      notification_reason: "new alert",
      routeLabels: { team: "shop" },
      futureKey: [null, { a: 1 }],
    };
    expect(await post(bot, { ...body, alerts, ...news }, bearer)).toBe(200);
    const signedBody = {
      ...grafanaBody(),
      status: "firing",
      alerts: grafanaBody().alerts.map((alert) => ({
        ...alert,
        status: "firing",
        labels: { ...alert.labels, service: "payment" },
      })),
    };
    const text = JSON.stringify(signedBody);
    const now = Math.floor(Date.now() / 1_000);
    function signed(timestamp: number, secret = hmac.secret, signedText = text): Record<string, string> {
      const digest = createHmac("sha256", secret).update(`${timestamp}:${signedText}`).digest("hex");
      return { [hmac.header]: digest, [hmac.timestampHeader]: String(timestamp) };
    }
    expect(await post(bot, signedBody, signed(now, "another secret"))).toBe(401);
    expect(await post(bot, signedBody, signed(now, hmac.secret, `${text} `))).toBe(401);
    expect(await post(bot, signedBody, signed(now - 3_600))).toBe(401);
    expect(await post(bot, signedBody, signed(now + 3_600))).toBe(401);
    const { [hmac.timestampHeader]: _time, ...timeless } = signed(now);
    expect(await post(bot, signedBody, timeless)).toBe(401);
    expect(await post(bot, signedBody, signed(now))).toBe(200);
    for (const service of ["order", "payment"]) {
      await until(
        () =>
          bot
            .messages()
            .find(
              ({ text: said, threadTs }) => threadTs === undefined && said.startsWith(`FAIL: ${service}`),
            ),
        `a card for ${service}`,
      );
    }
    expect(bot.slack.problems()).toEqual([]);
  });
});
