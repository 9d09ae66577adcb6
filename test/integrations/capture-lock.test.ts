import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { captureLockContract } from "../contracts/capture-lock.ts";
import { fakeCaptureLock } from "../fakes/capture-lock.ts";

const never = new AbortController().signal;
const lockTakerProgram = new URL("./lock-taker.ts", import.meta.url);
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "gofire-lock-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

captureLockContract("the fake", async () => await Promise.resolve(fakeCaptureLock(() => Date.now())));
captureLockContract("the lock file", async () => captureLock(join(await folder(), "locks")));

function later(): number {
  return Date.now() + 60_000;
}

/** The file of the one lock below it. */
async function fileIn(path: string): Promise<string> {
  const [place = ""] = await readdir(path);
  const [token = ""] = await readdir(join(path, place));
  return join(path, place, token);
}

describe("the lock file", () => {
  const target = "http://10.0.0.5:6060/debug/pprof/";

  /** Takes the lock and lets `change` rewrite what the file says. */
  async function heldBy(path: string, change: Record<string, unknown>): Promise<void> {
    await captureLock(path).acquire(target, later(), never);
    const file = await fileIn(path);
    const lock: unknown = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify(Object.assign(lock as object, change)));
  }

  test("of a process that is dead is taken over", async () => {
    const path = await folder();
    const dead = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(dead, "exit");
    await heldBy(path, { pid: dead.pid });
    expect((await captureLock(path).acquire(target, later(), never)).held).toBe(true);
  });

  test("of an earlier process with our own id is taken over", async () => {
    const path = await folder();
    await heldBy(path, {});
    const file = await fileIn(path);
    await rename(file, join(dirname(file), "of the container before this one"));
    expect((await captureLock(path).acquire(target, later(), never)).held).toBe(true);
  });

  test("that a killed process had begun is cleared away when it is old, and only then", async () => {
    const path = await folder();
    const old = "0123456789abcdef01234567.held.0b5b7a34-6d0b-4f0a-9d33-0d1f3a2b4c5d";
    const fresh = "0123456789abcdef01234567.held.1c6c8b45-7e1c-4a1b-8e44-1e2a4b3c5d6e";
    await mkdir(join(path, old));
    await writeFile(join(path, old, "half"), "{");
    await mkdir(join(path, fresh));
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(path, old), hourAgo, hourAgo);
    const lock = await captureLock(path).acquire(target, later(), never);
    expect(lock.held).toBe(true);
    const names = await readdir(path);
    expect(names).toHaveLength(2);
    expect(names).toContain(fresh);
  });

  test("of a living process is respected, and the process is named", async () => {
    const path = await folder();
    await heldBy(path, { pid: process.ppid, sinceMs: 5 });
    const attempt = await captureLock(path).acquire(target, later(), never);
    expect(attempt).toMatchObject({ held: false, holder: { pid: process.ppid, sinceMs: 5 } });
  });

  test("of another host is respected until it expires: its processes cannot be seen from here", async () => {
    const path = await folder();
    await heldBy(path, { host: "elsewhere", pid: 999_999_999 });
    expect((await captureLock(path).acquire(target, later(), never)).held).toBe(false);
  });

  test("that is damaged is taken over", async () => {
    const path = await folder();
    await captureLock(path).acquire(target, later(), never);
    await writeFile(await fileIn(path), "not a lock");
    expect((await captureLock(path).acquire(target, later(), never)).held).toBe(true);
  });

  test("leaves nothing behind when it is released", async () => {
    const path = await folder();
    const attempt = await captureLock(path).acquire(target, later(), never);
    if (attempt.held) await attempt.release();
    expect(await readdir(path)).toEqual([]);
  });

  test("does not tell in its name what the target is called", async () => {
    const path = await folder();
    await captureLock(path).acquire(target, later(), never);
    expect(await readdir(path)).toEqual([expect.stringMatching(/^[0-9a-f]{24}\.held$/)]);
  });

  test("of a dead process is taken over by one of many processes at a time, wherever they stop", async () => {
    const path = await folder();
    const [victim, ...takers] = await Promise.all(Array.from({ length: 7 }, () => lockTaker(path)));
    try {
      // The first lock is that of a process which really was killed, the others are those of captures that took too long.
      victim?.send("to be killed with it");
      await once(victim ?? process, "exit");
      const saw: unknown[] = [];
      for (let round = 0; round < 30; round++) {
        const answers = Promise.all(takers.map((child) => once(child, "message")));
        for (const child of takers) child.send("to be given back");
        saw.push(...(await answers).flat());
        const late = await captureLock(join(path, "locks")).acquire(target, Date.now() - 1, never);
        if (!late.held) saw.push("left behind");
      }
      expect(saw).not.toContain("not alone");
      expect(saw).not.toContain("left behind");
      expect(saw.filter((answer) => answer === "held").length).toBeGreaterThanOrEqual(30);
    } finally {
      for (const child of takers) child.kill("SIGKILL");
    }
  });

  async function lockTaker(path: string): Promise<ChildProcess> {
    const child = fork(lockTakerProgram, [path, target], {
      execArgv: ["--import", "tsx"],
    });
    await once(child, "message");
    return child;
  }
});
