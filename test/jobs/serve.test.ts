import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseArguments } from "../../src/commands/arguments.ts";
import type { Ports } from "../../src/commands/context.ts";
import { serve } from "../../src/commands/serve.ts";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { defaultArtifacts } from "../../src/config/resolve-artifacts.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { beginIncident } from "../../src/jobs/incidents/begin.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import type { Services } from "../../src/ports/services.ts";
import { type Running, server } from "../../src/serve.ts";
import { approval } from "../contracts/approval.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { fakeChat } from "../fakes/chat.ts";
import { everybodyMay } from "../fakes/rights.ts";
import { fakeTargetSources } from "../fakes/target-sources.ts";
import { fakeTlsProbes } from "../fakes/tls-probe.ts";
import { redisProgram } from "../integrations/redis-server.ts";
import { draftFor, plainCards, quickCapture, sickTarget, until } from "./bot.ts";

const never = new AbortController().signal;
const local = { host: "127.0.0.1", port: 0 };
const boardPassword = "for-operators-only";
/** What is heard of, and the log. */
type Heard = Pick<Running, "incidents" | "queue"> & { readonly auditLog?: AuditLog };

/** Runs `gofire serve` with a chat in memory until `use` is done, and tells what it said. */
async function serving(
  words: readonly string[],
  targetUrl: string,
  use: (bot: Heard, url: string, services: Services) => Promise<void>,
): Promise<{
  readonly lines: string[];
  readonly chat: ReturnType<typeof fakeChat>;
  readonly heard: string[];
}> {
  const state = await mkdtemp(join(tmpdir(), "gofire-serve-"));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  const chat = fakeChat();
  const heard: string[] = [];
  const lines: string[] = [];
  const stop = new AbortController();
  let auditLog: AuditLog | undefined;
  let bot: Running | undefined;
  let services: Services | undefined;
  const ports = {
    config: () => Promise.resolve(configOf(targetUrl)),
    goTargets: () => Promise.resolve(goTargets({ userAgent: "gofire/test" })),
    targetSources: () => Promise.resolve(fakeTargetSources()),
    tlsProbes: () => Promise.resolve(fakeTlsProbes()),
    auditLogs: () => {
      const logs = auditLogs();
      return Promise.resolve({
        ...logs,
        keep: async (...words: Parameters<typeof logs.keep>) => {
          auditLog = await logs.keep(...words);
          return auditLog;
        },
      });
    },
    clock: () => Promise.resolve(systemClock),
    host: () =>
      Promise.resolve({
        ...thisHost,
        environment: (name: string) => (name === "GOFIRE_STATE" ? state : undefined),
      }),
    server: () =>
      Promise.resolve(
        server({
          version: "0.0.0",
          openChat: () =>
            Promise.resolve({
              chat,
              cards: plainCards,
              rights: everybodyMay(),
              async listen(running) {
                await Promise.resolve();
                heard.push("listen");
                bot = running;
                services = running.services;
              },
              async hush() {
                await Promise.resolve();
                heard.push("hush");
              },
              async close() {
                await Promise.resolve();
                heard.push("close");
              },
            }),
          queueBoard: () =>
            Promise.resolve({ listen: local, user: "ana", password: boardPassword, mayChange: false }),
          openArtifacts: (folder) => Promise.resolve({ artifacts: fakeArtifacts(join(folder, "artifacts")) }),
          pictures: () => ({ draw: () => Promise.resolve([]), compare: () => Promise.resolve(undefined) }),
        }),
      ),
  };
  const context = {
    version: "0.0.0",
    signal: stop.signal,
    progress: () => {},
    log: (line: string) => lines.push(line),
  };
  const running = serve.run(context, parseArguments(serve, words), ports as unknown as Ports);
  const url = await until(
    () =>
      lines
        .map((line) => /^gofire is up: (\S+)\/healthz$/.exec(line)?.[1])
        .find((found) => found !== undefined),
    "gofire is up",
  );
  if (bot === undefined || services === undefined) throw new Error("nobody listens");
  await use({ ...bot, ...(auditLog === undefined ? {} : { auditLog }) }, url, services);
  stop.abort();
  expect(await running).toEqual({ kind: "text", text: "Stopped.\n" });
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  return { lines, chat, heard };
}

