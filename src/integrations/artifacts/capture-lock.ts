import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode } from "../../domain/errors.ts";
import type { CaptureLock, LockHolder } from "../../ports/capture-lock.ts";
import { diskError } from "../disk-error.ts";

interface Lock extends LockHolder {
  /** The name of its file. */
  readonly token: string;
  readonly target: string;
  readonly expiresAtMs: number;
}

/** What is made aside is in place a moment later; whoever made something that is as old as this was killed in between. */
const draftEndsMs = 10 * 60_000;
/** Another process may win a race for a dead lock; losing this often in a row means that something else is wrong. */
const mostAttempts = 5;

/** Tokens that this process holds, by which it knows its own locks from those of an earlier process with its id. */
const heldHere = new Set<string>();

/**
 * A folder for each target below `folder`, in which its holder's lock lies as a file named by the holder's token.
 *
 * Whoever wants it makes such a folder aside and renames it to the target's. rename(2) takes the place of a folder only while
 * that is empty, so of any number of processes one gets in, whole, and nobody after it. A lock is taken away by its own
 * name, by its holder or because that is dead: whoever looked at a lock and then slept cannot take away the next one.
 */
export function captureLock(folder: string): CaptureLock {
  return {
    async acquire(target, expiresAtMs, signal) {
      const place = join(folder, `${createHash("sha256").update(target).digest("hex").slice(0, 24)}.held`);
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
        await clearDrafts(folder);
        let holder: Lock | undefined;
        for (let attempt = 0; attempt < mostAttempts; attempt++) {
          signal.throwIfAborted();
          held = await put(place, mine);
          if (held) return { held, release: () => release(place, mine.token) };
          holder = await read(place);
          if (holder === undefined) continue; // released in between
          if (isAlive(holder)) return { held: false, holder };
          await takeAway(place, holder.token);
        }
        return { held: false, holder: holder ?? mine };
      } catch (error) {
        signal.throwIfAborted();
        throw diskError(error, place);
      } finally {
        if (!held) heldHere.delete(mine.token);
      }
    },
  };
}

/** False when somebody's lock stands there. */
async function put(place: string, lock: Lock): Promise<boolean> {
  const draft = draftOf(place, lock.token);
  await mkdir(draft, { mode: 0o700 });
  try {
    await writeFile(join(draft, lock.token), JSON.stringify(lock), { mode: 0o600, flag: "wx" });
    await rename(draft, place);
    return true;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (isNotEmpty(error)) return false;
    throw error;
  }
}

function draftOf(place: string, token: string): string {
  return `${place}.${token}`;
}

/** Takes away what killed processes had begun to put into place. Whose it is tells nothing: it may be empty still. */
async function clearDrafts(folder: string): Promise<void> {
  const drafts = (await readdir(folder)).filter((name) => /\.held\.[0-9a-f-]{36}$/.test(name));
  for (const name of drafts) {
    const draft = join(folder, name);
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Date.now() })); // in place by now
    if (Date.now() - mtimeMs > draftEndsMs) await rm(draft, { recursive: true, force: true });
  }
}

/** POSIX leaves both to the system. */
function isNotEmpty(error: unknown): boolean {
  return errorCode(error) === "ENOTEMPTY" || errorCode(error) === "EEXIST";
}

async function read(place: string): Promise<Lock | undefined> {
  try {
    const [token] = await readdir(place);
    return token === undefined ? undefined : lockOf(token, await readFile(join(place, token), "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Something that is not a lock counts as one that expired long ago. */
function lockOf(token: string, text: string): Lock {
  let lock: unknown;
  try {
    lock = JSON.parse(text);
  } catch {
    lock = undefined;
  }
  const fields: Partial<Record<keyof Lock, unknown>> = typeof lock === "object" && lock !== null ? lock : {};
  return {
    token,
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

/** Whatever stands there by then, only the lock of this token goes. The empty folder is for whoever comes next. */
async function takeAway(place: string, token: string): Promise<void> {
  await rm(join(place, token), { force: true });
}

/** Only removes what is still ours: an expired lock may have a new holder. */
async function release(place: string, token: string): Promise<void> {
  heldHere.delete(token);
  await takeAway(place, token);
  try {
    await rmdir(place);
  } catch (error) {
    if (!isNotEmpty(error) && errorCode(error) !== "ENOENT") throw error;
  }
}
