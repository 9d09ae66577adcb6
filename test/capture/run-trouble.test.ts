import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readManifest } from "../../src/capture/manifest.ts";
import { PortError } from "../../src/domain/errors.ts";
import { type FakeCaptureStore, fakeCaptureStore } from "../fakes/capture-store.ts";
import { fakeClock } from "../fakes/clock.ts";
import type { ScriptedAnswer } from "../fakes/go-target.ts";
import { elsewhereUrl, healthy, indexPage, pprofError, reasonOf, run, story } from "./scripted.ts";

/** Healthy but for some questions. */
function but(answers: Readonly<Record<string, ScriptedAnswer>>): (question: string) => ScriptedAnswer {
  return (question) => answers[question] ?? healthy(question);
}

function scrape(goroutines: number): ScriptedAnswer {
  return { headers: { "content-type": "text/plain" }, chunks: [`go_goroutines ${goroutines}\n`] };
}

describe("a goroutine dump", () => {
  test.each([
    [{}, 2_000, true],
    [{}, 2_001, false],
    [{ dumpLimit: 500 }, 501, false],
    [{ dumpLimit: 50_000 }, 2_001, false],
    [{ deep: true }, 10_000, true],
    [{ deep: true }, 10_001, false],
    [{ deep: true, dumpLimit: 50_000 }, 50_000, true],
    [{ deep: true, dumpLimit: 50_000 }, 50_001, false],
  ])("with %j of %i goroutines is taken: %s", async (request, goroutines, taken) => {
    const made = await run(but({ index: indexPage(goroutines) }), { request });
    expect(made.steps.includes("goroutine?debug=2")).toBe(taken);
    expect(story(made)).toContain(`goroutine-dump ${taken ? "ok" : "skipped"}`);
  });

  test("that is left out says how many there are, the limit, the pause and what to do", async () => {
    const made = await run(but({ index: indexPage(12_408) }));
    expect(reasonOf(made, "goroutine-dump")).toMatch(
      /^12,408 goroutines are more than the limit of 2,000: a dump would stop the world for about .* to .*; ask for a deep capture/,
    );
  });

  test("is decided by the last count, not by the first", async () => {
    const made = await run((question, before) =>
      question === "index" ? indexPage(before < 5 ? 100 : 60_000) : healthy(question),
    );
    expect(made.steps).not.toContain("goroutine?debug=2");
    expect(made.outcome.manifest.target.goroutines).toBe(60_000);
  });

  const noIndex: ScriptedAnswer = { status: 404, chunks: ["404 page not found\n"] };

  test("without an index page is decided by the newest scrape of metrics", async () => {
    const grown = await run((question, before) => {
      if (question === "index") return noIndex;
      return question === "metrics" ? scrape(before === 0 ? 100 : 60_000) : healthy(question);
    });
    expect(reasonOf(grown, "goroutine-dump")).toMatch(/^60,000 goroutines are more than the limit/);
    expect(grown.steps).not.toContain("goroutine?debug=2");
    const quiet = await run(but({ index: noIndex, metrics: scrape(100) }));
    expect(quiet.steps).toContain("goroutine?debug=2");
  });

  test.each([
    ["the index page is refused by now", indexPage(100), { status: 429, chunks: ["slow down\n"] }],
    ["the metrics give no second answer", noIndex, noIndex],
  ])("is not taken by an old count: %s", async (_, first, later) => {
    const made = await run((question, before) => {
      if (question === "index") return before === 0 ? first : later;
      if (question !== "metrics") return healthy(question);
      return before === 0 ? scrape(100) : { status: 503, chunks: ["busy\n"] };
    });
    expect(reasonOf(made, "goroutine-dump")).toMatch(
      /^nobody says how many goroutines there are now: there were 100 \d+(\.\d+)? s ago/,
    );
    expect(made.steps).not.toContain("goroutine?debug=2");
  });

  test("is not taken when nobody knows how many goroutines there are", async () => {
    const made = await run(
      but({ index: { status: 404, chunks: ["404 page not found\n"] }, metrics: { status: 404 } }),
    );
    expect(reasonOf(made, "goroutine-dump")).toContain(
      "neither the index page nor metrics say how many goroutines there are",
    );
    expect(made.steps).not.toContain("goroutine?debug=2");
  });

  test("that the runtime cut at 64 MiB is partial and counted", async () => {
    const header = "goroutine 1 [running]:\nmain.main()\n\n";
    const rest = (64 << 20) - header.length;
    const made = await run(
      but({
        index: indexPage(90_000),
        "goroutine?debug=2": { chunks: [header, "goroutine 2 [select]:\n".padEnd(rest, "x")] },
      }),
      { request: { deep: true, dumpLimit: 100_000 } },
    );
    expect(story(made)).toContain("goroutine-dump partial");
    expect(reasonOf(made, "goroutine-dump")).toBe(
      "cut off by the Go runtime at 64 MiB: it holds 2 of about 90,000 goroutines, mostly the oldest ones",
    );
  });
});

