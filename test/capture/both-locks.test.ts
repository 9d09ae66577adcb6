import { describe, expect, test } from "vitest";
import { bothLocks } from "../../src/capture/both-locks.ts";
import { PortError } from "../../src/domain/errors.ts";
import type { CaptureLock } from "../../src/ports/capture-lock.ts";
import { captureLockContract } from "../contracts/capture-lock.ts";
import { fakeCaptureLock } from "../fakes/capture-lock.ts";

const never = new AbortController().signal;
const nowMs = () => Date.now();

captureLockContract("two locks in one", () =>
  Promise.resolve(bothLocks(fakeCaptureLock(nowMs), fakeCaptureLock(nowMs), "here")),
);

describe("two locks in one", () => {
  const later = nowMs() + 60_000;

  test("who is refused by the near one holds neither, and is told who has it", async () => {
    const [wide, near] = [fakeCaptureLock(nowMs), fakeCaptureLock(nowMs, { pid: 77, host: "here" })];
    await near.acquire("order", later, never);
    const attempt = await bothLocks(wide, near, "here").acquire("order", later, never);
    expect(attempt).toMatchObject({ held: false, holder: { pid: 77 } });
    expect((await wide.acquire("order", later, never)).held).toBe(true);
  });

  test.each<[string, CaptureLock]>([
    ["cannot be kept", { acquire: () => Promise.reject(new PortError("unavailable", "/", "read-only")) }],
    [
      "another machine's process left",
      { acquire: () => Promise.resolve({ held: false, holder: { pid: 1, host: "there", sinceMs: 0 } }) },
    ],
  ])("a near one that %s keeps nobody from capturing", async (_, near) => {
    const wide = fakeCaptureLock(nowMs);
    const attempt = await bothLocks(wide, near, "here").acquire("order", later, never);
    if (!attempt.held) throw new Error("no lock");
    expect((await wide.acquire("order", later, never)).held).toBe(false);
    await attempt.release();
    expect((await wide.acquire("order", later, never)).held).toBe(true);
  });

  test("a wide one that cannot be released is not taken for held", async () => {
    const gone = new PortError("unavailable", "redis", "gone");
    const wide: CaptureLock = {
      acquire: () => Promise.resolve({ held: true, release: () => Promise.reject(gone) }),
    };
    const near: CaptureLock = {
      acquire: () => Promise.resolve({ held: false, holder: { pid: 77, host: "here", sinceMs: 0 } }),
    };
    await expect(bothLocks(wide, near, "here").acquire("order", later, never)).rejects.toThrow(gone);
  });

  test("a near one that cannot be released keeps the wide one no longer", async () => {
    const wide = fakeCaptureLock(nowMs);
    const near: CaptureLock = {
      acquire: () => Promise.resolve({ held: true, release: () => Promise.reject(new Error("no disk")) }),
    };
    const attempt = await bothLocks(wide, near, "here").acquire("order", later, never);
    await expect(attempt.held && attempt.release()).rejects.toThrow("no disk");
    expect((await wide.acquire("order", later, never)).held).toBe(true);
  });

  test("who leaves in between holds neither", async () => {
    const wide = fakeCaptureLock(nowMs);
    const leaving = new AbortController();
    const near: CaptureLock = {
      acquire: (_target, _expiresAtMs, signal) => {
        leaving.abort(new Error("left"));
        signal.throwIfAborted();
        return Promise.reject(new Error("not reached"));
      },
    };
    await expect(bothLocks(wide, near, "here").acquire("order", later, leaving.signal)).rejects.toThrow(
      "left",
    );
    expect((await wide.acquire("order", later, never)).held).toBe(true);
  });
});
