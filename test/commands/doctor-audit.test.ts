import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAuditLog } from "../../src/commands/access/audit-log.ts";
import { auditChecks } from "../../src/commands/doctor/audit.ts";
import type { DoctorCheck } from "../../src/commands/reply.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import { approval } from "../contracts/approval.ts";
import { unheard } from "./unheard.ts";

const never = new AbortController().signal;
const plain = "audit: { origin: gofire.shop.example/audit }";
let state = "";
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "gofire-doctor-audit-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

function given(source: string, environment: Readonly<Record<string, string>> = {}) {
  const config = parseConfig(source, "gofire.yaml", state, []);
  const host = {
    ...thisHost,
    environment: (name: string) => ({ GOFIRE_STATE: state, ...environment })[name],
  };
  const ports = {
    host: () => Promise.resolve(host),
    config: () => Promise.resolve(config),
    auditLogs: () => Promise.resolve(auditLogs()),
  };
  return { config, host, ports };
}

async function checks(...words: Parameters<typeof given>): Promise<readonly DoctorCheck[]> {
  const { config, ports } = given(...words);
  return await auditChecks(config, undefined, unheard, ports);
}

async function opened(...words: Parameters<typeof given>): Promise<AuditLog> {
  const { config, host, ports } = given(...words);
  const log = await openAuditLog(config, ports, host);
  if (log === undefined) throw new Error("there is no log");
  return log;
}

function pem(kind: "ed25519" | "x25519"): string {
  const { privateKey } = kind === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519");
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

describe("doctor and the audit log", () => {
  test("nothing is said, and nothing made, where none is kept", async () => {
    expect(await checks("services: {}")).toEqual([]);
    expect(await checks(plain)).toEqual([
      { name: "audit", state: "ok", detail: "gofire.shop.example/audit: gofire serve begins it" },
    ]);
    expect(await readdir(state)).toEqual([]);
  });

  test("how many entries verify, and with which key", async () => {
    const log = await opened(plain);
    await log.append(approval("act:1"), never);
    expect(await checks(plain)).toEqual([
      { name: "audit", state: "ok", detail: `1 entry, all verified; others check them with ${log.verifier}` },
    ]);
    const [elsewhere] = await checks(`${plain}\nartifacts: { s3: { bucket: evidence } }`);
    expect(elsewhere?.detail).toContain("on this machine's disk, so approvals and rollbacks work here");
  });

  test("what does not verify, and that nothing is added to it", async () => {
    const log = await opened(plain);
    await log.append(approval("act:1"), never);
    const claimed = join(state, "audit/claimed/000");
    await writeFile(claimed, (await readFile(claimed, "utf8")).replace('"sig":"', '"sig":"A'));
    expect(await checks(plain)).toEqual([
      {
        name: "audit",
        state: "failed",
        detail: expect.stringMatching(/^the audit log does not verify: claimed\/000 /),
        next: expect.stringContaining("docs/guide/audit.md"),
      },
    ]);
    const again = await opened(plain);
    await expect(again.append(approval("act:2"), never)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(
        /cannot be added to: claimed\/000 .*gofire audit verify.*another audit\.origin/,
      ),
    });
    await expect(again.checkpoint(never)).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("the audit log's key", () => {
  test("is made once, for its owner alone, whoever asks first", async () => {
    const logs = await Promise.all(Array.from({ length: 5 }, () => opened(plain)));
    expect(new Set(logs.map(({ verifier }) => verifier)).size).toBe(1);
    expect((await stat(join(state, "audit-key.pem"))).mode & 0o777).toBe(0o600);
    expect((await opened(plain)).verifier).toBe(logs[0]?.verifier);
  });

  test("may come from the environment or a file", async () => {
    const key = pem("ed25519");
    await writeFile(join(state, "key.pem"), key);
    const fromFile = await opened("audit: { origin: a.example, keyFile: key.pem }");
    const fromEnv = await opened("audit: { origin: a.example, keyEnv: AUDIT_KEY }", { AUDIT_KEY: key });
    expect(fromEnv.verifier).toBe(fromFile.verifier);
    expect(await readdir(state)).toEqual(["key.pem"]);
  });

  test("that signs nothing is refused in words that do not hold it", async () => {
    for (const [text, why] of [
      [pem("x25519"), "This key is x25519, not Ed25519."],
      ["secret", "it cannot be read as one"],
    ] as const) {
      const refused = opened("audit: { origin: a.example, keyEnv: AUDIT_KEY }", { AUDIT_KEY: text });
      await expect(refused).rejects.toMatchObject({
        name: "UsageError",
        message: expect.stringMatching(/^gofire\.yaml: audit: the audit log is signed with an Ed25519 key/),
      });
      await expect(refused).rejects.toThrow(why);
      await expect(refused).rejects.not.toThrow("secret");
    }
  });

  test("that is another one than signed the log adds nothing", async () => {
    await (await opened(plain)).append(approval("act:1"), never);
    const source = "audit: { origin: gofire.shop.example/audit, keyEnv: AUDIT_KEY }";
    const other = await opened(source, { AUDIT_KEY: pem("ed25519") });
    await expect(other.append(approval("act:2"), never)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(/checkpoint is not signed by gofire\.shop\.example\/audit\+/),
    });
  });

  test("is not replaced where the file is damaged", async () => {
    await writeFile(join(state, "audit-key.pem"), "");
    await expect(opened(plain)).rejects.toThrow(/audit-key\.pem: the audit log is signed with/);
    expect(await readFile(join(state, "audit-key.pem"), "utf8")).toBe("");
  });

  test("without the log that it signed begins a log, and entries without a checkpoint do not", async () => {
    const log = await opened(plain);
    await log.append(approval("act:1"), never);
    await rm(join(state, "audit/checkpoint"));
    await expect((await opened(plain)).append(approval("act:2"), never)).rejects.toThrow(
      "it has entries and no checkpoint",
    );
    await expect(log.append(approval("act:2"), never)).rejects.toThrow("its checkpoint is gone");
  });
});
