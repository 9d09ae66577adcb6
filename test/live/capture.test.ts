import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { readManifest } from "../../src/capture/manifest.ts";
import type { OnProgress } from "../../src/capture/progress.ts";
import { type CaptureRequest, defaultRequest } from "../../src/capture/request.ts";
import { type CaptureOutcome, runCapture } from "../../src/capture/run.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
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

const never = new AbortController().signal;
/** Short, so that the tests are: the default timing is proven without waiting in test/capture. */
const quick: CaptureRequest = { ...defaultRequest, service: "shop", cpuSeconds: 1, goroutineGapMs: 2_000 };

describe.skipIf(!hasGo)("a capture of a live Go process (needs Go)", () => {
  let lab: BuiltLab;
  let shop: LiveLab;
  let folder: string;
  beforeAll(() => {
    lab = buildLab();
  });
  afterAll(() => lab.remove());
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
  ): Promise<CaptureOutcome> {
    const target = goTargets().open(parseTarget(shop.debugUrl).address, {});
    const ports = {
      target,
      store: captureStore(folder),
      lock: captureLock(join(folder, "locks")),
      clock: systemClock,
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
});
