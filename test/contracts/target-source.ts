import { describe, expect, onTestFinished, test } from "vitest";
import type { TargetSource } from "../../src/ports/target-source.ts";

const never = new AbortController().signal;

/** A process as whoever is behind the port knows it. */
export interface KeptProcess {
  /** Of 127.0.0.0/8. */
  readonly host: string;
  readonly port: number;
}

/** What every implementation of the port promises, run on the fake and on the adapters. */
export function targetSourceContract(
  name: string,
  open: (
    kept: readonly KeptProcess[] | "refuses" | "is silent",
  ) => Promise<{ readonly source: TargetSource; readonly close: () => Promise<void> }>,
): void {
  async function sourceOf(kept: Parameters<typeof open>[0]): Promise<TargetSource> {
    const { source, close } = await open(kept);
    onTestFinished(close);
    return source;
  }

  describe(`${name} as a source of targets`, () => {
    const three = [
      { host: "127.0.0.10", port: 6060 },
      { host: "127.0.0.9", port: 6060 },
      { host: "127.0.0.11", port: 6060 },
    ];

    test("finds every process once, under a name of its own, and at an address where it can be asked", async () => {
      const { targets } = await (await sourceOf(three)).find(never);
      expect(targets).toHaveLength(3);
      expect(new Set(targets.map((target) => target.name)).size).toBe(3);
      for (const { origin, prefix, aliases } of targets) {
        expect(new URL(origin).origin).toBe(origin);
        expect(prefix).toMatch(/^(?:\/.*[^/])?$/);
        expect(aliases.length).toBeGreaterThan(0);
      }
      const known = targets.flatMap(({ name, aliases }) => [name, ...aliases]);
      for (const { host } of three) expect(known.some((alias) => alias.startsWith(host))).toBe(true);
    });

    test("gives them in the same order, whatever order they came in", async () => {
      const one = await (await sourceOf(three)).find(never);
      const other = await (await sourceOf(three.toReversed())).find(never);
      expect(other.targets.map((target) => target.name)).toEqual(one.targets.map((target) => target.name));
    });

    test("finds none where there is none", async () => {
      expect((await (await sourceOf([])).find(never)).targets).toEqual([]);
    });

    test("says who refused, in a sentence", async () => {
      const failure = await (await sourceOf("refuses")).find(never).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        name: "PortError",
        code: "forbidden",
        message: expect.stringMatching(/DNS|Kubernetes|Prometheus/),
      });
    });

    test("ends with the reason of the signal, before and while it asks", async () => {
      const reason = new Error("enough");
      await expect((await sourceOf(three)).find(AbortSignal.abort(reason))).rejects.toBe(reason);
      const leaving = new AbortController();
      const asking = (await sourceOf("is silent")).find(leaving.signal);
      setTimeout(() => leaving.abort(reason), 50);
      await expect(asking).rejects.toBe(reason);
    });
  });
}
