import { describe, expect, test } from "vitest";
import { readManifest } from "../../src/capture/manifest.ts";
import { PortError } from "../../src/domain/errors.ts";
import { fakeCaptureStore } from "../fakes/capture-store.ts";
import type { Script, ScriptedAnswer } from "../fakes/go-target.ts";
import { healthy, indexPage, reasonOf, run, story } from "./scripted.ts";

const request = { cpuSeconds: 0, goroutineGapMs: 0, blockSeconds: 10 };
const startedAt = Date.UTC(2024, 4, 21, 3, 12, 0);

/** The healthy process, but for what it answers to the wish for a rate. */
function answering(wish: ScriptedAnswer): Script {
  return (question) => (question.startsWith("rates take") ? wish : healthy(question));
}

function blockSteps(steps: readonly string[]): readonly string[] {
  return steps.filter((step) => step.startsWith("block") || step.startsWith("rates"));
}

describe("a capture with a block window", () => {
  test("raises the rate, looks before and after the window, and lowers it again", async () => {
    const made = await run(healthy, { request });
    expect(blockSteps(made.steps)).toEqual([
      'rates take {"blockRateNs":10000,"seconds":25}',
      "block?debug=0",
      "block?debug=0",
      "rates giveBack lease-1",
    ]);
    expect(made.clock.slept).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
    expect(made.outcome.ending).toBe("complete");
    expect(made.outcome.manifest.blockLease).toEqual({
      rateNs: 10_000,
      ownRateNs: 0,
      fromMs: startedAt,
      expiresAtMs: startedAt + 25_000,
      end: { atMs: startedAt + 10_000, how: "released" },
    });
    expect(made.outcome.manifest.captures.filter(({ kind }) => kind === "block")).toMatchObject([
      { file: "block-1.pb.gz", status: "ok" },
      { file: "block-2.pb.gz", status: "ok", reason: "10 s at a rate of 10 µs" },
    ]);
  });

  test("writes the lease down so that it reads back, and as running while it runs", async () => {
    const store = fakeCaptureStore();
    const written = (): string =>
      Buffer.from([...store.bundles.values()][0]?.get("manifest.json") ?? "").toString();
    let meanwhile = "";
    const made = await run(
      (question, before) => {
        if (question === "block?debug=0" && before === 1) meanwhile = written();
        return healthy(question);
      },
      { request, store },
    );
    expect(readManifest(written())).toEqual({ ok: true, manifest: made.outcome.manifest });
    expect(JSON.parse(meanwhile)).toMatchObject({ blockLease: { rateNs: 10_000 } });
    expect(JSON.parse(meanwhile)).not.toHaveProperty("blockLease.end");
  });

  test("comes behind the CPU profile and shows how long it takes and when it ends by itself", async () => {
    const made = await run(healthy, { request: { ...request, cpuSeconds: 5 } });
    const { steps, progress } = made;
    expect(steps.indexOf("cpu?seconds=5")).toBeLessThan(steps.findIndex((step) => step.startsWith("rates")));
    expect(progress).toContainEqual({
      type: "started",
      kind: "block",
      expectedMs: 10_000,
      warning: "waits are recorded at a rate of 10 µs; within 25 s the process stops that by itself",
    });
  });

  test.each<[string, Partial<typeof request> & { readonly exclude?: readonly ["block"] }, true?]>([
    ["nobody asked for it", { blockSeconds: 0 }],
    ["the block profile is left out", { exclude: ["block"] }],
    ["the address names no place for it", {}, true],
  ])("asks for no rate when %s", async (_why, more, lendsNothing) => {
    const made = await run(healthy, {
      request: { ...request, ...more },
      ...(lendsNothing === undefined ? {} : { lendsNothing }),
    });
    expect(made.steps.filter((step) => step.startsWith("rates"))).toEqual([]);
    expect(made.outcome.manifest).not.toHaveProperty("blockLease");
    expect(made.outcome.ending).toBe("complete");
  });

  test("is left out where it does not fit into the time of the whole capture", async () => {
    const made = await run(healthy, { request: { ...request, deadlineMs: 9_000 } });
    expect(blockSteps(made.steps)).toEqual(["block?debug=0"]);
    expect(reasonOf(made, "block")).toMatch(/^needs 10 s, and only 9 s/);
  });
});

function json(status: number, body: unknown): ScriptedAnswer {
  return { status, headers: { "content-type": "application/json" }, chunks: [JSON.stringify(body)] };
}

