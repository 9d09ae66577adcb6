import { describe, expect, onTestFinished, test } from "vitest";
import { readStoredCapture } from "../../src/integrations/artifacts/stored-capture.ts";
import { resvgRasteriser } from "../../src/integrations/pictures/rasteriser.ts";
import { flameGraphPictures } from "../../src/jobs/thread/pictures.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { sickTarget, until } from "../jobs/bot.ts";
import { decodedPng } from "../png.ts";
import { incidents, liveBot, mira } from "./bot.ts";

describe.skipIf(redisProgram === undefined)("a verdict's flame graph", () => {
  test("is in the thread as a picture, in words, and as a link to the whole profile", async () => {
    const target = await sickTarget(() => 10);
    onTestFinished(() => target.close());
    const rasteriser = resvgRasteriser();
    onTestFinished(() => rasteriser.close());
    const bot = await liveBot("socket", { order: target.url }, undefined, {
      browser: () => Promise.resolve({}),
      pictures: (artifacts, links) =>
        flameGraphPictures({
          artifacts,
          rasteriser,
          readCapture: (key, signal) => readStoredCapture(artifacts, key, signal),
          ...(links === undefined ? {} : { links }),
        }),
    });
    onTestFinished(() => bot.close());
    await bot.slack.people.type(mira, incidents, "/gofire snapshot order");

    const { files } = bot.slack.workspace;
    function pictureOf(ids: readonly string[] | undefined) {
      return ids
        ?.map((id) => files.get(id))
        .find((file) => file !== undefined && /^flame-graph\..*\.png$/.test(file.name));
    }
    const message = await until(
      () => bot.messages().find((one) => pictureOf(one.files) !== undefined),
      "a flame graph",
      40_000,
    );
    const picture = pictureOf(message.files);
    expect(picture?.altText).toMatch(/^Flame graph of [\d,]+ goroutines of order/);
    expect(decodedPng(picture?.bytes ?? Buffer.alloc(0)).width).toBe(1_280);
    expect(message.threadTs).toBeDefined();
    expect(message.text).toContain("Flame graph of");
    const link =
      /<(http[^|>]+)\|[^>]*in the browser>/.exec(message.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const page = await fetch(link);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("speedscope");

    await bot.slack.people.type(mira, incidents, "/gofire snapshot order");
    await until(
      () => bot.messages().filter(({ threadTs, text }) => threadTs === undefined && /FAIL/.test(text))[1],
      "a second verdict",
      40_000,
    );
    await bot.slack.people.type(mira, incidents, "/gofire diff");
    const change = await until(
      () => bot.messages().find(({ text }) => /^Since gf-\w+: Differential flame graph/.test(text)),
      "what changed",
      40_000,
    );
    expect(pictureOf(change.files)?.altText).toContain("goroutines before");
    expect(bot.slack.problems()).toEqual([]);
  }, 150_000);
});