function configOf(targetUrl: string): GofireConfig {
  const settings = { modules: [], thresholds: {}, capture: quickCapture };
  const target = { at: "gofire.yaml:3:9", address: targetUrl, instance: "order-1", headers: {} };
  return {
    file: "gofire.yaml",
    services: { order: { ...settings, targets: [target] } },
    defaults: settings,
    allow: { targets: [], tls: [] },
    access: { rights: {}, givenBy: { users: [], groups: [], channels: [] } },
    captures: {},
    artifacts: defaultArtifacts,
    people: new Map(),
    web: {},
    audit: { at: "gofire.yaml: audit", origin: "gofire.shop.example/audit", isPublic: true },
  };
}

describe.skipIf(redisProgram === undefined)("gofire serve", () => {
  test("says which Redis it uses, is healthy, and what it accepted it finishes when told to stop", async () => {
    const target = await sickTarget(() => 20);
    let id = "";
    const { lines, chat, heard } = await serving(
      ["--listen", "127.0.0.1:0"],
      target.url,
      async (bot, url, services) => {
        expect(await services.list()).toEqual([{ name: "order", instances: ["order-1"] }]);
        const health = await fetch(`${url}/healthz`);
        expect(health.status).toBe(200);
        expect(await health.json()).toMatchObject({
          ok: true,
          role: "all",
          queue: { waiting: 0, limit: 100 },
        });
        expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
        await bot.auditLog?.append(approval("act:1"), never);
        const checkpoint = await (await fetch(`${url}/audit/checkpoint`)).text();
        expect(checkpoint).toMatch(/^gofire\.shop\.example\/audit\n1\n/);
        expect((await fetch(`${url}/queues/api/queues`)).status).toBe(401);
        const board = await fetch(`${url}/queues/api/queues`, {
          headers: { authorization: `Bearer ${boardPassword}` },
        });
        expect(await board.json()).toMatchObject({ queues: expect.arrayContaining([expect.anything()]) });
        ({
          incident: { id },
        } = await beginIncident(draftFor("order", "served"), bot, never));
        await until(async () => {
          const incident = await bot.incidents.read(id, never);
          return incident?.state === "capturing" ? true : undefined;
        }, "capturing");
      },
    );
    target.close();
    expect(lines[0]).toMatch(new RegExp(`^Using its own .*${redisProgram} \\(process \\d+\\)`));
    expect(lines).toContain("Audit log gofire.shop.example/audit: 0 entries, all verified.");
    expect(heard).toEqual(["listen", "hush", "close"]);
    expect(chat.messages.filter(({ intent }) => intent === id)).toHaveLength(1);
  });

  test("takes a burst of 200: everybody has a place or a refusal in words, and nothing is lost", async () => {
    const target = await sickTarget();
    await serving(["--listen", "127.0.0.1:0", "--waiting", "50"], target.url, async (bot) => {
      const asked = performance.now();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, (_, at) => beginIncident(draftFor("order", `burst ${at}`), bot, never)),
      );
      const tookMs = performance.now() - asked;
      const accepted = outcomes.flatMap((outcome) =>
        outcome.status === "fulfilled" ? [outcome.value.incident] : [],
      );
      const refused = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [String(outcome.reason)] : [],
      );
      expect(accepted.length + refused.length).toBe(200);
      expect(new Set(refused.map((reason) => reason.replace(/\d+/g, "N"))).size).toBeLessThanOrEqual(1);
      expect(
        accepted.filter(({ state, queuePlace }) => state === "queued" && queuePlace !== undefined).length,
      ).toBeGreaterThan(0);
      // 50 that wait, those that are captured at the moment, and no more.
      expect(accepted.length).toBeLessThanOrEqual(60);
      expect(refused.length).toBeGreaterThan(0);
      expect(tookMs).toBeLessThan(20_000);
      process.stdout.write(
        `burst of 200: ${accepted.length} accepted, ${refused.length} refused in ${Math.round(tookMs)} ms\n`,
      );
    });
    target.close();
  });
});
