import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CappedArtifacts, cappedStore } from "../../src/integrations/artifacts/capped-store.ts";
import { storedBundle } from "../../src/integrations/artifacts/stored-bundle.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";

const never = new AbortController().signal;
const about = { contentType: "text/plain" };

describe("size limits", () => {
  let folder: string;
  let artifacts: CappedArtifacts;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-capped-"));
    artifacts = cappedStore(fakeArtifacts(folder), { fileBytes: 1_000, incidentBytes: 2_500 });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("let through what fits exactly", async () => {
    expect(await artifacts.put("incidents/gf-1/a", bytes(1_000), about, never)).toMatchObject({
      bytes: 1_000,
    });
    expect(await artifacts.put("reports/all", bytes(999, 1), about, never)).toMatchObject({ bytes: 1_000 });
  });

  test("keep nothing of one that is too large, and name the limit", async () => {
    await expect(artifacts.put("incidents/gf-1/a", bytes(600, 401), about, never)).rejects.toMatchObject({
      code: "forbidden",
      message: "there is no room for more: artifacts.maxFileBytes is 1000 B",
    });
    expect(await artifacts.list("incidents/", never)).toEqual([]);
  });

  test("hold for all of an incident; replacing one counts once, other incidents do not", async () => {
    await artifacts.put("incidents/gf-2/a", bytes(1_000), about, never);
    await artifacts.put("incidents/gf-1/a", bytes(1_000), about, never);
    await artifacts.put("incidents/gf-1/b", bytes(1_000), about, never);
    await artifacts.put("incidents/gf-1/b", bytes(1_000), about, never);
    await artifacts.put("incidents/gf-1/c", bytes(500), about, never);
    await expect(artifacts.put("incidents/gf-1/d", bytes(1), about, never)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("artifacts.maxIncidentBytes is 2.4 KiB"),
    });
    expect(await artifacts.remove("incidents/gf-1/a", never)).toBe(1);
    expect(await artifacts.put("incidents/gf-1/d", bytes(1_000), about, never)).toMatchObject({
      bytes: 1_000,
    });
  });

  test("keep the beginning of a capture and say where it was cut", async () => {
    const prefix = "incidents/gf-1/bundle/";
    const bundle = await storedBundle(artifacts, prefix, { room: artifacts.room }).create("", never);
    const saved = await bundle.save("dump.txt.gz", bytes(700, 700), "gzip", never);
    expect(saved).toMatchObject({
      receivedBytes: 1_000,
      interrupted: false,
      brokenBy: { message: "there is no room for more: artifacts.maxFileBytes is 1000 B" },
    });
    const kept: Uint8Array[] = [];
    for await (const chunk of artifacts.get(`${prefix}dump.txt.gz`, never)) kept.push(chunk);
    expect(gunzipSync(Buffer.concat(kept)).length).toBe(1_000);
  });
});

async function* bytes(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield await Promise.resolve(new Uint8Array(size));
}
