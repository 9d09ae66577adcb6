/**
 * `npm run bench:bot`: how long people wait for the bot. The served bot against the Slack stand-in, in both
 * modes, with one capture and with twenty at once, each of a process of its own and in a channel of its own. Figures
 * are of the machine that ran it; what counts is what is left once the capture's own time is taken off.
 */

import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { configuredArtifacts } from "../src/configured-artifacts.ts";
import { readStoredCapture } from "../src/integrations/artifacts/stored-capture.ts";
import { thisHost } from "../src/integrations/host/this-host.ts";
import { resvgRasteriser } from "../src/integrations/pictures/rasteriser.ts";
import { flameGraphPictures } from "../src/jobs/thread/pictures.ts";
import { shopWorkspace } from "../src/sandbox/slack/seed.ts";
import { sickTarget, until } from "../test/jobs/bot.ts";
import { liveBot, mira } from "../test/live/bot.ts";

const waitMs = 120_000;

/** A target that tells when it was asked first and answered last. */
interface TimedTarget {
  readonly url: string;
  readonly asked: { firstMs: number; lastMs: number };
  close(): void;
}

interface Waits {
  readonly ackMs: number;
  readonly cardMs: number;
  readonly verdictMs: number;
  readonly captureMs: number;
  /** From the command to the verdict, without the capture's own time. */
  readonly oursMs: number;
}

process.stdout.write("| mode | at once | | acknowledged | card | capture | verdict | beyond the capture |\n");
process.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
for (const mode of ["socket", "http"] as const) {
  for (const count of [1, 20]) {
    const waits = await measure(mode, count);
    for (const [name, share] of [
      ["median", 0.5],
      ["p99", 0.99],
    ] as const) {
      const figures = (["ackMs", "cardMs", "captureMs", "verdictMs", "oursMs"] as const).map(
        (which) =>
          `${Math.round(
            quantile(
              waits.map((wait) => wait[which]),
              share,
            ),
          )} ms`,
      );
      process.stdout.write(`| ${mode} | ${count} | ${name} | ${figures.join(" | ")} |\n`);
    }
  }
}

async function measure(mode: "socket" | "http", count: number): Promise<readonly Waits[]> {
  const numbers = Array.from({ length: count }, (_, at) => at);
  const sick = await sickTarget(() => 20);
  const targets = await Promise.all(numbers.map(() => timedTarget(sick.url)));
  const rasteriser = resvgRasteriser();
  const rooms = numbers.map((at) => ({
    id: channelOf(at),
    name: `room-${at}`,
    members: [mira],
    hasBot: true,
  }));
  const bot = await liveBot(
    mode,
    Object.fromEntries(targets.map(({ url }, at) => [`order-${at}`, url])),
    undefined,
    {
      openArtifacts: (folder) => configuredArtifacts(undefined, thisHost, folder),
      pictures: (artifacts) =>
        flameGraphPictures({
          artifacts,
          rasteriser,
          readCapture: (key, signal) => readStoredCapture(artifacts, key, signal),
        }),
    },
    { seed: { ...shopWorkspace, channels: [...shopWorkspace.channels, ...rooms] } },
  );
  try {
    return await Promise.all(
      targets.map(async ({ asked }, at) => {
        const channel = channelOf(at);
        const beganMs = performance.now();
        await bot.slack.people.type(mira, channel, `/gofire snapshot order-${at}`);
        const ackMs = performance.now() - beganMs;
        const card = await until(() => bot.messages(channel)[0], "a card", waitMs, 5);
        const cardMs = performance.now() - beganMs;
        await until(() => (/FAIL/.test(card.text) ? true : undefined), "a verdict", waitMs, 5);
        const verdictMs = performance.now() - beganMs;
        const captureMs = asked.lastMs - asked.firstMs;
        return { ackMs, cardMs, verdictMs, captureMs, oursMs: verdictMs - captureMs };
      }),
    );
  } finally {
    await bot.close();
    await rasteriser.close();
    for (const target of targets) target.close();
    sick.close();
  }
}

/** Passes everything on to `url`, and looks at the clock. */
async function timedTarget(url: string): Promise<TimedTarget> {
  const asked = { firstMs: 0, lastMs: 0 };
  const server: Server = createServer((request, response) => {
    if (asked.firstMs === 0) asked.firstMs = performance.now();
    response.once("finish", () => {
      asked.lastMs = performance.now();
    });
    void passOn(url + (request.url ?? "/"), response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function passOn(url: string, response: ServerResponse): Promise<void> {
  const answer = await fetch(url);
  const type = answer.headers.get("content-type");
  response.writeHead(answer.status, type === null ? {} : { "content-type": type });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

function channelOf(at: number): string {
  return `C0ROOM${String(at).padStart(4, "0")}`;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
