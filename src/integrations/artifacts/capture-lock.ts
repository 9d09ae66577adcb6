import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode } from "../../domain/errors.ts";
import type { CaptureLock, LockHolder } from "../../ports/capture-lock.ts";
import { diskError } from "../disk-error.ts";

interface Lock extends LockHolder {
  readonly token: string;
  readonly target: string;
  readonly expiresAtMs: number;
}

/** Another process may win a race for a dead lock; losing this often in a row means that something else is wrong. */
const mostAttempts = 5;

/** Tokens that this process holds, by which it knows its own locks from those of an earlier process with its id. */
const heldHere = new Set<string>();

/**
 * One lock file per target below `folder`. A lock appears whole or not at all, because it is linked into place,
 * and a dead one is moved away by rename, which only one process can win.
 */
export function captureLock(folder: string): CaptureLock {
  return {
    async acquire(target, expiresAtMs, signal) {
      const path = join(folder, `${createHash("sha256").update(target).digest("hex").slice(0, 24)}.lock`);
      const mine: Lock = {
        token: randomUUID(),
        target,
        pid: process.pid,
        host: hostname(),
        sinceMs: Date.now(),
        expiresAtMs,
      };
      // Before it stands there: whoever sees it in that moment would take it for one of an earlier process.
      heldHere.add(mine.token);
      let held = false;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        let holder: Lock | undefined;
        for (let attempt = 0; attempt < mostAttempts; attempt++) {
          signal.throwIfAborted();
          held = await put(path, mine);
          if (held) return { held, release: () => release(path, mine.token) };
          holder = await read(path);
          if (holder === undefined) continue; // released in between
          if (isAlive(holder)) return { held: false, holder };
          await moveAway(path, holder.token);
        }
        return { held: false, holder: holder ?? mine };
      } catch (error) {
        signal.throwIfAborted();
        throw diskError(error, path);
      } finally {
        if (!held) heldHere.delete(mine.token);
      }
    },
  };
}

/** False when somebody else's lock stands there. */
async function put(path: string, lock: Lock): Promise<boolean> {
  const draft = `${path}.${lock.token}`;
  await writeFile(draft, JSON.stringify(lock), { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function read(path: string): Promise<Lock | undefined> {
  try {
    return lockOf(await readFile(path, "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Something that is not a lock counts as one that expired long ago. */
function lockOf(text: string): Lock {
  let lock: unknown;
  try {
    lock = JSON.parse(text);
  } catch {
    lock = undefined;
  }
  const fields: Partial<Record<keyof Lock, unknown>> = typeof lock === "object" && lock !== null ? lock : {};
  return {
    token: typeof fields.token === "string" ? fields.token : "",
    target: typeof fields.target === "string" ? fields.target : "",
    pid: typeof fields.pid === "number" ? fields.pid : 0,
    host: typeof fields.host === "string" ? fields.host : "",
    sinceMs: typeof fields.sinceMs === "number" ? fields.sinceMs : 0,
    expiresAtMs: typeof fields.expiresAtMs === "number" ? fields.expiresAtMs : 0,
  };
}

/**
 * A process id can only be looked up on its own host, and is used again after a while: the expiry bounds both cases.
 */
function isAlive(lock: Lock): boolean {
  if (lock.expiresAtMs <= Date.now()) return false;
  if (lock.host !== hostname()) return true;
  // In a restarted container everything has the process id that it had before.
  if (lock.pid === process.pid) return heldHere.has(lock.token);
  try {
    process.kill(lock.pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM"; // it lives and belongs to somebody else
  }
}

async function moveAway(path: string, token: string): Promise<void> {
  const grave = `${path}.${randomUUID()}`;
  try {
    await rename(path, grave);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await read(grave);
  // Somebody replaced the dead lock between our look and our rename: put theirs back.
  if (moved !== undefined && moved.token !== token) {
    await link(grave, path).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
  }
  await rm(grave, { force: true });
}

/** Only removes what is still ours: an expired lock may have a new holder. */
async function release(path: string, token: string): Promise<void> {
  heldHere.delete(token);
  if ((await read(path))?.token === token) await rm(path, { force: true });
}
