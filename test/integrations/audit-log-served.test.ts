import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readVerifier } from "../../src/audit/keys.ts";
import { verifyLog } from "../../src/audit/verify.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { auditAnswer, auditPath } from "../../src/integrations/http/audit-log.ts";
import { type Listener, openListener } from "../../src/integrations/http/listener.ts";
import type { AuditLog, AuditLogFiles } from "../../src/ports/audit-log.ts";
import { approval } from "../contracts/approval.ts";
import { gate } from "../gate.ts";

const never = new AbortController().signal;
let stateFolder = "";
let log: AuditLog;
let listener: Listener;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "gofire-audit-served-"));
  const folder = join(stateFolder, "audit");
  log = await auditLogs().keep(folder, { origin: "gofire.shop.example/audit", stateFolder, at: "audit" });
  for (const id of ["a", "b", "c"]) await log.append(approval(id), never);
  const routes = { [auditPath]: auditAnswer(auditLogs().files(folder)) };
  listener = await openListener({ host: "127.0.0.1", port: 0 }, routes);
});
afterAll(async () => {
  await listener.close();
  await log.close();
  await rm(stateFolder, { recursive: true, force: true });
});

test("the log verifies over HTTP as it does in its folder", async () => {
  const verifier = readVerifier(log.verifier);
  if (typeof verifier === "string") throw new Error(verifier);
  const files = auditLogs().files(`${listener.url}/audit/`);
  const verdict = await verifyLog({ read: (path, most) => files.read(path, most, never) }, verifier);
  await files.close();
  expect(verdict?.problems).toEqual([]);
  expect(verdict?.entries.map(({ event }) => event.id)).toEqual(["a", "b", "c"]);
});

test("the checkpoint is asked for anew each time, everything else is kept for ever", async () => {
  const checkpoint = await fetch(`${listener.url}/audit/checkpoint`);
  expect(checkpoint.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(checkpoint.headers.get("cache-control")).toBe("no-cache");
  expect(await checkpoint.text()).toBe(await log.checkpoint(never));
  const tile = await fetch(`${listener.url}/audit/tile/0/000.p/3`);
  expect(tile.headers.get("content-type")).toBe("application/octet-stream");
  expect(tile.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect((await tile.arrayBuffer()).byteLength).toBe(96);
});

test("bundles come compressed to whoever can read that", async () => {
  const plain = await raw(`GET /audit/tile/entries/000.p/3 HTTP/1.1`);
  const packed = await raw(`GET /audit/tile/entries/000.p/3 HTTP/1.1\r\naccept-encoding: gzip, identity`);
  expect(packed.head).toContain("content-encoding: gzip");
  expect(packed.head).toContain("vary: accept-encoding");
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
});

test("HEAD says how much there is, and nothing can be written", async () => {
  const { head, body } = await raw("HEAD /audit/tile/0/000.p/3 HTTP/1.1");
  expect(head).toContain("content-length: 96");
  expect(body).toHaveLength(0);
  for (const method of ["POST", "PUT", "DELETE"]) {
    const answer = await fetch(`${listener.url}/audit/checkpoint`, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  }
});

test.each([
  "/audit/",
  "/audit/claimed/000",
  "/audit/.parts/x",
  "/audit/../audit-key.pem",
  "/audit/..%2faudit-key.pem",
  "/audit/tile/0/../../../audit-key.pem",
  "/audit/tile/0/..%2f..%2f..%2faudit-key.pem",
  "/audit/tile/64/000",
  "/audit/tile/00/000",
  "/audit/tile/0/0",
  "/audit/tile/0/000.p/0",
  "/audit/tile/0/000.p/256",
  "/audit/tile/0/000.p/03",
  "/audit/tile/0/000.p/4",
  "/audit/tile/0/000",
  "/audit/checkpoint/",
  "/audit//checkpoint",
  "/audit/checkpoint%00",
])("there is no %s", async (path) => {
  const { head, body } = await raw(`GET ${path} HTTP/1.1`);
  expect(head).toMatch(/^HTTP\/1\.1 404/);
  expect(body.toString()).not.toContain("PRIVATE");
});

test("who asks for too much at once is told to come again", async () => {
  const disk = gate();
  const slow: AuditLogFiles = {
    where: "x",
    isOwn: true,
    read: () => disk.opened.then(() => new Uint8Array(32)),
    close: () => Promise.resolve(),
  };
  const busy = await openListener({ host: "127.0.0.1", port: 0 }, { [auditPath]: auditAnswer(slow) });
  const asked = Array.from({ length: 9 }, () => fetch(`${busy.url}/audit/tile/0/000.p/1`));
  const refused = await Promise.race(asked);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  disk.open();
  await busy.close();
  await Promise.allSettled(asked);
});

/** As it is written, without what a client would do to the path. */
async function raw(lines: string): Promise<{ readonly head: string; readonly body: Buffer }> {
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  socket.write(`${lines}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n");
  return {
    head: all.subarray(0, end).toString().toLowerCase().replace("http/1.1", "HTTP/1.1"),
    body: all.subarray(end + 4),
  };
}