describe("an index page that is not there", () => {
  test("does not keep goroutines from being asked for: some services register handlers one by one", async () => {
    const made = await run(but({ index: { status: 404, chunks: ["404 page not found\n"] } }));
    expect(made.outcome.ending).toBe("complete");
    expect(story(made).slice(0, 2)).toEqual(["index failed", "goroutine ok"]);
    expect(reasonOf(made, "index")).toContain("not on this mux or port");
    // The number of goroutines comes from the metrics then.
    expect(story(made)).toContain("goroutine-dump ok");
  });

  test("and nothing else either: pprof is not there", async () => {
    const made = await run(() => ({ status: 404, chunks: ["404 page not found\n"] }));
    expect(made.outcome.ending).toBe("unreachable");
    expect(made.outcome.bundle).toBeUndefined();
    expect(made.store.bundles.size).toBe(0);
    expect(made.outcome.reason).toContain("not on this mux or port");
    expect(made.steps).toEqual(["goroutine?debug=0", "goroutine?debug=1", "metrics"]);
  });

  test("no pprof, but metrics and expvar: these are kept, each asked once", async () => {
    const made = await run(
      (question) =>
        question === "metrics" || question === "expvar"
          ? healthy(question)
          : { status: 404, chunks: ["no\n"] },
      { request: { include: ["expvar"] } },
    );
    expect(made.outcome).toMatchObject({ ending: "early", reason: expect.stringContaining("404: no pprof") });
    expect(made.steps).toEqual(["goroutine?debug=0", "goroutine?debug=1", "metrics", "expvar"]);
    expect(story(made).filter((line) => line.endsWith(" ok"))).toEqual(["metrics ok", "expvar ok"]);
  });

  test("what is not there is not asked for again", async () => {
    const made = await run(but({ metrics: { status: 404 }, "mutex?debug=0": { status: 403 } }));
    expect(made.steps.filter((question) => /metrics|mutex/.test(question))).toEqual([
      "metrics",
      "mutex?debug=0",
    ]);
    const again = made.outcome.manifest.captures.filter(({ reason }) =>
      reason?.startsWith("not asked again"),
    );
    expect(again.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "metrics skipped",
      "mutex skipped",
    ]);
  });

  test("a login page is recognised, and nothing of it is kept", async () => {
    const login = {
      headers: { "content-type": "text/html" },
      chunks: ["<!doctype html><title>Sign in</title>".padEnd(100)],
    };
    const made = await run(() => login);
    expect(made.outcome.ending).toBe("unreachable");
    expect(reasonOf(made, "index")).toContain("not pprof's index page (text/html)");
    expect(reasonOf(made, "goroutine")).toContain("an HTML page instead of the capture");
    expect(made.store.bundles.size).toBe(0);
  });

  test.each([
    [{ status: 401 }, "the target wants credentials"],
    [{ status: 403 }, "access is forbidden"],
    [
      { status: 302, headers: { location: "https://login.test/?next=x" } },
      "redirects to https://login.test/",
    ],
    [{ status: 503, headers: { server: "envoy" } }, "503 from envoy"],
  ])("%j ends the capture at once", async (answer, words) => {
    const made = await run(() => answer);
    expect(made.asked).toEqual(["index"]);
    expect(made.outcome.ending).toBe("unreachable");
    expect(made.outcome.reason).toContain(words);
  });

  test("nobody listens", async () => {
    const refuse = new PortError(
      "unavailable",
      "http://order.test:6060",
      "connection refused: nothing listens there",
    );
    const made = await run(() => ({ refuse }));
    expect(made.asked).toEqual(["index"]);
    expect(made.outcome).toMatchObject({ ending: "unreachable", reason: refuse.message });
    expect(story(made)).toEqual(["index failed"]);
  });

  test("a starved process gets a second chance, and its slowness is told", async () => {
    const made = await run((question, before) =>
      question === "index" ? { ...indexPage(12), headerMs: before === 0 ? 3_000 : 1_500 } : healthy(question),
    );
    expect(made.outcome.ending).toBe("complete");
    expect(reasonOf(made, "index")).toContain("no answer within 2 s at first");
  });

  test("one that never answers is told as asked twice", async () => {
    const made = await run(() => ({ mute: true }));
    expect(made.asked).toEqual(["index", "index"]);
    expect(made.outcome.ending).toBe("unreachable");
    expect(made.outcome.reason).toBe("no answer within 10 s, asked twice (2 s, then 10 s)");
  });
});

