import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Manifest, manifestText } from "../../src/capture/manifest.ts";
import { coolingKinds } from "../../src/domain/evidence/capture.ts";
import { cooledByKept, finishedCapture } from "../../src/jobs/captures/finished-capture.ts";
import { putText } from "../../src/jobs/thread/contents.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";

const never = new AbortController().signal;
const goroutines = {
  kind: "goroutine",
  file: "goroutine.pb.gz",
  bytes: 9,
  durationMs: 4,
  status: "ok",
} as const;
const index = { ...goroutines, kind: "index", file: "index.html" } as const;
const whole: Manifest = {
  schemaVersion: 1,
  gofireVersion: "0.1.0",
  target: { instance: "order-1", url: "http://order-1" },
  startedAt: "2024-05-21T03:12:00.000Z",
  finishedAt: "2024-05-21T03:12:40.000Z",
  request: {},
  captures: [index, goroutines],
};

describe("a capture whose worker died after it", () => {
  let folder: string;
  let artifacts: Artifacts;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-finished-"));
    artifacts = fakeArtifacts(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function found(text: string) {
    await putText("incidents/gf-1/bundle-1/manifest.json", text, artifacts, never);
    return await finishedCapture("incidents/gf-1/bundle-1/", artifacts, never);
  }

  test("is found again with what it says of itself", async () => {
    expect(await found(manifestText(whole))).toEqual({
      ending: "complete",
      bundle: "incidents/gf-1/bundle-1/",
      manifest: whole,
    });
    expect(await found(manifestText({ ...whole, endedEarly: "it slowed down" }))).toMatchObject({
      ending: "early",
      reason: "it slowed down",
    });
  });

  test("is not taken for one when it was broken off, holds nothing of the process, or cannot be read", async () => {
    const { finishedAt: _finishedAt, ...open } = whole;
    const interrupted = { ...whole, endedEarly: "the worker ends", interrupted: true } as const;
    for (const manifest of [open, interrupted, { ...whole, captures: [index] }]) {
      expect(await found(manifestText(manifest))).toBeUndefined();
    }
    expect(await found("{")).toBeUndefined();
    expect(await finishedCapture("incidents/gf-1/bundle-2/", artifacts, never)).toBeUndefined();
  });

  test("begins no cooldown of what it left out", async () => {
    const heap = { kind: "heap", bytes: 0, durationMs: 0, status: "skipped", reason: "fresh" } as const;
    const kept = await found(manifestText({ ...whole, captures: [...whole.captures, heap] }));
    if (kept === undefined) throw new Error("not found");
    expect(cooledByKept(kept)).toEqual(coolingKinds.filter((kind) => kind !== "heap"));
  });
});
