import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { prometheusServers } from "../../src/integrations/prometheus/client.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { until } from "../jobs/bot.ts";
import { incidents, type LiveBot, liveBot } from "./bot.ts";
import { type BuiltLab, buildLab, hasGo, type LiveLab } from "./lab.ts";
import { hasPager, startPager } from "./pager.ts";
import { day } from "./prometheus.ts";

const token = "alerts-token";

function certificate(name: string): string {
  return fileURLToPath(new URL(`../integrations/certificates/${name}.pem`, import.meta.url));
}

describe.skipIf(!hasGo || !hasPager || redisProgram === undefined)(
  "pages of a real Prometheus and Alertmanager (needs Go and both)",
  () => {
    let built: BuiltLab;
    let lab: LiveLab;
    let bot: LiveBot;
    beforeAll(() => {
      built = buildLab();
    });
    afterAll(() => built.remove());

    let prometheusUrl = "";
    async function begin(members: number): Promise<void> {
      lab = await built.start();
      onTestFinished(() => lab.stop());
      bot = await liveBot(
        "socket",
        { order: lab.debugUrl },
        {
          messages: { channels: [incidents], senders: ["Alertmanager"] },
          request: {
            channel: incidents,
            hearsMessages: true,
            secrets: { bearer: token },
            services: () => Promise.resolve([{ name: "order", matches: [] }]),
          },
        },
        {},
        // It begins after the bot, whose address its Alertmanager pages.
        {
          metrics: {
            open: () => Promise.resolve({ server: prometheusServers().open(prometheusUrl, {}) }),
          },
        },
      );
      onTestFinished(() => bot.close());
      const target = new URL(lab.debugUrl).host;
      const pager = await startPager({
        target,
        past: [
          {
            metric: "go_goroutines",
            labels: { job: "order", instance: target },
            endedMsAgo: 7 * day,
            value: 61,
          },
        ],
        expression: 'go_goroutines{job="order"} > 150',
        slackUrl: `${bot.slack.url}/services/${incidents}`,
        webhookUrl: `${bot.url}/webhooks/alertmanager`,
        token,
        members,
      });
      prometheusUrl = pager.prometheusUrl;
      onTestFinished(() => pager.close());
    }

    test("come over TLS with Alertmanager's own client certificate, and without a token", async () => {
      lab = await built.start();
      onTestFinished(() => lab.stop());
      bot = await liveBot(
        "socket",
        { order: lab.debugUrl },
        {
          messages: { channels: [], senders: [] },
          request: {
            channel: incidents,
            // So that only the webhook can bring the card.
            hearsMessages: false,
            secrets: { byCertificate: true },
            listen: { host: "127.0.0.1", port: 0 },
            tls: {
              certFile: certificate("server"),
              keyFile: certificate("server.key"),
              clientCaFile: certificate("ca"),
              clientNames: ["spiffe://gofire.test/alertmanager"],
            },
            services: () => Promise.resolve([{ name: "order", matches: [], instances: [lab.debugUrl] }]),
          },
        },
      );
      onTestFinished(() => bot.close());
      const [, webhookUrl = ""] =
        /expected at (https:\S+), with a client certificate/.exec(bot.lines.join("\n")) ?? [];
      const pager = await startPager({
        target: new URL(lab.debugUrl).host,
        expression: 'go_goroutines{job="order"} > 150',
        slackUrl: `${bot.slack.url}/services/${incidents}`,
        webhookUrl,
        tls: { ca: certificate("ca"), cert: certificate("pager"), key: certificate("pager.key") },
      });
      onTestFinished(() => pager.close());
      await makeSick();
      await until(() => cards().find(({ text }) => text.startsWith("FAIL: order")), "the verdict");
      expect(bot.lines.filter((line) => line.includes("was refused"))).toEqual([]);
      // The same sender with a certificate of somebody else.
      const stranger = await startPager({
        target: new URL(lab.debugUrl).host,
        expression: 'go_goroutines{job="order"} > 150',
        slackUrl: `${bot.slack.url}/services/${incidents}`,
        webhookUrl,
        tls: { ca: certificate("ca"), cert: certificate("stranger"), key: certificate("stranger.key") },
      });
      onTestFinished(() => stranger.close());
      await until(
        () => bot.lines.find((line) => /was refused: .* of no authority/.test(line)),
        "its refusal",
      );
    }, 180_000);

    async function makeSick(): Promise<void> {
      await fetch(`${lab.shopUrl}/lab/modes/mutex-io?scale=300`, { method: "POST" });
    }

    function pages(): readonly SlackMessage[] {
      return bot.messages().filter(({ username }) => username === "Alertmanager");
    }

    function cards(): readonly SlackMessage[] {
      return bot
        .messages()
        .filter(({ text, username }) => username === undefined && /^(?:🔴|⏳|🔍|✅)|gf-/u.test(text));
    }

    test.each([[1], [2]])(
      "of %i Alertmanagers are answered in their threads with the culprit, and ended with them",
      { timeout: 180_000 },
      async (members) => {
        await begin(members);
        await makeSick();
        const page = await until(() => pages()[0], "the page");
        expect(page.attachments?.[0]).toMatchObject({
          title: expect.stringMatching(/^\[FIRING:1\] ManyGoroutines/),
        });
        const card = await until(
          () => cards().find(({ threadTs, text }) => threadTs === page.ts && /FAIL/.test(text)),
          "the verdict in the page's thread",
        );
        expect(card.text).toContain("ledger");
        // From the same Prometheus, by the hour that was put into it.
        expect(card.text).toMatch(/By Prometheus: \d+ goroutines \(same hour last week 61\)/);
        // Alertmanager repeats every three seconds: counted on the card, not told anew.
        await until(
          () => (/repeat/.test(JSON.stringify(card.blocks)) ? true : undefined),
          "repeats on the card",
        );
        if (members > 1) {
          const before = repeatsOf(card);
          await bot.restart();
          // The pair goes on repeating itself: counted on the same card, by the gofire that knows it from its Redis.
          await until(() => (repeatsOf(card) > before ? true : undefined), "further repeats");
        }
        await fetch(`${lab.shopUrl}/lab/modes/mutex-io`, { method: "DELETE" });
        await until(
          () => (/resolved/i.test(card.text) ? true : undefined),
          "the card to say that it is over",
        );
        expect(pages().length).toBeGreaterThan(0);
        await until(
          () => (page.reactions.some(({ name }) => name === "white_check_mark") ? true : undefined),
          "the page to be marked as answered",
        );
        expect(page.reactions.map(({ name }) => name)).toEqual(["white_check_mark"]);
        // However often and by whomever it was said.
        expect([...new Set(cards().flatMap(({ text }) => /gf-\w{4,}/.exec(text) ?? []))]).toHaveLength(1);
        expect(bot.slack.problems()).toEqual([]);
      },
    );
  },
);

function repeatsOf({ blocks }: SlackMessage): number {
  return Number(/(\d+) repeats?/.exec(JSON.stringify(blocks))?.[1] ?? 0);
}