describe("a rate that is not lent", () => {
  test.each<[string, ScriptedAnswer, RegExp]>([
    [
      "a path without it",
      { status: 404 },
      /404: nothing lends rates at this path; docs\/guide\/block-profile/,
    ],
    ["a handler of something else", { status: 405 }, /405: nothing lends rates at this path/],
    ["wrong credentials", { status: 401 }, /401: the target wants credentials/],
    ["no permission", { status: 403 }, /403: access is forbidden/],
    ["a proxy", { status: 503, headers: { server: "nginx" } }, /503 from nginx: a proxy/],
    [
      "a redirect",
      { status: 302, headers: { location: "http://else.test/" } },
      /redirects to .*not followed/,
    ],
    ["a page of something else", { status: 200, chunks: ["<html>"] }, /200, but no lease: something else/],
    ["half an answer", { status: 201, chunks: ['{"id":"a","block'] }, /201, but no lease/],
    [
      "a lease of somebody else",
      json(409, { error: "the rates are lent already", expiresAt: "2024-05-21T03:13:00Z" }),
      /409: .*to somebody else until 2024-05-21T03:13:00Z by its clock; one at a time/,
    ],
    [
      "its own bound",
      json(400, { error: "blockRateNs must be at least 50000 here\nx" }),
      /400: blockRateNs must be at least 50000 here\)/,
    ],
    ["silence", { mute: true }, /no answer within 5 s; should it lend it yet, then for 25 s/],
    [
      "a broken connection",
      { refuse: new PortError("unavailable", "x", "the other side closed the connection") },
      /the other side closed the connection/,
    ],
  ])("because of %s is explained, and the capture goes on without", async (_what, wish, reason) => {
    const made = await run(answering(wish), { request });
    expect(made.outcome.ending).toBe("complete");
    expect(reasonOf(made, "block")).toMatch(/^no rate was lent for it \(/);
    expect(reasonOf(made, "block")).toMatch(reason);
    expect(made.outcome.manifest).not.toHaveProperty("blockLease");
    // Both profiles all the same: the process may record waits by itself.
    expect(story(made).filter((line) => line === "block ok")).toHaveLength(2);
    expect(made.steps.filter((step) => step.startsWith("rates giveBack"))).toEqual([]);
    expect(made.clock.slept.filter((ms) => ms === 2_000)).toEqual([]);
  });
});

describe("a lease ends", () => {
  test("when the capture is interrupted in the middle of the window", async () => {
    const stop = new AbortController();
    const made = await run(
      (question, before) => {
        if (question === "index" && before === 8) stop.abort(new Error("given up"));
        return healthy(question);
      },
      { request, signal: stop.signal },
    );
    expect(made.outcome.ending).toBe("interrupted");
    expect(blockSteps(made.steps).at(-1)).toBe("rates giveBack lease-1");
    expect(made.outcome.manifest.blockLease?.end?.how).toBe("released");
    expect(reasonOf(made, "block")).toBe("not taken: the capture was interrupted");
  });

  test("when the target slows down in the window, and nothing more is asked but that", async () => {
    let lending = false;
    const made = await run(
      (question) => {
        if (question.startsWith("rates take")) lending = true;
        return question === "index" && lending ? { ...indexPage(12), headerMs: 900 } : healthy(question);
      },
      { request },
    );
    expect(made.outcome.ending).toBe("early");
    expect(made.outcome.reason).toMatch(/slowed down/);
    expect(made.asked.at(-1)).toBe("rates giveBack lease-1");
    expect(made.outcome.manifest.blockLease?.end).toMatchObject({ how: "released" });
    expect(made.outcome.manifest.captures.filter(({ kind }) => kind === "block")).toHaveLength(2);
  });

  test("when the deadline of the whole capture comes first", async () => {
    const made = await run(
      (question) =>
        question === "block?debug=0" ? { ...healthy(question), headerMs: 4_000 } : healthy(question),
      { request: { ...request, deadlineMs: 12_000 } },
    );
    expect(made.outcome.reason).toMatch(/the 12 s for the whole capture were over/);
    expect(made.asked.at(-1)).toBe("rates giveBack lease-1");
  });

  test("when the first profile is refused: there is nothing to wait for", async () => {
    const made = await run(
      (question) => (question === "block?debug=0" ? { status: 500 } : healthy(question)),
      { request },
    );
    expect(blockSteps(made.steps)).toEqual([
      expect.stringContaining("rates take"),
      "block?debug=0",
      "rates giveBack lease-1",
    ]);
    expect(made.clock.slept).toEqual([]);
  });

  test.each<[string, ScriptedAnswer, object]>([
    ["it expired before", { status: 404 }, { how: "expired", reason: expect.stringContaining("by itself") }],
    ["the target refuses", { status: 403, chunks: ["no"] }, { how: "left-to-expire", reason: "403: no" }],
    [
      "the target is silent",
      { mute: true },
      { how: "left-to-expire", reason: expect.stringContaining("5 s") },
    ],
  ])("by itself when %s, and the capture goes on", async (_what, answer, end) => {
    const made = await run(
      (question) => (question.startsWith("rates giveBack") ? answer : healthy(question)),
      { request },
    );
    expect(made.outcome.ending).toBe("complete");
    expect(made.outcome.manifest.blockLease?.end).toMatchObject(end);
  });

  test("and shortens the window when it is shorter than was asked for", async () => {
    const short = { id: "a", blockRateNs: 50_000, before: { blockRateNs: 0 }, seconds: 4 };
    const made = await run(answering({ status: 201, chunks: [JSON.stringify(short)] }), { request });
    expect(made.clock.slept).toEqual([2_000, 2_000]);
    expect(reasonOf(made, "block")).toBe("4 s at a rate of 50 µs");
  });
});