describe("a target that suffers", () => {
  test("slow once is forgiven: it may have been a garbage collection", async () => {
    const made = await run((question, before) =>
      question === "index" && before === 3 ? { ...indexPage(12), headerMs: 900 } : healthy(question),
    );
    expect(made.outcome.ending).toBe("complete");
  });

  test("slow twice in a row ends the capture with what there is", async () => {
    const made = await run((question, before) =>
      question === "index" && before >= 3 ? { ...indexPage(12), headerMs: 900 } : healthy(question),
    );
    expect(made.outcome.ending).toBe("early");
    expect(made.outcome.reason).toBe(
      "the target slowed down: its index page takes 900 ms and took 1 ms at first",
    );
    expect(story(made).filter((line) => line.endsWith(" ok"))).toEqual([
      "index ok",
      "goroutine ok",
      "metrics ok",
      "mutex ok",
    ]);
    expect(reasonOf(made, "cpu")).toBe(`not taken: ${made.outcome.reason}`);
    expect(made.outcome.manifest.endedEarly).toBe(made.outcome.reason);
  });

  test("that was slow from the start is measured against that", async () => {
    const made = await run((question) =>
      question === "index" ? { ...indexPage(12), headerMs: 700 } : healthy(question),
    );
    expect(made.outcome.ending).toBe("complete");
  });

  test("that dies ends the capture with what there is", async () => {
    const refuse = new PortError("unavailable", "x", "connection refused: nothing listens there");
    let dead = false;
    const made = await run((question) => {
      if (question === "heap?debug=0") dead = true;
      return dead ? { refuse } : healthy(question);
    });
    expect(made.outcome.ending).toBe("early");
    expect(made.outcome.reason).toBe(
      "the target no longer answers: connection refused: nothing listens there",
    );
    expect(story(made)).toContain("heap failed");
    expect(story(made)).toContain("goroutine ok");
  });

  test("a snapshot that misses its deadline ends the capture and keeps what came of it", async () => {
    const made = await run(
      but({ "heap?debug=0": { chunks: [Buffer.from([0x1f, 0x8b]), "x".repeat(200)], ending: "silence" } }),
    );
    expect(made.outcome.ending).toBe("early");
    expect(made.outcome.reason).toBe("the heap capture missed its deadline of 30 s");
    expect(story(made)).toContain("heap partial");
    expect(reasonOf(made, "heap")).toMatch(/^broke off after 202 B: not finished within/);
  });

  test("slow metrics do not end it: they are the service's own", async () => {
    const made = await run(but({ metrics: { mute: true } }));
    expect(made.outcome.ending).toBe("complete");
    expect(story(made).filter((line) => line === "metrics failed")).toHaveLength(2);
  });
});

describe("answers that call for another form", () => {
  test("goroutines as text where there is no protobuf", async () => {
    const made = await run(but({ "goroutine?debug=0": { status: 500, chunks: ["no"] } }));
    expect(made.steps.slice(0, 2)).toEqual(["goroutine?debug=0", "goroutine?debug=1"]);
    expect(story(made).slice(1, 3)).toEqual(["goroutine failed", "goroutine-counts ok"]);
    expect([...(made.store.bundles.get(made.outcome.bundle ?? "")?.keys() ?? [])]).toEqual(
      expect.arrayContaining(["goroutine-counts-1.txt.gz", "goroutine-counts-2.txt.gz"]),
    );
    expect(made.outcome.ending).toBe("complete");
  });

  test("a shorter CPU profile where WriteTimeout refuses the long one", async () => {
    const made = await run((question) =>
      /^cpu\?seconds=(10|5)$/.test(question)
        ? pprofError(400, "profile duration exceeds server's WriteTimeout")
        : healthy(question),
    );
    expect(made.steps.filter((question) => question.startsWith("cpu"))).toEqual([
      "cpu?seconds=10",
      "cpu?seconds=5",
      "cpu?seconds=2",
    ]);
    expect(story(made)).toContain("cpu partial");
    expect(reasonOf(made, "cpu")).toBe(
      "2 s instead of 10 s, because the server's WriteTimeout allows no more",
    );
  });

  test("a shorter CPU profile where somebody on the way gives up after a while", async () => {
    const made = await run((question) =>
      question === "cpu?seconds=10"
        ? { status: 503, headerMs: 6_000, chunks: ["handler timed out"] }
        : healthy(question),
    );
    expect(made.steps.filter((question) => question.startsWith("cpu"))).toEqual([
      "cpu?seconds=10",
      "cpu?seconds=5",
    ]);
    expect(reasonOf(made, "cpu")).toBe(
      "5 s instead of 10 s, because something gave up after 6 s (http.TimeoutHandler, a proxy)",
    );
  });

  test("no CPU profile where WriteTimeout refuses even one second", async () => {
    const made = await run((question) =>
      question.startsWith("cpu")
        ? pprofError(400, "profile duration exceeds server's WriteTimeout")
        : healthy(question),
    );
    expect(story(made)).toContain("cpu failed");
    expect(reasonOf(made, "cpu")).toBe("the server's WriteTimeout is shorter than the profile");
    expect(made.outcome.ending).toBe("complete");
  });

  test("a busy profiler is explained and costs nothing else", async () => {
    const made = await run(
      but({
        "cpu?seconds=10": pprofError(500, "Could not enable CPU profiling: cpu profiling already in use"),
      }),
    );
    expect(reasonOf(made, "cpu")).toContain("another CPU profile is running in this process");
    expect(made.outcome.ending).toBe("complete");
    // Nothing filled the gap, so it is waited for whole.
    expect(made.clock.slept).toEqual([15_000]);
  });
});

