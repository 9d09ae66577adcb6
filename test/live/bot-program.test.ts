import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { type SlackStandIn, startSlackStandIn } from "../../src/sandbox/slack/stand-in.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { until } from "../jobs/bot.ts";
import { incidents, mira } from "./bot.ts";
import { buildLab, hasGo } from "./lab.ts";

interface Program {
  readonly process: ChildProcess;
  /** What it said to whoever started it. */
  readonly said: () => string;
}

/** `gofire serve` as it is installed (`npm run build` comes first in `npm run check`). */
async function served(folder: string, slack: SlackStandIn): Promise<Program> {
  const child = spawn(
    process.execPath,
    [join(process.cwd(), "dist/cli.js"), "serve", "--listen", "127.0.0.1:0", "--grace", "1s"],
    {
      cwd: folder,
      env: {
        ...process.env,
        GOFIRE_STATE: join(folder, "state"),
        SLACK_BOT_TOKEN: slack.tokens.bot,
        SLACK_APP_TOKEN: slack.tokens.app,
      },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error(said);
    return said.includes("gofire is up") ? true : undefined;
  }, "gofire is up");
  return { process: child, said: () => said };
}

describe.skipIf(redisProgram === undefined || !hasGo)("the program in front of a sick Go service", () => {
  test("a snapshot survives the end of the process that took it, and becomes a verdict", async () => {
    const lab = buildLab();
    onTestFinished(() => lab.remove());
    const shop = await lab.start("-mode", "mutex-io");
    onTestFinished(() => shop.stop());
    const slack = await startSlackStandIn({ manifest: parse(readFileSync("slack-manifest.yaml", "utf8")) });
    onTestFinished(() => slack.close());
    const folder = await mkdtemp(join(tmpdir(), "gofire-program-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(
      join(folder, "gofire.yaml"),
      `slack: { apiUrl: "${slack.apiUrl}" }
services:
  order:
    targets: [{ url: "${shop.debugUrl}", instance: order-1 }]
    capture: { cpuSeconds: 5, gapSeconds: 1 }
`,
    );
    const messages = () => slack.workspace.channels.get(incidents)?.messages ?? [];

    const first = await served(folder, slack);
    expect(await slack.people.type(mira, incidents, "/gofire snapshot order")).toEqual({
      isAcked: true,
      body: {},
    });
    const card = await until(() => messages()[0], "a card");
    await until(
      () => (/asking what can be captured|capturing/i.test(card.text) ? true : undefined),
      "a capture that runs",
    );
    first.process.kill("SIGTERM");
    await once(first.process, "exit");
    expect({ code: first.process.exitCode, isJudged: card.text.startsWith("FAIL") }).toEqual({
      code: 0,
      isJudged: false,
    });
    expect(slack.sockets.open).toBe(0);

    const startedAt = performance.now();
    const second = await served(folder, slack);
    await until(() => (/^FAIL: order\. .*(?:mutex|lock)/is.test(card.text) ? true : undefined), "a verdict");
    process.stdout.write(`verdict ${Math.round(performance.now() - startedAt)} ms after the second start\n`);
    await until(
      () =>
        [...slack.workspace.files.values()].some(({ name }) => /flame.*\.png$/.test(name)) ? true : undefined,
      "a flame graph",
    );
    expect(messages().filter(({ threadTs }) => threadTs === undefined || threadTs === card.ts)).toHaveLength(
      messages().length,
    );
    expect(slack.problems()).toEqual([]);
    second.process.kill("SIGTERM");
    await once(second.process, "exit");
    expect(second.process.exitCode).toBe(0);
  });
});
