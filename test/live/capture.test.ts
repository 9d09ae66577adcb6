import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { blockLongestWaits } from "../../src/analyzers/block-longest-waits/index.ts";
import { runAnalyzers } from "../../src/analyzers/run.ts";
import { parseTarget } from "../../src/capture/address.ts";
import { readManifest } from "../../src/capture/manifest.ts";
import type { OnProgress } from "../../src/capture/progress.ts";
import { type CaptureRequest, defaultRequest } from "../../src/capture/request.ts";
import { type CaptureOutcome, runCapture } from "../../src/capture/run.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { readEvidence } from "../../src/integrations/artifacts/read.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { pprofParser } from "../../src/parsers/pprof/parse-profile.ts";
import { type BuiltLab, buildLab, hasGo, type LiveLab } from "./lab.ts";

async function stored(outcome: CaptureOutcome, file: string): Promise<Buffer> {
  return await readFile(join(outcome.bundle ?? "", file));
}

async function sampleTypes(outcome: CaptureOutcome, file: string): Promise<readonly string[]> {
  const parser = pprofParser(file);
  parser.push(gunzipSync(await stored(outcome, file)));
  const profile = parser.end();
  return profile.ok ? profile.value.sampleTypes.map(({ type }) => type) : [];
}

/** On a busy machine threads run on for a while after the signal (Linux: man 5 proc, state "T"). */
function untilFrozen(pid: number): void {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return;
  const runs = (task: string) => !/^State:\tT/m.test(readFileSync(`${tasks}/${task}/status`, "utf8"));
  while (readdirSync(tasks).some(runs));
}

