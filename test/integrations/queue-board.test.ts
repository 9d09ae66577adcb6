import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Board, openBoard } from "../../src/board.ts";
import { type Listener, openListener } from "../../src/integrations/http/listener.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { openQueue } from "../../src/integrations/redis/queues.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const password = "correct-horse-battery-staple";
const basic = `Basic ${Buffer.from(`ana:${password}`).toString("base64")}`;
const listen = { host: "127.0.0.1", port: 0 };
const everything = { user: "ana", password, listen };

describe.skipIf(redisProgram === undefined)("the queue's page", () => {
  let redis: TestRedis;
  let open: OpenRedis;
  let queue: ReturnType<typeof openQueue>;
  const opened: { board: Board; listener: Listener }[] = [];
  let shows = "";
  let changes = "";

  async function boardUrl(mayChange: boolean): Promise<string> {
    const board = await openBoard({ ...everything, mayChange }, open.client, () => {});
    const listener = await openListener(listen, board.routes);
    opened.push({ board, listener });
    return `${listener.url}/queues/`;
  }

  beforeAll(async () => {
    redis = await testRedis();
    open = await openRedis(parseRedisUrl(redis.url), { onTrouble: () => {} });
    queue = openQueue("capture", open.client, () => {});
    await queue.add("capture", { incidentId: "gf-3fa9" }, { jobId: "gf-3fa9" });
    shows = await boardUrl(false);
    changes = await boardUrl(true);
  });
  afterAll(async () => {
    for (const { board, listener } of opened) {
      await listener.close();
      await board.close();
    }
    await queue.close();
    await open.close();
    await redis.remove();
  });

  test.each([
    ["nothing", {}],
    ["another password", { authorization: `Basic ${Buffer.from(`ana:${password}x`).toString("base64")}` }],
    ["another user", { authorization: `Basic ${Buffer.from(`bob:${password}`).toString("base64")}` }],
    ["no password", { authorization: `Basic ${Buffer.from("ana:").toString("base64")}` }],
    ["another token", { authorization: "Bearer x" }],
    ["the token's beginning", { authorization: `Bearer ${password.slice(0, -1)}` }],
    ["the bare password", { authorization: password }],
  ] as [string, Record<string, string>][])(
    "lets nobody in with %s, whatever is asked for",
    async (_what, headers) => {
      for (const path of ["", "static/favicon.ico", "api/queues", "queue/capture", "nowhere"]) {
        const answer = await ask(`${shows}${path}`, headers);
        expect(answer.status).toBe(401);
        expect(answer.headers.get("www-authenticate")).toBe('Basic realm="gofire queue", charset="UTF-8"');
        expect(await answer.text()).toBe("Operators only.\n");
      }
      expect((await ask(`${changes}api/queues/pause`, headers, "PUT")).status).toBe(401);
      expect(await queue.isPaused()).toBe(false);
    },
  );

  test("shows jobs to operators, by password or token", async () => {
    for (const authorization of [basic, `Bearer ${password}`]) {
      const answer = await ask(`${shows}api/queues?activeQueue=capture&page=1&jobsPerPage=10`, {
        authorization,
      });
      expect(answer.status).toBe(200);
      const { queues } = (await answer.json()) as {
        queues: { name: string; readOnlyMode: boolean; jobs: object[] }[];
      };
      expect(queues.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["capture", "analyse", "publish", "page"]),
      );
      const capture = queues.find(({ name }) => name === "capture");
      expect(capture).toMatchObject({
        readOnlyMode: true,
        jobs: [{ id: "gf-3fa9", data: { incidentId: "gf-3fa9" } }],
      });
    }
    const job = await ask(`${shows}api/queues/capture/gf-3fa9`);
    expect(await job.json()).toMatchObject({ job: { id: "gf-3fa9" }, status: "waiting" });
    expect((await ask(`${shows}api/queues/capture/none`)).status).toBe(404);
    expect((await ask(`${shows}api/queues/none/gf-3fa9`)).status).toBe(404);
    expect((await ask(`${shows}api/queues/capture/%`)).status).toBe(500);
  });

  test("serves a whole page that asks no other host for anything", async () => {
    for (const path of ["", "queue/capture", "queue/capture/gf-3fa9"]) {
      const answer = await ask(`${shows}${path}`);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      const page = await answer.text();
      expect(page).toContain('<base href="/queues/" />');
      expect(page).toContain("<title>gofire</title>");
      expect(page).not.toMatch(/<%|(?:src|href)="https?:/);
      const files = [...page.matchAll(/(?:src|href)="(?<file>static\/[^"]+)"/g)].map(
        (match) => match.groups?.["file"],
      );
      expect(files.length).toBeGreaterThan(4);
      for (const file of files) {
        const { status, headers } = await ask(`${shows}${file}`);
        expect(status).toBe(200);
        expect(headers.get("content-type")).not.toBe("application/octet-stream");
      }
    }
  });

  test.each([
    "static/../index.ejs",
    "static/..%2f..%2fpackage.json",
    "static/",
    "static/js",
    "static/%2e%2e/index.ejs",
  ])("serves no other file: %s", async (path) => {
    expect((await ask(`${shows}${path}`)).status).toBe(404);
  });

  test("only shows unless it is told otherwise", async () => {
    for (const [method, path] of [
      ["PUT", "api/queues/pause"],
      ["PUT", "api/queues/capture/gf-3fa9/clean"],
      ["PUT", "api/queues/capture/obliterate"],
      ["POST", "api/queues/capture/add"],
      ["PATCH", "api/queues/capture/gf-3fa9/update-data"],
      ["DELETE", "api/queues/capture"],
    ] as const) {
      expect((await ask(`${shows}${path}`, { authorization: basic }, method)).status).toBe(405);
    }
    expect(await queue.getJob("gf-3fa9")).toBeDefined();
    expect(await queue.isPaused()).toBe(false);
  });

  test("changes what an operator asks for, and not what another site's page asks for", async () => {
    const pause = `${changes}api/queues/capture/pause`;
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
      { origin: "https://evil.example" },
      { origin: "null" },
    ] as Record<string, string>[]) {
      expect((await ask(pause, { authorization: basic, ...headers }, "PUT")).status).toBe(403);
    }
    expect(await queue.isPaused()).toBe(false);
    const { origin } = new URL(changes);
    expect((await ask(pause, { authorization: basic, origin }, "PUT")).status).toBe(200);
    expect(await queue.isPaused()).toBe(true);
    await ask(
      `${changes}api/queues/capture/resume`,
      { authorization: basic, "sec-fetch-site": "same-origin" },
      "PUT",
    );
    expect(await queue.isPaused()).toBe(false);
    expect(
      (await ask(`${changes}api/queues/capture/gf-3fa9/clean`, { authorization: basic }, "PUT")).status,
    ).toBe(204);
    expect(await queue.getJob("gf-3fa9")).toBeUndefined();
  });

  test("does not open with a password that could be guessed", async () => {
    const weak = openBoard({ ...everything, password: "", mayChange: false }, open.client, () => {});
    await expect(weak).rejects.toThrow(/16 characters/);
  });
});

function ask(url: string, headers: Record<string, string> = { authorization: basic }, method = "GET") {
  return fetch(url, { method, headers, redirect: "manual" });
}
