import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { readManifest } from "../../src/capture/manifest.ts";
import { defaultRequest } from "../../src/capture/request.ts";
import { runCapture } from "../../src/capture/run.ts";
import { UsageError } from "../../src/domain/errors.ts";
import { fakeCaptureLock } from "../fakes/capture-lock.ts";
import { fakeCaptureStore } from "../fakes/capture-store.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeGoTarget } from "../fakes/go-target.ts";
import { healthy, indexPage, reasonOf, run, story } from "./scripted.ts";

const never = new AbortController().signal;

describe("the default capture of a healthy process", () => {
  test("asks in the safe order, and for nothing that may hold secrets or force a collection", async () => {
    const { steps } = await run(healthy);
    expect(steps).toEqual([
      "goroutine?debug=0",
      "metrics",
      "mutex?debug=0",
      "block?debug=0",
      "heap?debug=0",
      "threadcreate?debug=0",
      "heap?debug=1",
      "cpu?seconds=10",
      "goroutine?debug=0",
      "metrics",
      "heap?debug=0",
      "mutex?debug=0",
      "block?debug=0",
      "goroutine?debug=2",
    ]);
  });

  test("asks the index page first, and again before every further question", async () => {
    const { asked } = await run(healthy);
    expect(asked[0]).toBe("index");
    expect(asked[1]).toBe("goroutine?debug=0");
    const later = asked.slice(2);
    expect(later.filter((_question, position) => position % 2 === 0)).toEqual(
      later.map(() => "index").slice(0, later.length / 2),
    );
  });

  test("ends complete, every record ok, with files and checksums that are true", async () => {
    const made = await run(healthy);
    expect(made.outcome.ending).toBe("complete");
    expect(made.outcome.reason).toBeUndefined();
    expect(new Set(made.outcome.manifest.captures.map(({ status }) => status))).toEqual(new Set(["ok"]));
    const files = made.store.bundles.get(made.outcome.bundle ?? "");
    expect([...(files?.keys() ?? [])].sort()).toEqual([
      "block-1.pb.gz",
      "block-2.pb.gz",
      "cpu.pb.gz",
      "goroutine-1.pb.gz",
      "goroutine-2.pb.gz",
      "goroutine-dump.txt.gz",
      "heap-1.pb.gz",
      "heap-2.pb.gz",
      "heap-memstats.txt.gz",
      "index.html.gz",
      "manifest.json",
      "metrics-1.txt.gz",
      "metrics-2.txt.gz",
      "mutex-1.pb.gz",
      "mutex-2.pb.gz",
      "threadcreate.pb.gz",
    ]);
    for (const { file = "", bytes, sha256 } of made.outcome.manifest.captures) {
      const stored = files?.get(file) ?? new Uint8Array();
      expect(stored.length, file).toBe(bytes);
      expect(createHash("sha256").update(stored).digest("hex"), file).toBe(sha256);
    }
  });

  test("writes a manifest that reads back the same, and says who the process is", async () => {
    const { outcome, store } = await run(healthy);
    const text = Buffer.from(store.bundles.get(outcome.bundle ?? "")?.get("manifest.json") ?? "").toString();
    expect(readManifest(text)).toEqual({ ok: true, manifest: outcome.manifest });
    expect(outcome.manifest.target).toEqual({
      service: "order",
      instance: "order.test:6060",
      url: "http://order.test:6060/debug/pprof/",
      goVersion: "go1.23.5",
      goroutines: 12,
    });
    expect(outcome.bundle).toBe("/captures/gofire-order-20240521-031200");
    expect(outcome.manifest.startedAt).toBe("2024-05-21T03:12:00.000Z");
    expect(outcome.manifest.finishedAt).toBe("2024-05-21T03:12:15.000Z");
  });

  test("looks at the goroutines twice, 15 s apart, with the CPU profile in between", async () => {
    const { outcome, clock } = await run(healthy);
    const times = outcome.manifest.captures
      .filter(({ kind }) => kind === "goroutine")
      .map(({ startedAtMs }) => startedAtMs ?? 0);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(15_000);
    expect(clock.slept).toEqual([10_000, 5_000]);
  });

  test("tells what happens as it happens", async () => {
    const { progress } = await run(healthy);
    expect(progress.map(({ type }) => type).slice(0, 5)).toEqual([
      "started",
      "finished",
      "planned",
      "started",
      "finished",
    ]);
    expect(progress).toContainEqual({ type: "started", kind: "cpu", expectedMs: 10_000 });
    expect(progress).toContainEqual(
      expect.objectContaining({ type: "waiting", kind: "goroutine", forMs: 5_000 }),
    );
    expect(progress).toContainEqual(
      expect.objectContaining({
        type: "started",
        kind: "goroutine-dump",
        warning: expect.stringMatching(/^stops the world for less than 1 ms \(12 goroutines\)$/),
      }),
    );
  });

  test("stores text compressed and profiles as they came", async () => {
    const { outcome, store } = await run(healthy);
    const files = store.bundles.get(outcome.bundle ?? "");
    expect(gunzipSync(files?.get("metrics-1.txt.gz") ?? "").toString()).toContain("go_goroutines 12");
    expect(gunzipSync(files?.get("heap-1.pb.gz") ?? "").toString()).toBe("profile of heap?debug=0");
  });
});