describe("an interruption", () => {
  test("keeps what was got, says what was not, and finishes the manifest", async () => {
    const stop = new AbortController();
    const made = await run(healthy, {
      signal: stop.signal,
      onProgress(progress) {
        if (progress.type === "started" && progress.kind === "heap") stop.abort(new Error("Ctrl-C"));
      },
    });
    expect(made.outcome).toMatchObject({ ending: "interrupted", reason: "the capture was interrupted" });
    expect(story(made)).toContain("block ok");
    expect(story(made)).toContain("heap skipped");
    expect(story(made)).toContain("cpu skipped");
    const text = Buffer.from(
      made.store.bundles.get(made.outcome.bundle ?? "")?.get("manifest.json") ?? "",
    ).toString();
    const reading = readManifest(text);
    expect(reading).toMatchObject({ ok: true, manifest: { endedEarly: "the capture was interrupted" } });
  });

  test("in the middle of a body keeps its beginning", async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<string> {
      yield await Promise.resolve("go_goroutines 12\n".padEnd(100));
      stop.abort(new Error("Ctrl-C"));
      yield "never seen";
    }
    const made = await run(but({ metrics: { chunks: endless() } }), { signal: stop.signal });
    expect(story(made)).toContain("metrics partial");
    expect(reasonOf(made, "metrics")).toBe("broke off after 100 B: the capture was interrupted");
    const stored = made.store.bundles.get(made.outcome.bundle ?? "")?.get("metrics-1.txt.gz");
    expect(gunzipSync(stored ?? "").length).toBe(100);
  });

  test("during the wait ends it", async () => {
    const stop = new AbortController();
    const made = await run(healthy, {
      signal: stop.signal,
      onProgress(progress) {
        if (progress.type === "waiting") stop.abort(new Error("Ctrl-C"));
      },
    });
    expect(made.outcome.ending).toBe("interrupted");
    expect(story(made).filter((line) => line === "goroutine ok")).toHaveLength(1);
    expect(story(made)).toContain("cpu ok");
  });

  test("before the first answer leaves no bundle", async () => {
    const made = await run(healthy, {
      signal: (() => {
        const stop = new AbortController();
        queueMicrotask(() => stop.abort(new Error("Ctrl-C")));
        return stop.signal;
      })(),
    }).catch((error: unknown) => error);
    expect(made).toMatchObject({ message: "Ctrl-C" });
  });
});

describe("the deadline of the whole capture", () => {
  test("leaves out what does not fit any more, and says so", async () => {
    const made = await run(healthy, { request: { deadlineMs: 8_000 } });
    expect(story(made)).toContain("cpu skipped");
    expect(reasonOf(made, "cpu")).toBe("needs 10 s, and only 8 s of the capture's time were left");
    expect(reasonOf(made, "goroutine")).toContain("needs 15 s");
    expect(made.steps.filter((question) => question === "metrics")).toHaveLength(2);
    expect(made.outcome).toMatchObject({
      ending: "early",
      reason: "not everything fitted into the 8 s for the whole capture",
    });
  });

  test("bounds every single step", async () => {
    const clock = fakeClock();
    const made = await run(but({ "mutex?debug=0": { mute: true } }), {
      clock,
      request: { deadlineMs: 20_000 },
    });
    expect(clock.monotonicMs()).toBe(20_000);
    expect(made.outcome).toMatchObject({
      ending: "early",
      reason: "the 20 s for the whole capture were over",
    });
    expect(reasonOf(made, "block")).toBe("not taken: the 20 s for the whole capture were over");
  });
});

