import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readStoredCapture } from "../../src/integrations/artifacts/stored-capture.ts";
import { resvgRasteriser } from "../../src/integrations/pictures/rasteriser.ts";
import { flameGraphPictures } from "../../src/jobs/thread/pictures.ts";
import type { SlackMessage } from "../../src/sandbox/slack/workspace.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { until } from "../jobs/bot.ts";
import { alertmanagerBody } from "../parsers/alert-bodies.ts";
import { incidents, type LiveBot, liveBot, mira } from "./bot.ts";
import { type BuiltLab, buildLab, hasGo, type LiveLab } from "./lab.ts";

const token = "alerts-token";

async function makeSick({ shopUrl }: LiveLab): Promise<void> {
  const answer = await fetch(`${shopUrl}/lab/modes/mutex-io?scale=300`, { method: "POST" });
  expect(answer.ok).toBe(true);
}

async function page(bot: LiveBot): Promise<void> {
  const body = alertmanagerBody({ alerts: 1, groupKey: "peers", startsAt: new Date().toISOString() });
  const [alert] = body.alerts;
  const labels = { alertname: "ManyGoroutines", service: "order", instance: "order-1" };
  const answer = await fetch(`${bot.url}/webhooks/alertmanager`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ ...body, commonLabels: labels, alerts: [{ ...alert, labels }] }),
  });
  expect(answer.status).toBe(200);
}

function cards(bot: LiveBot): readonly SlackMessage[] {
  return bot.messages().filter(({ text, threadTs }) => threadTs === undefined && /gf-/.test(text));
}

describe.skipIf(!hasGo || redisProgram === undefined)("two processes of one service (needs Go)", () => {
  let built: BuiltLab;
  beforeAll(() => {
    built = buildLab();
  });
  afterAll(() => built.remove());

  async function lab(): Promise<LiveLab> {
    const started = await built.start();
    onTestFinished(() => started.stop());
    return started;
  }

  test("a page about one of them: the card says that only this one shows it; later, that both do", async () => {
    const [first, second] = [await lab(), await lab()];
    const rasteriser = resvgRasteriser();
    onTestFinished(() => rasteriser.close());
    const bot = await liveBot(
      "socket",
      { order: { "order-1": first.debugUrl, "order-2": second.debugUrl } },
      {
        messages: { channels: [], senders: [] },
        request: {
          channel: incidents,
          hearsMessages: false,
          secrets: { bearer: token },
          services: () => Promise.resolve([{ name: "order", matches: [] }]),
        },
      },
      {
        pictures: (artifacts) =>
          flameGraphPictures({
            artifacts,
            rasteriser,
            readCapture: (key, signal) => readStoredCapture(artifacts, key, signal),
          }),
      },
    );
    onTestFinished(() => bot.close());
    await makeSick(first);
    await page(bot);
    const card = await until(
      () => cards(bot).find(({ text }) => /order-1 shows this/.test(text)),
      "the comparison on the card",
    );
    expect(card.text).toMatch(/^FAIL: order\./);
    const [, here, there] =
      /Only order-1 shows this: ([\d,]+) goroutines against ([\d,]+) in order-2\./.exec(card.text) ?? [];
    expect(Number(here?.replaceAll(",", ""))).toBeGreaterThan(200);
    expect(Number(there?.replaceAll(",", ""))).toBeLessThan(20);
    expect(card.text).not.toContain("another build");
    const picture = await until(
      () => bot.messages().find(({ text }) => /in order-2, [\d,]+ in order-1\./.test(text)),
      "what differs, as a picture",
    );
    expect(picture.threadTs).toBe(card.ts);
    expect(picture.text).toMatch(/^Differential flame graph of order.* Most in order-1 beyond order-2: /);
    const files = await until(() => {
      const peers = bot.messages().find(({ text }) => text.startsWith("What was captured of order-2"));
      return peers?.files?.map((id) => bot.slack.workspace.files.get(id)?.name ?? "");
    }, "the peer's files in the thread");
    expect(files).toContainEqual(expect.stringMatching(/^pprof\.order\.order-2\.goroutine\./));

    await makeSick(second);
    await bot.slack.people.type(mira, incidents, "/gofire snapshot order pod=order-1 cpu=0s");
    const asked = await until(
      () =>
        cards(bot).find(
          ({ ts, blocks }) => ts !== card.ts && JSON.stringify(blocks ?? []).includes('"compare-peer"'),
        ),
      "a second verdict with its button",
    );
    await bot.slack.people.click(mira, incidents, asked.ts, { actionId: "compare-peer" });
    await until(
      () => (/order-2 shows it, too: .*shared cause/.test(asked.text) ? asked : undefined),
      "the second comparison",
    );
    process.stdout.write(`${card.text}\n${picture.text}\n${asked.text}\n`);
    expect(bot.slack.problems()).toEqual([]);
  }, 180_000);
});