describe("a request", () => {
  test("can shorten the gap and leave the CPU profile out", async () => {
    const made = await run(healthy, { request: { cpuSeconds: 0, goroutineGapMs: 3_000 } });
    expect(made.clock.slept).toEqual([3_000]);
    expect(story(made)).toContain("cpu skipped");
    expect(reasonOf(made, "cpu")).toBe("left out by the request");
  });

  test("can be content with one look: nothing is asked twice, and nothing is waited for", async () => {
    const made = await run(healthy, { request: { cpuSeconds: 0, once: true, exclude: ["goroutine-dump"] } });
    expect(made.clock.slept).toEqual([]);
    expect(new Set(made.steps).size).toBe(made.steps.length);
    expect(made.steps.slice(0, 2)).toEqual(["goroutine?debug=0", "metrics"]);
  });

  test("can ask for more; what the target has not is said", async () => {
    const made = await run(healthy, {
      request: { include: ["allocs", "goroutineleak", "expvar", "cmdline", "trace"], traceSeconds: 2 },
    });
    expect(made.steps).toEqual(expect.arrayContaining(["allocs?debug=0", "expvar", "cmdline"]));
    expect(made.steps.at(-1)).toBe("trace?seconds=2");
    expect(reasonOf(made, "goroutineleak")).toBe("the target's index lists no goroutineleak profile");
  });

  test("gets the goroutineleak profile where there is one, as protobuf", async () => {
    const made = await run(
      (question) => (question === "index" ? indexPage(12, ["goroutineleak"]) : healthy(question)),
      { request: { include: ["goroutineleak"] } },
    );
    expect(made.steps).toContain("goroutineleak?debug=0");
    expect(story(made)).toContain("goroutineleak ok");
  });

  test("is told of a goroutineleak profile that it did not ask for", async () => {
    const made = await run((question) =>
      question === "index" ? indexPage(12, ["goroutineleak"]) : healthy(question),
    );
    expect(reasonOf(made, "goroutineleak")).toMatch(/^not asked for: it forces a garbage collection/);
  });

  test("can bound the size of every capture", async () => {
    const made = await run(healthy, { request: { maxBytes: 70 } });
    expect(story(made)).toContain("metrics partial");
    expect(reasonOf(made, "metrics")).toBe("broke off after 70 B: larger than the limit of 70 B");
    expect(made.outcome.ending).toBe("complete");
  });

  test("can leave things out", async () => {
    const made = await run(healthy, { request: { exclude: ["goroutine-dump", "metrics"] } });
    expect(made.steps).not.toContain("metrics");
    expect(made.steps).not.toContain("goroutine?debug=2");
    expect(story(made).filter((line) => line === "metrics skipped")).toHaveLength(1);
  });

  test.each([
    { cpuSeconds: 1.5 },
    { cpuSeconds: 301 },
    { goroutineGapMs: -1 },
    { goroutineGapMs: Number.NaN },
    { traceSeconds: 0 },
    { deadlineMs: 10 },
    { dumpLimit: 1.5 },
    { maxBytes: 0 },
  ])("that is impossible is refused before anything is asked: %j", async (request) => {
    await expect(run(healthy, { request })).rejects.toBeInstanceOf(UsageError);
  });
});

