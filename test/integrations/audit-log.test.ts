import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { approval } from "../contracts/approval.ts";
import { auditLogContract } from "../contracts/audit-log.ts";
import { fakeAuditLog } from "../fakes/audit-log.ts";

const origin = "gofire.shop.example/audit";

auditLogContract("memory", () => Promise.resolve({ log: fakeAuditLog(origin) }));

auditLogContract("a folder", async () => {
  const stateFolder = await mkdtemp(join(tmpdir(), "gofire-audit-"));
  const log = await auditLogs().keep(join(stateFolder, "audit"), { origin, stateFolder, at: "audit" });
  return { log, remove: () => rm(stateFolder, { recursive: true, force: true }) };
});

test("who gives up waits no longer, and what was not begun for them is not", async () => {
  const stateFolder = await mkdtemp(join(tmpdir(), "gofire-audit-"));
  const log = await auditLogs().keep(join(stateFolder, "audit"), { origin, stateFolder, at: "audit" });
  const [first, second] = [new AbortController(), new AbortController()];
  const begun = log.append(approval("begun"), first.signal);
  const waiting = log.append(approval("waiting"), second.signal);
  second.abort(new Error("second gave up"));
  await expect(waiting).rejects.toThrow("second gave up");
  const never = new AbortController().signal;
  await begun;
  expect((await log.append(approval("after"), never)).index).toBe(1);
  await log.close();
  await rm(stateFolder, { recursive: true, force: true });
});
