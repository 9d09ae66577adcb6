import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { signedCheckpoint } from "../../src/audit/checkpoint.ts";
import { entryOf } from "../../src/audit/entry.ts";
import { Growth } from "../../src/audit/growth.ts";
import { readVerifier } from "../../src/audit/keys.ts";
import { claimPath } from "../../src/audit/tiles.ts";
import { verifyLog } from "../../src/audit/verify.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { keptSigner } from "../../src/integrations/audit-log/signing-key.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";
import { approval } from "../contracts/approval.ts";
import { gate } from "../gate.ts";

/**
 * A process may be killed, or stopped for any time, before anything that it changes on the disk. Here one is stopped
 * before its first, its second, and so on, while another one goes on; then the first wakes up. What the other finds is what
 * it would find of one that was killed there.
 */
const never = new AbortController().signal;
const asked = ["link", "rename", "rm", "readdir"] as const;
const disk = Object.fromEntries(asked.map((name) => [name, fs.promises[name]]));

/** Sizes of the checkpoints that stood, one after the other. */
let stood: number[] = [];
let folder = "";

/** Puts what counts, and stops when told to, before what changes the disk; what is read is read afresh after a stop. */
function watchDisk(beforeEach: () => Promise<void>): void {
  for (const name of asked) {
    const original = disk[name] as (...words: unknown[]) => Promise<unknown>;
    Object.assign(fs.promises, {
      async [name](...words: unknown[]) {
        await beforeEach();
        const result = await original(...words);
        if (name === "rename" && words[1] === join(folder, "audit/checkpoint")) {
          stood.push(Number(fs.readFileSync(join(folder, "audit/checkpoint"), "utf8").split("\n")[1]));
        }
        return result;
      },
    });
  }
  syncBuiltinESMExports();
}

afterEach(() => {
  Object.assign(fs.promises, disk);
  syncBuiltinESMExports();
});

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "gofire-audit-stopped-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

function openLog(): Promise<AuditLog> {
  const signing = { origin: "gofire.shop.example/audit", stateFolder: folder, at: "audit" };
  return auditLogs().keep(join(folder, "audit"), signing);
}

async function idsOf(log: AuditLog): Promise<string[]> {
  const verifier = readVerifier(log.verifier);
  if (typeof verifier === "string") throw new Error(verifier);
  const files = auditLogs().files(join(folder, "audit"));
  const read = (path: string, mostBytes: number) => files.read(path, mostBytes, never);
  const verdict = await verifyLog({ read, isOwn: true }, verifier);
  expect(verdict?.problems).toEqual([]);
  return (verdict?.entries ?? []).map(({ event }) => event.id);
}

/** False when the first one is through before it asks so often. */
async function stoppedBefore(step: number, mark: string): Promise<boolean> {
  stood = [];
  const before = await entriesBefore();
  let steps = 0;
  const [stop, sleep] = [gate(), gate()];
  let isFirst = true;
  watchDisk(async () => {
    if (!isFirst || ++steps !== step) return;
    stop.open();
    await sleep.opened;
  });
  const slow = openLog().then((log) => log.append(approval(`slow:${mark}`), never));
  const through = await Promise.race([stop.opened.then(() => false), slow.then(() => true)]);
  isFirst = false;
  const other = await openLog();
  const isSame = step % 2 === 0;
  const theirs = await other.append(approval(isSame ? `slow:${mark}` : `other:${mark}`), never);
  const after = await other.append(approval(`after:${mark}`), never);
  const meanwhile: string[] = [];
  for await (const { event } of other.entries(0, never)) meanwhile.push(event.id);
  expect(meanwhile[theirs.index]).toBe(theirs.event.id);
  expect(meanwhile[after.index]).toBe(after.event.id);
  sleep.open();
  const mine = await slow;
  const ids = await idsOf(other);
  expect(ids[mine.index]).toBe(`slow:${mark}`);
  expect(ids.slice(0, meanwhile.length)).toEqual(meanwhile);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(before + (isSame ? 2 : 3));
  expect(stood).toEqual(stood.toSorted((a, b) => a - b));
  return !through;
}

async function entriesBefore(): Promise<number> {
  const text = await fs.promises.readFile(join(folder, "audit/checkpoint"), "utf8").catch(() => "\n0");
  return Number(text.split("\n")[1]);
}

test("from the first entry on: nothing is lost, nothing is twice, no checkpoint is smaller than the one before", async () => {
  let step = 1;
  do folder = join(scratch, `new-${step}`);
  while (await stoppedBefore(step++, String(step)));
  expect(step).toBeGreaterThan(12);
});

test("where tiles become full", async () => {
  const full = join(scratch, "full");
  folder = full;
  const signer = await keptSigner("gofire.shop.example/audit", folder, { make: true });
  if (signer === undefined) throw new Error("there is no key");
  const growth = new Growth();
  for (let index = 0; index < 255; index++) {
    const entry = entryOf(approval(`act:${index}`), signer);
    growth.append(entry);
    put(claimPath(index), entry);
  }
  for (const { path, bytes } of growth.partial()) put(path, bytes);
  put("checkpoint", Buffer.from(signedCheckpoint({ size: growth.size, root: growth.root() }, signer)));
  // Before that come the opening and the claim, which were stopped above, too.
  let step = 6;
  do {
    folder = join(scratch, `full-${step}`);
    // Hard links: files are replaced there, not written into.
    execFileSync("cp", ["-al", full, folder]);
  } while (await stoppedBefore(step++, String(step)));
  expect(step).toBeGreaterThan(12);
});

function put(path: string, bytes: Uint8Array): void {
  fs.mkdirSync(join(folder, "audit", path, ".."), { recursive: true });
  fs.writeFileSync(join(folder, "audit", path), bytes);
}
