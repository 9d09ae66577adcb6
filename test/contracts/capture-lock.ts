import { beforeEach, describe, expect, test } from "vitest";
import type { CaptureLock } from "../../src/ports/capture-lock.ts";

const never = new AbortController().signal;
const target = "http://10.0.0.5:6060/debug/pprof/";

function later(): number {
  return Date.now() + 60_000;
}

/** What every implementation of the port promises. */
export function captureLockContract(name: string, open: () => Promise<CaptureLock>): void {
  describe(`${name} as a capture lock`, () => {
    let lock: CaptureLock;
    beforeEach(async () => {
      lock = await open();
    });

    test("only one holder at a time, and it is named", async () => {
      const before = Date.now();
      const first = await lock.acquire(target, later(), never);
      expect(first.held).toBe(true);
      const second = await lock.acquire(target, later(), never);
      if (second.held) throw new Error("both hold the lock");
      expect(second.holder.pid).toBeGreaterThan(0);
      expect(second.holder.host).not.toBe("");
      expect(second.holder.sinceMs).toBeGreaterThanOrEqual(before);
    });

    test("other targets are free", async () => {
      expect((await lock.acquire(target, later(), never)).held).toBe(true);
      expect((await lock.acquire("http://10.0.0.6:6060/debug/pprof/", later(), never)).held).toBe(true);
    });

    test("released, it can be taken again", async () => {
      const first = await lock.acquire(target, later(), never);
      if (first.held) await first.release();
      expect((await lock.acquire(target, later(), never)).held).toBe(true);
    });

    test("releasing twice does not free somebody else's lock", async () => {
      const first = await lock.acquire(target, later(), never);
      if (first.held) await first.release();
      expect((await lock.acquire(target, later(), never)).held).toBe(true);
      if (first.held) await first.release();
      expect((await lock.acquire(target, later(), never)).held).toBe(false);
    });

    test("an expired lock is taken over, and its old holder cannot free it", async () => {
      const first = await lock.acquire(target, Date.now() - 1, never);
      expect((await lock.acquire(target, later(), never)).held).toBe(true);
      if (first.held) await first.release();
      expect((await lock.acquire(target, later(), never)).held).toBe(false);
    });

    test("of many at once exactly one gets it", async () => {
      const attempts = await Promise.all(
        Array.from({ length: 20 }, () => lock.acquire(target, later(), never)),
      );
      expect(attempts.filter(({ held }) => held)).toHaveLength(1);
    });

    test("of many at once exactly one takes over an expired lock", async () => {
      await lock.acquire(target, Date.now() - 1, never);
      const attempts = await Promise.all(
        Array.from({ length: 20 }, () => lock.acquire(target, later(), never)),
      );
      expect(attempts.filter(({ held }) => held)).toHaveLength(1);
    });

    test("aborted, it takes nothing", async () => {
      const reason = new Error("given up");
      await expect(lock.acquire(target, later(), AbortSignal.abort(reason))).rejects.toBe(reason);
      expect((await lock.acquire(target, later(), never)).held).toBe(true);
    });
  });
}
