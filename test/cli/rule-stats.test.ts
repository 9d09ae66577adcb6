import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { openRedis } from "../../src/integrations/redis/connection.ts";
import { feedbackStore } from "../../src/integrations/redis/feedback-store.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { gofire } from "./gofire.ts";

const never = new AbortController().signal;

describe.skipIf(redisProgram === undefined)("gofire rules --stats", () => {
  let server: TestRedis;
  let folder: string;
  beforeAll(async () => {
    [server, folder] = await Promise.all([testRedis(), mkdtemp(join(tmpdir(), "gofire-stats-"))]);
    const redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
    const feedback = feedbackStore(redis.client);
    const about = { rule: "goroutine/count", confidence: "likely", gofireVersion: "0.1.0" } as const;
    await feedback.fired("gf-3fa9", [about], never);
    const voice = {
      incidentId: "gf-3fa9",
      finding: "f1",
      userId: "U0SECRET01",
      atMs: Date.UTC(2026, 10, 24),
    };
    await feedback.say({ ...voice, says: "wrong", comment: "load test" }, about, never);
    await redis.close();
  });
  afterAll(async () => {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function stats(args: readonly string[], env: Record<string, string>) {
    return await gofire(["rules", "--stats", ...args], { env: { ...env, GOFIRE_STATE: folder } });
  }

  test("reads what the bot counted, as text, JSON and Markdown, and names nobody", async () => {
    const env = { REDIS_URL: server.url };
    const text = await stats([], env);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/goroutine\/count +1 +0 +1 +0 %/);
    expect(text.stdout).toContain("“load test” (wrong, gf-3fa9 f1, 2026-11-24)");
    const json = await stats(["--format", "json"], env);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { rule: "goroutine/count", fired: 1, wrong: 1, rightRatio: 0, comments: [{ comment: "load test" }] },
    ]);
    const markdown = await stats(["--format", "markdown"], env);
    expect(markdown.stdout).toContain("| `goroutine/count` | 1 | 0 | 1 | 0 % |");
    for (const { stdout } of [text, json, markdown]) expect(stdout).not.toContain("U0SECRET01");
  });

  test("says so where no gofire ran, and what is wrong where its Redis does not answer", async () => {
    const none = await stats([], { REDIS_URL: "" });
    expect(none.code).toBe(0);
    expect(none.stdout).toMatch(/Nothing is counted yet in .*where no gofire serve ran/s);
    const away = await stats([], { REDIS_URL: "redis://:hunter2@127.0.0.1:1" });
    expect(away.code).toBe(3);
    expect(away.stderr).toContain("There is no Redis to work with at redis://127.0.0.1:1");
    expect(away.stderr).not.toContain("hunter2");
    const odd = await gofire(["rules", "--format", "markdown"]);
    expect(odd.code).toBe(2);
    expect(odd.stderr).toContain("--format markdown goes with --stats");
  });
});
