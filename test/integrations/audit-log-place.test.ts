import { cpSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { parseRedisUrl } from "../../src/integrations/redis/address.ts";
import { type OpenRedis, openRedis } from "../../src/integrations/redis/connection.ts";
import { inOnePlace } from "../../src/integrations/redis/one-place.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import { approval } from "../contracts/approval.ts";
import { auditLogContract } from "../contracts/audit-log.ts";
import { redisProgram, type TestRedis, testRedis } from "./redis-server.ts";

const never = new AbortController().signal;
const origin = "gofire.shop.example/audit";

describe.skipIf(redisProgram === undefined)("an audit log and Redis", () => {
  let server: TestRedis;
  let redis: OpenRedis;
  let scratch = "";
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "gofire-audit-place-"));
    server = await testRedis();
    redis = await openRedis(parseRedisUrl(server.url), { onTrouble: () => {} });
  });
  afterAll(async () => {
    await redis.close();
    await server.remove();
    await rm(scratch, { recursive: true, force: true });
  });

  async function logOn(machine: string): Promise<AuditLog> {
    const stateFolder = join(scratch, machine);
    const log = await auditLogs().keep(join(stateFolder, "audit"), { origin, stateFolder, at: "audit" });
    return inOnePlace(log, () => redis.client);
  }

  test("two state folders are two logs: only the first one is kept", async () => {
    const [web, worker, elsewhere] = [await logOn("one"), await logOn("one"), await logOn("two")];
    await web.append(approval("act:1"), never);
    await worker.append(approval("act:2"), never);
    const refused = { code: "forbidden", message: expect.stringContaining("is kept in another place") };
    await expect(elsewhere.append(approval("act:3"), never)).rejects.toMatchObject(refused);
    await expect(elsewhere.checkpoint(never)).rejects.toMatchObject(refused);
    await expect(elsewhere.entries(0, never)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
  });

  test("a folder that was brought to another machine is the same log", async () => {
    cpSync(join(scratch, "one"), join(scratch, "moved"), { recursive: true });
    expect((await (await logOn("moved")).append(approval("act:4"), never)).index).toBe(2);
  });

  test("an older copy that was put back is neither added to nor believed, before and after a restart", async () => {
    // The folder that was left behind on the first machine is one, too.
    await expect((await logOn("one")).append(approval("act:left"), never)).rejects.toThrow(
      /has 2 entries and had 3/,
    );
    const folder = join(scratch, "moved", "audit");
    const older = join(scratch, "older");
    const running = await logOn("moved");
    await running.append(approval("act:old"), never);
    cpSync(folder, older, { recursive: true });
    await running.append(approval("act:new"), never);
    await rm(folder, { recursive: true });
    cpSync(older, folder, { recursive: true });
    const begun = await logOn("moved");
    await expect(running.append(approval("act:more"), never)).rejects.toMatchObject({ code: "forbidden" });
    const refused = {
      code: "forbidden",
      message: expect.stringMatching(/has 4 entries and had 5: an older copy/),
    };
    await expect(begun.append(approval("act:more"), never)).rejects.toMatchObject(refused);
    await expect(begun.entries(0, never)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
    // Who goes on without them says so.
    await redis.client.del(`{gofire}:audit-log-size:${origin}`);
    expect((await begun.append(approval("act:more"), never)).index).toBe(4);
  });

  test("without Redis nothing is added", async () => {
    const stateFolder = join(scratch, "one");
    const log = await auditLogs().keep(join(stateFolder, "audit"), { origin, stateFolder, at: "audit" });
    const early = inOnePlace(log, () => undefined);
    await expect(early.append(approval("act:5"), never)).rejects.toMatchObject({ code: "unavailable" });
  });

  auditLogContract("a folder whose place is in Redis", async () => {
    await redis.client.flushdb();
    return { log: await logOn("contract") };
  });
});
