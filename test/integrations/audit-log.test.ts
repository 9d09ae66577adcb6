import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { auditLogContract } from "../contracts/audit-log.ts";
import { fakeAuditLog } from "../fakes/audit-log.ts";

const origin = "gofire.shop.example/audit";

auditLogContract("memory", () => Promise.resolve({ log: fakeAuditLog(origin) }));

auditLogContract("a folder", async () => {
  const stateFolder = await mkdtemp(join(tmpdir(), "gofire-audit-"));
  const log = await auditLogs().keep(join(stateFolder, "audit"), { origin, stateFolder, at: "audit" });
  return { log, remove: () => rm(stateFolder, { recursive: true, force: true }) };
});