describe("one capture per target", () => {
  test("a second one is refused and told who is there; afterwards the target is free", async () => {
    const clock = fakeClock();
    const lock = fakeCaptureLock(() => clock.nowMs(), { pid: 77, host: "bastion" });
    const { target } = fakeGoTarget(healthy, clock);
    const ports = { target, store: fakeCaptureStore(), lock, clock, gofireVersion: "0.0.0" };
    let refusal: unknown;
    const first = await runCapture(defaultRequest, ports, never, (progress) => {
      if (progress.type !== "planned") return;
      runCapture(defaultRequest, ports, never).catch((error: unknown) => {
        refusal = error;
      });
    });
    expect(first.ending).toBe("complete");
    expect(refusal).toMatchObject({ name: "PortError", code: "rate-limited" });
    expect(String(refusal)).toContain("process 77 on bastion");
    expect((await runCapture(defaultRequest, ports, never)).ending).toBe("complete");
  });

  test("a process that is known by two names is one target", async () => {
    const clock = fakeClock();
    const lock = fakeCaptureLock(() => clock.nowMs());
    const ports = { store: fakeCaptureStore(), lock, clock, gofireVersion: "0.0.0" };
    const reachedAs = (name: string) => {
      const { target, asked } = fakeGoTarget(healthy, clock);
      return { asked, target: { ...target, name, reachedName: () => Promise.resolve("10.0.0.5:6060") } };
    };
    const byService = reachedAs("order.test:6060");
    const byAlias = reachedAs("alias.test:6060");
    const refusals: Promise<unknown>[] = [];
    const begin = vi.fn<() => Promise<void>>(() => Promise.resolve());
    await runCapture(defaultRequest, { ...ports, target: byService.target }, never, (progress) => {
      if (progress.type !== "planned") return;
      const second = runCapture(defaultRequest, { ...ports, target: byAlias.target, onBegin: begin }, never);
      refusals.push(second.catch((error: unknown) => error));
    });
    expect(await Promise.all(refusals)).toEqual([expect.objectContaining({ code: "rate-limited" })]);
    expect(byAlias.asked).toEqual([]);
    expect(begin).not.toHaveBeenCalled();
    for (const { target } of [byAlias, byService])
      expect((await runCapture(defaultRequest, { ...ports, target }, never)).ending).toBe("complete");
  });

  test("the lock is given back when connecting is given up, and when the capture cannot begin", async () => {
    const clock = fakeClock();
    const lock = fakeCaptureLock(() => clock.nowMs());
    const { target } = fakeGoTarget(healthy, clock);
    const ports = { target, store: fakeCaptureStore(), lock, clock, gofireVersion: "0.0.0" };
    const givenUp = { ...target, reachedName: () => Promise.reject(new Error("enough")) };
    await expect(runCapture(defaultRequest, { ...ports, target: givenUp }, never)).rejects.toThrow("enough");
    const refused = {
      ...ports,
      onBegin: vi.fn<() => Promise<void>>().mockRejectedValue(new Error("no Redis")),
    };
    await expect(runCapture(defaultRequest, refused, never)).rejects.toThrow("no Redis");
    expect((await runCapture(defaultRequest, ports, never)).ending).toBe("complete");
  });

  test("the lock is given back when the store fails", async () => {
    const clock = fakeClock();
    const lock = fakeCaptureLock(() => clock.nowMs());
    const { target } = fakeGoTarget(healthy, clock);
    const store = fakeCaptureStore();
    const broken = {
      ...store,
      create: async () => await Promise.reject(new Error("disk full")),
    };
    const ports = { target, lock, clock, gofireVersion: "0.0.0" };
    await expect(runCapture(defaultRequest, { ...ports, store: broken }, never)).rejects.toThrow("disk full");
    expect((await runCapture(defaultRequest, { ...ports, store }, never)).ending).toBe("complete");
  });
});