describe("a path that may be in front of the index", () => {
  const page: ScriptedAnswer = {
    headers: { "content-type": "text/html" },
    chunks: ["<html>Our shop</html>"],
  };
  const none: ScriptedAnswer = { status: 404, chunks: ["404 page not found\n"] };
  const login: ScriptedAnswer = { status: 302, headers: { location: "/login" } };

  test.each([
    ["a page of the service", page],
    ["nothing", none],
    ["a login", login],
  ])("with %s at it: everything is asked below, and one page was asked there", async (_what, at) => {
    const made = await run(() => at, { elsewhere: healthy });
    expect(made.outcome.ending).toBe("complete");
    expect(made.outcome.manifest.target.url).toBe(elsewhereUrl);
    expect(made.asked).toEqual(["index"]);
    expect(made.elsewhereAsked).toContain("goroutine?debug=0");
  });

  test("with the index at it is asked nothing else", async () => {
    const made = await run(healthy, { elsewhere: healthy });
    expect(made.outcome.ending).toBe("complete");
    expect(made.elsewhereAsked).toEqual([]);
  });

  test("with nothing at either says where it looked, after two pages and one profile", async () => {
    const made = await run(() => none, { elsewhere: () => none });
    expect(made.outcome.ending).toBe("unreachable");
    expect(made.outcome.reason).toMatch(/^404: no pprof at this path/);
    expect(made.outcome.reason).toContain(`; tried http://order.test:6060/debug/pprof/ and ${elsewhereUrl}`);
    expect(made.elsewhereAsked).toEqual(["index"]);
  });

  test.each([
    ["forbidden", { status: 403 }],
    ["wants credentials", { status: 401 }],
    ["behind a broken proxy", { status: 502 }],
    ["silent", { mute: true }],
  ] as const)("that is %s is not asked further", async (_what, at) => {
    const made = await run(() => at, { elsewhere: healthy });
    expect(made.outcome.ending).toBe("unreachable");
    expect(made.elsewhereAsked).toEqual([]);
  });
});

test("an index without the slash at its end is told of, and profiles are asked for below it", async () => {
  const sent = { status: 301, headers: { location: "http://order.test:6060/debug/pprof" } };
  const made = await run(but({ index: sent }));
  expect(reasonOf(made, "index")).toMatch(/^301: the index is at .*\/debug\/pprof, without the slash/);
  expect(made.steps).toContain("heap?debug=0");
});

test("where nothing is a capture, the first answer says why", async () => {
  const made = await run((question) =>
    question === "index"
      ? healthy(question)
      : { headers: { "content-type": "text/html" }, chunks: ["<html>Log in"] },
  );
  expect(made.outcome.ending).toBe("unreachable");
  expect(made.outcome.reason).toMatch(/^the target answered nothing with a capture: an HTML page instead/);
});

/** Refuses what comes after so many captures; the manifest, too, from then on. */
function small(captures: number, refusesManifest: boolean): FakeCaptureStore {
  const store = fakeCaptureStore();
  const full = new PortError("unavailable", "x", "the disk is full", {
    cause: Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }),
  });
  let left = captures;
  return {
    ...store,
    async create(name, signal) {
      const writer = await store.create(name, signal);
      return {
        ...writer,
        save: async (...given) => {
          if (--left < 0) throw full;
          return await writer.save(...given);
        },
        writeManifest: async (...given) => {
          if (refusesManifest && left < 0) throw full;
          await writer.writeManifest(...given);
        },
      };
    },
  };
}

describe("a disk that is full", () => {
  test.each([false, true])(
    "ends the capture and keeps what there is; manifest refused: %s",
    async (refused) => {
      const made = await run(healthy, { store: small(4, refused) });
      expect(made.outcome).toMatchObject({
        ending: "early",
        reason: "the disk is full, so what came after that could not be kept",
        manifest: { endedEarly: "the disk is full, so what came after that could not be kept" },
      });
      expect(made.outcome.bundle).toBeDefined();
      expect(made.outcome.manifestUnkept).toBe(refused ? true : undefined);
      expect(made.outcome.manifest.captures.filter(({ file }) => file !== undefined)).toHaveLength(4);
    },
  );

  test("from the start is an error", async () => {
    await expect(run(healthy, { store: small(1, false) })).rejects.toThrow("the disk is full");
  });
});