/** Until a CPU profile runs: its handler sleeps for as long (Go source: net/http/pprof/pprof.go, Profile). */
async function untilProfiled(debugUrl: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${debugUrl}/debug/pprof/goroutine?debug=1`);
    if (/net\/http\/pprof\.sleep\b/.test(await answer.text())) return;
    await systemClock.sleep(20, never);
  }
}

const ratesPath = "/debug/gofire/profile-rates";
const dyingCapture = fileURLToPath(new URL("./dying-capture.ts", import.meta.url));

/** What the process itself says about the rate at which it records waits. */
async function blockRateNs(debugUrl: string): Promise<number> {
  const answer = await fetch(debugUrl + ratesPath);
  return ((await answer.json()) as { readonly blockRateNs: number }).blockRateNs;
}

/** Waits recorded since the process started. */
async function recordedWaits(debugUrl: string): Promise<number> {
  const text = await (await fetch(`${debugUrl}/debug/pprof/block?debug=1`)).text();
  return [...text.matchAll(/^\d+ (\d+) @/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Kills a capture in the middle of its window. Resolves when the process has lowered its rate, with how that went. */
async function leftBehind(shop: LiveLab): Promise<{ raisedTo: number; afterwards: readonly number[] }> {
  const folder = await mkdtemp(join(tmpdir(), "gofire-live-dying-"));
  const capture = spawn(process.execPath, ["--import", "tsx", dyingCapture, shop.debugUrl, folder], {
    stdio: "inherit",
  });
  try {
    let raisedTo = await blockRateNs(shop.debugUrl);
    while (raisedTo === 0 && capture.exitCode === null) {
      await systemClock.sleep(20, never);
      raisedTo = await blockRateNs(shop.debugUrl);
    }
    const killed = once(capture, "exit");
    capture.kill("SIGKILL");
    await killed;
    // It outlives the one who asked for it: the process has to lower it.
    while ((await blockRateNs(shop.debugUrl)) !== 0) await systemClock.sleep(100, never);
    const afterwards = [await recordedWaits(shop.debugUrl)];
    await systemClock.sleep(500, never);
    afterwards.push(await recordedWaits(shop.debugUrl));
    return { raisedTo, afterwards };
  } finally {
    capture.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}

const never = new AbortController().signal;
/** Short, so that the tests are: the default timing is proven without waiting in test/capture. */
const quick: CaptureRequest = { ...defaultRequest, service: "shop", cpuSeconds: 1, goroutineGapMs: 2_000 };

describe.skipIf(!hasGo)("a capture of a live Go process (needs Go)", () => {
  let lab: BuiltLab;
  let shop: LiveLab;
  let folder: string;
  let contended: LiveLab;
  let orphan: ReturnType<typeof leftBehind>;
  beforeAll(async () => {
    lab = buildLab();
    contended = await lab.start("-mode", "lock-contention", "-scale", "20");
    // A lease takes its time to expire: meanwhile the other tests run.
    orphan = leftBehind(contended);
    orphan.catch(() => {});
  });
  afterAll(async () => {
    await contended.stop();
    lab.remove();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-live-"));
    shop = await lab.start("-mode", "chan-send-leak", "-scale", "200");
  });
  afterEach(async () => {
    await shop.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function capture(
    request: Partial<CaptureRequest> = {},
    onProgress: OnProgress = () => {},
    signal = never,
    { of = shop, locks = "locks", clock = systemClock } = {},
  ): Promise<CaptureOutcome> {
    const { address } = parseTarget(of.debugUrl, { profileRatesPath: ratesPath });
    const target = goTargets().open(address, {});
    const ports = {
      target,
      store: captureStore(folder),
      lock: captureLock(join(folder, locks)),
      clock,
      gofireVersion: "0.0.0",
    };
    try {
      return await runCapture({ ...quick, ...request }, ports, signal, onProgress);
    } finally {
      await target.close();
    }
  }

  test("is complete, and its bundle reads back to the same manifest with true checksums", async () => {
    const outcome = await capture({ include: ["allocs", "expvar", "cmdline", "trace"] });
    expect(outcome.manifest.captures.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(outcome.ending).toBe("complete");
    const store = captureStore(folder);
    const reading = readManifest(await store.readManifest(outcome.bundle ?? "", never));
    expect(reading).toEqual({ ok: true, manifest: outcome.manifest });
    for (const { file = "", sha256, bytes } of outcome.manifest.captures) {
      const content = await stored(outcome, file);
      expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
      expect(content.length).toBe(bytes);
    }
    expect(outcome.manifest.target.goVersion).toMatch(/^go1\.\d+/);
    expect(outcome.manifest.target.goroutines).toBeGreaterThan(5);
  });

  test("holds what Go writes: protobuf, text, the memory trailer, a whole dump, a trace", async () => {
    const outcome = await capture({ include: ["trace", "cmdline"] });
    expect(await sampleTypes(outcome, "goroutine-1.pb.gz")).toEqual(["goroutine"]);
    expect(await sampleTypes(outcome, "heap-1.pb.gz")).toContain("inuse_space");
    expect(await sampleTypes(outcome, "cpu.pb.gz")).toEqual(["samples", "cpu"]);
    expect(gunzipSync(await stored(outcome, "heap-memstats.txt.gz")).toString()).toContain("# PauseNs = [");
    expect(gunzipSync(await stored(outcome, "metrics-2.txt.gz")).toString()).toContain("go_goroutines");
    expect(gunzipSync(await stored(outcome, "goroutine-dump.txt.gz")).toString()).toMatch(
      /^goroutine \d+ \[running\]:/,
    );
    expect((await stored(outcome, "trace.out")).toString("latin1")).toMatch(/^go 1\.\d+ trace/);
    expect(gunzipSync(await stored(outcome, "cmdline.txt.gz")).toString()).toContain("chan-send-leak");
  });

  test("explains that somebody else's CPU profile is running", async () => {
    const other = fetch(`${shop.debugUrl}/debug/pprof/profile?seconds=5`);
    await untilProfiled(shop.debugUrl);
    const outcome = await capture();
    expect(outcome.manifest.captures.find(({ kind }) => kind === "cpu")).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("another CPU profile is running in this process"),
    });
    expect(outcome.ending).toBe("complete");
    await (await other).arrayBuffer();
  });

  test("says what is not on this port", async () => {
    const { address } = parseTarget(shop.shopUrl);
    const target = goTargets().open(address, {});
    const outcome = await runCapture(
      quick,
      {
        target,
        store: captureStore(folder),
        lock: captureLock(join(folder, "locks")),
        clock: systemClock,
        gofireVersion: "0.0.0",
      },
      never,
    );
    await target.close();
    expect(outcome.ending).toBe("unreachable");
    expect(outcome.reason).toContain("not on this mux or port");
    expect(outcome.bundle).toBeUndefined();
  });

  test("ends when the process freezes under it, and keeps what it got", { timeout: 90_000 }, async () => {
    const outcome = await capture({}, (progress) => {
      if (progress.type !== "finished" || progress.record.kind !== "mutex") return;
      shop.signal("SIGSTOP");
      untilFrozen(shop.pid);
    });
    expect(outcome.ending).toBe("early");
    expect(outcome.reason).toMatch(/^the target no longer answers: no answer within [\d.]+ s$/);
    const states = outcome.manifest.captures.map(({ kind, status }) => `${kind} ${status}`);
    expect(states).toEqual(
      expect.arrayContaining(["goroutine ok", "mutex ok", "heap skipped", "cpu skipped"]),
    );
    expect(states).not.toContain("heap ok");
    expect(readManifest(await captureStore(folder).readManifest(outcome.bundle ?? "", never))).toMatchObject({
      ok: true,
    });
  });

  test("ends when the process dies in the middle of a CPU profile", async () => {
    const outcome = await capture({ cpuSeconds: 5 }, (progress) => {
      if (progress.type === "started" && progress.kind === "cpu")
        setTimeout(() => shop.signal("SIGKILL"), 500);
    });
    expect(outcome.ending).toBe("early");
    expect(outcome.reason).toContain("the target no longer answers: connection refused");
    expect(outcome.manifest.captures.find(({ kind }) => kind === "cpu")?.status).toBe("failed");
    expect(outcome.manifest.captures.filter(({ status }) => status === "ok").length).toBeGreaterThan(5);
  });

  test("stops at Ctrl-C within a moment, in the middle of a CPU profile", async () => {
    const stop = new AbortController();
    let stoppedAt = 0;
    const outcome = await capture(
      { cpuSeconds: 20 },
      (progress) => {
        if (progress.type !== "started" || progress.kind !== "cpu") return;
        setTimeout(() => {
          stoppedAt = performance.now();
          stop.abort(new Error("Ctrl-C"));
        }, 300);
      },
      stop.signal,
    );
    // On a busy machine everything takes a while, but not the rest of 20 s.
    expect(performance.now() - stoppedAt).toBeLessThan(10_000);
    expect(outcome.ending).toBe("interrupted");
    expect(outcome.manifest.captures.filter(({ status }) => status === "ok").length).toBeGreaterThan(5);
  });

  test("is refused while another one of the same target runs", async () => {
    let second: Promise<CaptureOutcome> | undefined;
    const first = await capture({}, (progress) => {
      if (progress.type === "planned") second = capture();
      second?.catch(() => {});
    });
    await expect(second).rejects.toMatchObject({ code: "rate-limited" });
    expect(first.ending).toBe("complete");
  });

  test("a capture that is killed leaves no raised rate behind: the process lowers it", async () => {
    const { raisedTo, afterwards } = await orphan;
    expect(raisedTo).toBe(10_000);
    // Under a contended lock waits end all the time, and none of them is recorded any more.
    expect(afterwards[0]).toBeGreaterThan(0);
    expect(afterwards[1]).toBe(afterwards[0]);
  });

  test("two captures of one process at once get one lease, and both end well", async () => {
    const request = { cpuSeconds: 0, goroutineGapMs: 0, blockSeconds: 2 };
    // As from two machines, which see none of each other's locks.
    const captured = (locks: string, clock = systemClock) =>
      capture(request, () => {}, never, { of: contended, locks, clock });
    let second: ReturnType<typeof captured> | undefined;
    const first = await captured("here", {
      ...systemClock,
      // The first one waits in its window only: the second one comes meanwhile, however slow the machine is.
      async sleep(ms, signal) {
        second ??= captured("there");
        await second;
        await systemClock.sleep(ms, signal);
      },
    });
    if (second === undefined) throw new Error("There was no window.");
    const outcomes = [first, await second];
    expect(outcomes.map(({ ending }) => ending)).toEqual(["complete", "complete"]);
    const lent = outcomes.filter(({ manifest }) => manifest.blockLease !== undefined);
    expect(lent.map(({ manifest }) => manifest.blockLease?.end?.how)).toEqual(["released"]);
    const [without] = outcomes.filter((outcome) => !lent.includes(outcome));
    expect(without?.manifest.captures.find(({ kind }) => kind === "block")?.reason).toMatch(
      /no rate was lent for it \(409: the process lends its rates to somebody else until /,
    );
    expect(await blockRateNs(contended.debugUrl)).toBe(0);
    const { evidence, target } = await readEvidence([lent[0]?.bundle ?? ""]);
    expect(evidence.blockWindow?.lease?.rateNs).toBe(10_000);
    expect(runAnalyzers([blockLongestWaits], evidence, target).findings[0]).toMatchObject({
      severity: "info",
      where: expect.arrayContaining([expect.objectContaining({ function: "shop/counters.(*Registry).Add" })]),
      waitReason: "sync.Mutex.Lock",
    });
  });
});
