import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultRequest } from "../../src/capture/request.ts";
import { runCapture } from "../../src/capture/run.ts";
import { changesSinceCapture } from "../../src/capture/verify.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { fakeCaptureLock } from "../fakes/capture-lock.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeGoTarget } from "../fakes/go-target.ts";
import { healthy } from "./scripted.ts";

const never = new AbortController().signal;

describe("changes since the capture", () => {
  let folder: string;
  let bundle: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-verify-"));
    const clock = fakeClock();
    const { target } = fakeGoTarget(healthy, clock);
    const lock = fakeCaptureLock(() => clock.nowMs());
    const store = captureStore(folder);
    const outcome = await runCapture(
      defaultRequest,
      { target, store, lock, clock, gofireVersion: "0.0.0" },
      never,
    );
    bundle = outcome.bundle ?? "";
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("there are none in a bundle as it was written", async () => {
    expect(await changesSinceCapture(bundle, captureStore(folder), never)).toEqual([]);
  });

  test("a file that was changed is named", async () => {
    await writeFile(join(bundle, "heap-1.pb.gz"), "something else");
    expect(await changesSinceCapture(bundle, captureStore(folder), never)).toEqual([
      `${bundle}/heap-1.pb.gz: changed since it was captured (its SHA-256 is not the manifest's)`,
    ]);
  });

  test("what cannot be read at all is left to the reader to tell", async () => {
    await rm(join(bundle, "heap-1.pb.gz"));
    expect(await changesSinceCapture(bundle, captureStore(folder), never)).toEqual([]);
    await writeFile(join(bundle, "manifest.json"), "{}");
    expect(await changesSinceCapture(bundle, captureStore(folder), never)).toEqual([]);
    expect(await changesSinceCapture(folder, captureStore(folder), never)).toBeUndefined();
  });
});
