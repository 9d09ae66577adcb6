import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../../src/capture/manifest.ts";
import { PortError } from "../../src/domain/errors.ts";
import { readEvidence } from "../../src/integrations/artifacts/read.ts";
import { storedEvidence } from "../../src/integrations/artifacts/stored-evidence.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";

const never = new AbortController().signal;
const prefix = "incidents/gf-1/bundle-1/";
const settings = { modules: [] };
const recorded = "lab/captures/go1.27.1/mutex-io";

let folder = "";
let artifacts: Artifacts;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-stored-"));
  artifacts = fakeArtifacts(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function store(file: string, content: Uint8Array): Promise<void> {
  const source = (async function* bytes() {
    yield await Promise.resolve(content);
  })();
  await artifacts.put(`${prefix}${file}`, source, { contentType: "application/octet-stream" }, never);
}

async function storeRecorded(): Promise<void> {
  for (const file of await readdir(recorded)) await store(file, await readFile(join(recorded, file)));
}

/** The store, with one method for some keys replaced. */
function failing(key: RegExp, error: PortError): Artifacts {
  return {
    ...artifacts,
    async *get(wanted, signal) {
      if (key.test(wanted)) throw error;
      yield* artifacts.get(wanted, signal);
    },
  };
}

describe("captures among the artifacts", () => {
  test("say what the same bundle in a folder says, in the same order", async () => {
    await storeRecorded();
    const stored = await storedEvidence(artifacts).read([prefix], settings, never);
    const onDisk = await readEvidence([recorded], settings);
    expect(stored.captures).toEqual(onDisk.captures);
    expect(stored.captures.length).toBeGreaterThan(5);
    expect(JSON.stringify(stored.target)).toBe(JSON.stringify(onDisk.target));
    expect(stored.evidence.goroutines?.best.total).toBe(onDisk.evidence.goroutines?.best.total);
    expect(Object.keys(stored.evidence)).toEqual(Object.keys(onDisk.evidence));
    expect(stored).toMatchObject({ problems: onDisk.problems, unread: 0 });
  });

  test("were taken under the lease that their manifest tells of, here as in a folder", async () => {
    await storeRecorded();
    const text = await readFile(join(recorded, "manifest.json"), "utf8");
    const manifest = JSON.parse(text) as Manifest;
    const times = manifest.captures.flatMap(({ kind, startedAtMs = 0 }) =>
      kind === "block" ? [startedAtMs] : [],
    );
    const [fromMs = 0, atMs = 0] = times;
    const blockLease = {
      rateNs: 10_000,
      ownRateNs: 0,
      fromMs,
      expiresAtMs: atMs + 15_000,
      end: { atMs, how: "released" },
    };
    const leased = join(folder, "leased");
    await cp(recorded, leased, { recursive: true });
    await writeFile(join(leased, "manifest.json"), JSON.stringify({ ...manifest, blockLease }));
    await store("manifest.json", await readFile(join(leased, "manifest.json")));
    const stored = await storedEvidence(artifacts).read([prefix], settings, never);
    expect(stored.evidence.blockWindow?.lease).toEqual(blockLease);
    expect((await readEvidence([leased], settings)).evidence.blockWindow?.lease).toEqual(blockLease);
    // It was over when these profiles were taken.
    const before = { ...blockLease, fromMs: 0, expiresAtMs: 1, end: { atMs: 1, how: "released" } };
    await store("manifest.json", Buffer.from(JSON.stringify({ ...manifest, blockLease: before })));
    const later = await storedEvidence(artifacts).read([prefix], settings, never);
    expect(later.evidence.blockWindow).toBeDefined();
    expect(later.evidence.blockWindow).not.toHaveProperty("lease");
  });

  test("a file that is gone or was tampered with is a problem of its own", async () => {
    await storeRecorded();
    const heap = (await readdir(recorded)).find((file) => file.startsWith("heap"));
    const spoilt = failing(new RegExp(`/${heap}$`), new PortError("bad-response", "store", "it was changed"));
    const read = await storedEvidence(spoilt).read([prefix], settings, never);
    expect(read.unread).toBe(1);
    expect(read.problems).toContainEqual(`${prefix}${heap}: it was changed`);
    expect(read.captures.find(({ file }) => file === heap)).toMatchObject({ status: "failed" });
    expect(read.evidence.goroutines).toBeDefined();
  });

  test.each(["manifest.json", "heap"])(
    "a store that is away while %s is read is asked again",
    async (file) => {
      await storeRecorded();
      const away = failing(new RegExp(`/${file}`), new PortError("unavailable", "store", "it is away"));
      await expect(storedEvidence(away).read([prefix], settings, never)).rejects.toMatchObject({
        code: "unavailable",
      });
    },
  );

  test("a bundle without a manifest that can be read gives nothing, and says why", async () => {
    const none = await storedEvidence(artifacts).read([prefix], settings, never);
    expect(none).toMatchObject({
      unread: 1,
      captures: [],
      problems: [expect.stringContaining("manifest.json")],
    });
    await store("manifest.json", Buffer.from("{"));
    const broken = await storedEvidence(artifacts).read([prefix], settings, never);
    expect(broken).toMatchObject({ unread: 1, problems: [expect.stringContaining("manifest.json: ")] });
  });

  test("ends with the reason of the signal", async () => {
    await storeRecorded();
    const reason = new Error("enough");
    await expect(storedEvidence(artifacts).read([prefix], settings, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});
