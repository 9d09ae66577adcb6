import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ArtifactsConfig } from "../../src/config/artifacts-config.ts";
import { defaultArtifacts } from "../../src/config/resolve-artifacts.ts";
import { openArtifacts } from "../../src/integrations/artifacts/open.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import { type Bot, startBot } from "../../src/main.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import type { Role } from "../../src/ports/server.ts";
import { fakeChat } from "../fakes/chat.ts";
import { everybodyMay } from "../fakes/rights.ts";
import { redisProgram, type TestRedis, testRedis } from "../integrations/redis-server.ts";
import { s3Program, type TestS3, testS3 } from "../integrations/s3-server.ts";
import { draftFor, plainCards, settled, sickTarget, testServices } from "./bot.ts";

const never = new AbortController().signal;

describe.skipIf(redisProgram === undefined || s3Program === undefined)(
  "web and worker on different machines",
  () => {
    let redis: TestRedis;
    let s3: TestS3;
    let target: Awaited<ReturnType<typeof sickTarget>>;
    beforeAll(async () => {
      [redis, s3, target] = await Promise.all([testRedis(), testS3(), sickTarget()]);
    });
    afterAll(async () => {
      target.close();
      await Promise.all([redis.remove(), s3.remove()]);
    });

    /** A machine: a store of its own, opened from the same configuration. */
    async function machine(role: Role, chat = fakeChat()): Promise<{ bot: Bot; artifacts: Artifacts }> {
      const secrets: Readonly<Record<string, string>> = {
        ID: s3.credentials.accessKeyId,
        SECRET: s3.credentials.secretAccessKey,
        KEY: Buffer.alloc(32, 1).toString("base64"),
      };
      const config: ArtifactsConfig = {
        ...defaultArtifacts,
        place: {
          kind: "s3",
          bucket: s3.bucket,
          prefix: "gofire/",
          endpoint: s3.endpoint,
          pathStyle: true,
          credentials: { accessKeyId: { env: "ID" }, secretAccessKey: { env: "SECRET" } },
        },
        encryption: { key: { env: "KEY" }, formerKeys: [] },
        redact: true,
      };
      const opened = await openArtifacts(config, {
        stateFolder: "/nowhere",
        secret: (reference) => Promise.resolve("env" in reference ? (secrets[reference.env] ?? "") : ""),
      });
      const bot = await startBot({
        role,
        redis: parseRedisUrl(redis.url),
        caps: { overall: 8, perService: 4, cooldownMs: 0 },
        mostWaiting: 500,
        sweepEveryMs: 500,
        chat,
        cards: plainCards,
        rights: everybodyMay(),
        artifacts: opened.artifacts,
        bundles: opened.bundles,
        keep: opened.keep,
        pictures: { draw: () => Promise.resolve([]), compare: () => Promise.resolve(undefined) },
        services: testServices({ order: target.url }),
        clock: systemClock,
        version: "0.0.0",
        onTrouble: () => {},
      });
      return { bot, artifacts: opened.artifacts };
    }

    test("share evidence through S3, encrypted and redacted: the web reads what the worker judged", async () => {
      const chat = fakeChat();
      const [web, worker] = await Promise.all([machine("web"), machine("worker", chat)]);
      try {
        const { incident } = await beginIncident(draftFor("order", "t1"), web.bot, never);
        const { state, analysis, bundle, steps } = await settled(web.bot, incident.id);
        expect(state).toBe("verdict");
        expect(analysis?.findings[0]?.title).toMatch(/199 waiters/);
        const chunks: Uint8Array[] = [];
        for await (const chunk of web.artifacts.get(analysis?.document ?? "", never)) chunks.push(chunk);
        expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ verdict: "fail" });
        expect((await web.artifacts.list(bundle ?? "", never)).length).toBeGreaterThan(3);
        expect(steps.find(({ kind }) => kind === "goroutine")).toMatchObject({ state: "ok" });
        // The scripted process' heap profile is none, so nobody can tell what is in it.
        expect(steps.find(({ kind }) => kind === "heap")?.reason).toContain("artifacts.redact");
        expect(chat.messages.map(({ files }) => files.length)).toEqual([0, 1, expect.any(Number)]);
      } finally {
        await web.bot.stop(1_000);
        await worker.bot.stop(5_000);
      }
    });
  },
);
