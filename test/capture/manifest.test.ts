import { describe, expect, test } from "vitest";
import { type Manifest, manifestText, readManifest } from "../../src/capture/manifest.ts";

const manifest: Manifest = {
  schemaVersion: 1,
  gofireVersion: "0.1.0",
  target: {
    service: "order",
    instance: "10.0.0.5:6060",
    url: "http://10.0.0.5:6060/debug/pprof/",
    goVersion: "go1.23.5",
    goroutines: 12_408,
  },
  startedAt: "2024-05-21T03:12:00.000Z",
  finishedAt: "2024-05-21T03:12:31.000Z",
  request: { cpuSeconds: 10 },
  captures: [
    {
      kind: "goroutine",
      file: "goroutine-1.pb.gz",
      bytes: 161_250,
      startedAtMs: 1_716_261_120_000,
      durationMs: 61,
      status: "ok",
      sha256: "a".repeat(64),
    },
    { kind: "goroutine-dump", bytes: 0, durationMs: 0, status: "skipped", reason: "too many" },
  ],
};

function errorsOf(change: Record<string, unknown>): readonly string[] {
  const reading = readManifest(JSON.stringify({ ...manifest, ...change }));
  return reading.ok ? [] : reading.errors;
}

describe("a manifest", () => {
  test("reads back as it was written", () => {
    expect(readManifest(manifestText(manifest))).toEqual({ ok: true, manifest });
  });

  test("tells what became of a lent rate, and of one that nobody could give back any more", () => {
    const running = {
      rateNs: 10_000,
      ownRateNs: 0,
      fromMs: 1_716_261_120_000,
      expiresAtMs: 1_716_261_145_000,
    };
    const end = { atMs: 1_716_261_130_000, how: "left-to-expire", reason: "no answer within 5 s" } as const;
    for (const blockLease of [running, { ...running, end }]) {
      expect(readManifest(manifestText({ ...manifest, blockLease }))).toEqual({
        ok: true,
        manifest: { ...manifest, blockLease },
      });
    }
    expect(errorsOf({ blockLease: { ...running, rateNs: -1, end: { atMs: 1, how: "forgotten" } } })).toEqual([
      "blockLease.rateNs: must be a whole number of at least 0, not -1",
      'blockLease.end.how: must be one of released, expired, left-to-expire, not "forgotten"',
    ]);
  });

  test("of a capture that was killed has no end, and reads all the same", () => {
    const { finishedAt: _, ...cut } = manifest;
    expect(readManifest(manifestText(cut))).toEqual({ ok: true, manifest: cut });
  });

  test("from a later minor version keeps what is known", () => {
    const later = JSON.stringify({ ...manifest, colour: "blue" });
    expect(readManifest(later)).toEqual({ ok: true, manifest });
  });

  test.each([
    ["", /^not JSON: /],
    ["[]", /^the document: must be an object$/],
    ["null", /^the document: must be an object$/],
    ["{}", /^schemaVersion: missing; this is not the manifest of a capture$/],
    ['{"schemaVersion":2}', /^schemaVersion: this gofire reads version 1, not 2$/],
  ])("%j is refused with a clear word", (text, words) => {
    const reading = readManifest(text);
    expect(reading.ok ? [] : reading.errors[0]).toMatch(words);
  });

  test.each<[Record<string, unknown>, string]>([
    [{ gofireVersion: 1 }, "gofireVersion: must be a text, not 1"],
    [{ target: undefined }, "target: must be an object"],
    [{ target: { ...manifest.target, url: undefined } }, "target.url: missing"],
    [
      { target: { ...manifest.target, goroutines: -1 } },
      "target.goroutines: must be a whole number of at least 0, not -1",
    ],
    [{ startedAt: "yesterday" }, 'startedAt: must be a time like 2024-05-21T03:12:00.000Z, not "yesterday"'],
    [{ request: [] }, "request: must be an object"],
    [{ captures: {} }, "captures: must be a list, not {}"],
    [{ captures: [null] }, "captures[0]: must be an object"],
    [{ captures: [{ ...manifest.captures[0], kind: "heapp" }] }, "captures[0].kind: must be one of"],
    [
      { captures: [{ ...manifest.captures[0], status: "done" }] },
      'captures[0].status: must be one of ok, partial, skipped, failed, not "done"',
    ],
    [{ captures: [{ ...manifest.captures[0], bytes: 1.5 }] }, "captures[0].bytes: must be a whole number"],
    [
      { captures: [{ ...manifest.captures[0], file: "../../etc/passwd" }] },
      "captures[0].file: must be a plain file name",
    ],
    [
      { captures: [{ ...manifest.captures[0], sha256: "abc" }] },
      "captures[0].sha256: must be 64 hexadecimal digits",
    ],
    [{ captures: [{ ...manifest.captures[1], reason: undefined }] }, "captures[0].reason: missing"],
  ])("%j is told with its place", (change, words) => {
    expect(errorsOf(change).some((error) => error.startsWith(words))).toBe(true);
  });

  test("names every mistake, up to a bound", () => {
    const wrong = Array.from({ length: 100 }, () => ({}));
    expect(errorsOf({ captures: wrong })).toHaveLength(20);
  });

  test("with a prototype's word as kind is not fooled", () => {
    expect(errorsOf({ captures: [{ ...manifest.captures[0], kind: "constructor" }] })).toHaveLength(1);
  });
});
