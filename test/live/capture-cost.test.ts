import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { defaultRequest } from "../../src/capture/request.ts";
import { type CaptureOutcome, runCapture } from "../../src/capture/run.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { type BuiltLab, buildLab, hasGo, type LiveLab } from "./lab.ts";

const never = new AbortController().signal;
const goroutines = 100_000;
/** Until the garbage of starting so many goroutines, or of a dump of them, is collected. */
const settleMs = 4_000;
/** Other programs only ever add to what is measured, so the least of a few captures is the nearest to the truth. */
const mostCaptures = 3;

/** Share of the time that an idle process may stand still before the ticker says nothing about the capture. */
const tooNoisy = 0.02;

/** What happened inside a process while something was done to it. */
interface Cost {
  readonly tookMs: number;
  /** Stop-the-world pauses by the runtime's own histograms, upper bound of each bucket. */
  readonly pausedMs: number;
  /** Sum of the gaps over 5 ms of a 1 ms ticker. */
  readonly frozenMs: number;
  /** The same in an idle process beside it: what the machine does to everybody. */
  readonly noiseMs: number;
}

interface Ticker {
  readonly sumOverMs: number;
}

async function costOf(shop: LiveLab, idle: LiveLab, act: () => Promise<unknown>): Promise<Cost> {
  const pausedBefore = await pausedMs(shop);
  await Promise.all([ask(idle, "/lab/ticker/reset"), ask(shop, "/lab/ticker/reset")]);
  const startedAt = performance.now();
  await act();
  const tookMs = performance.now() - startedAt;
  const frozen = (await ask(shop, "/lab/ticker")) as Ticker;
  const noise = (await ask(idle, "/lab/ticker")) as Ticker;
  return {
    tookMs,
    pausedMs: (await pausedMs(shop)) - pausedBefore,
    frozenMs: frozen.sumOverMs,
    noiseMs: noise.sumOverMs,
  };
}

async function pausedMs(shop: LiveLab): Promise<number> {
  const { mostSeconds } = (await ask(shop, "/lab/pauses")) as { readonly mostSeconds: number };
  return mostSeconds * 1_000;
}

async function ask(lab: LiveLab, path: string): Promise<unknown> {
  const response = await fetch(lab.shopUrl + path, { method: path.endsWith("reset") ? "POST" : "GET" });
  return await response.json();
}

function netFrozenMs({ frozenMs, noiseMs }: Cost): number {
  return Math.max(0, frozenMs - noiseMs);
}

function report(name: string, cost: Cost): void {
  const { tookMs, pausedMs: paused, frozenMs, noiseMs } = cost;
  process.stdout.write(
    `${name}: took ${(tookMs / 1_000).toFixed(1)} s, stopped the world for ${paused.toFixed(2)} ms, ` +
      `froze a 1 ms ticker for ${frozenMs.toFixed(0)} ms (an idle process beside it: ${noiseMs.toFixed(0)} ms)\n`,
  );
}

describe.skipIf(!hasGo)("what the default capture of 100,000 goroutines costs the process (needs Go)", () => {
  let lab: BuiltLab;
  let idle: LiveLab;
  let folder: string;
  let outcome: CaptureOutcome;
  let dump: Cost;
  const captures: Cost[] = [];

  async function crowd(): Promise<LiveLab> {
    const shop = await lab.startAhead("-mode", "crowd", "-scale", String(goroutines));
    await systemClock.sleep(settleMs, never);
    return shop;
  }

  async function capture(shop: LiveLab): Promise<CaptureOutcome> {
    const target = goTargets().open(parseTarget(shop.debugUrl).address, {});
    const ports = {
      target,
      store: captureStore(folder),
      lock: captureLock(join(folder, "locks")),
      clock: systemClock,
      gofireVersion: "0.0.0",
    };
    try {
      return await runCapture(defaultRequest, ports, never);
    } finally {
      await target.close();
    }
  }

  async function captureOnce(shop: LiveLab): Promise<void> {
    const cost = await costOf(shop, idle, async () => {
      outcome = await capture(shop);
    });
    captures.push(cost);
    report("default capture", cost);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-cost-"));
    lab = buildLab();
    idle = await lab.startAhead();

    const shop = await crowd();
    await captureOnce(shop);
    dump = await costOf(shop, idle, async () => {
      const response = await fetch(`${shop.debugUrl}/debug/pprof/goroutine?debug=2`);
      for await (const _ of response.body ?? []);
    });
    report("goroutine?debug=2", dump);
    const isLittle = (cost: Cost) => netFrozenMs(cost) <= netFrozenMs(dump) / 20;
    while (!captures.some(isLittle) && captures.length < mostCaptures) {
      await systemClock.sleep(settleMs, never);
      await captureOnce(shop);
    }
    await shop.stop();
  }, 240_000);

  afterAll(async () => {
    await idle.stop();
    lab.remove();
    await rm(folder, { recursive: true, force: true });
  });

  test("it gets everything but the dump, and says why it left that out", () => {
    expect(outcome.ending).toBe("complete");
    const notOk = outcome.manifest.captures.filter(({ status }) => status !== "ok");
    expect(notOk.map(({ kind, status }) => `${kind} ${status}`)).toEqual(["goroutine-dump skipped"]);
    expect(notOk[0]?.reason).toContain("a dump would stop the world for about");
    expect(outcome.manifest.target.goroutines).toBeGreaterThanOrEqual(goroutines);
  });

  test("less than 20 ms of stop-the-world, by the runtime's own pause histograms", () => {
    for (const { pausedMs: paused } of captures) {
      expect(paused).toBeGreaterThan(0);
      expect(paused).toBeLessThan(20);
    }
  });

  test("a 1 ms ticker inside it stands still for at most 1/20 of what a plain debug=2 fetch does to it", ({
    skip,
  }) => {
    const quietest = Math.min(...captures.map(({ noiseMs, tookMs }) => noiseMs / tookMs));
    const held = Math.min(...captures.map(netFrozenMs)) <= netFrozenMs(dump) / 20;
    skip(!held && quietest > tooNoisy, "this machine is too busy: even an idle process was frozen too often");
    expect(netFrozenMs(dump)).toBeGreaterThan(1_000);
    expect(Math.min(...captures.map(netFrozenMs))).toBeLessThanOrEqual(netFrozenMs(dump) / 20);
  });
});
