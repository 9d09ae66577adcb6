import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureStoreContract } from "../contracts/capture-store.ts";
import { fakeCaptureStore } from "../fakes/capture-store.ts";

const never = new AbortController().signal;
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "gofire-store-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

captureStoreContract("the fake", async () => {
  const store = fakeCaptureStore();
  return await Promise.resolve({
    store,
    async stored(location: string, file: string) {
      const bytes = store.bundles.get(location)?.get(file);
      if (bytes === undefined) throw new Error(`no ${file}`);
      return await Promise.resolve(bytes);
    },
  });
});

captureStoreContract("the folder", async () => ({
  store: captureStore(join(await folder(), "not", "there", "yet")),
  stored: (location, file) => readFile(join(location, file)),
}));

describe("the folder", () => {
  test("is readable by its owner only", async () => {
    const parent = join(await folder(), "captures");
    const bundle = await captureStore(parent).create("gofire-order-1", never);
    await bundle.save("heap.pb.gz", once("x"), "as-is", never);
    await bundle.writeManifest("{}", never);
    const modes = await Promise.all(
      [
        parent,
        bundle.location,
        join(bundle.location, "heap.pb.gz"),
        join(bundle.location, "manifest.json"),
      ].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o700, 0o600, 0o600]);
  });

  test("a file has its name only when it is whole", async () => {
    const bundle = await captureStore(await folder()).create("gofire-order-1", never);
    const seen: string[][] = [];
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("first");
      seen.push(await readdir(bundle.location));
      yield Buffer.from("second");
    }
    await bundle.save("heap.pb.gz", source(), "as-is", never);
    expect(seen[0]).toEqual([expect.stringMatching(/^\.heap\.pb\.gz\..*\.part$/)]);
    expect(await readdir(bundle.location)).toEqual(["heap.pb.gz"]);
  });

  test("leaves no rest behind when a save fails", async () => {
    const bundle = await captureStore(await folder()).create("gofire-order-1", never);
    await expect(bundle.save("heap.pb.gz", buggy(), "gzip", never)).rejects.toThrow("bug");
    expect(await readdir(bundle.location)).toEqual([]);
  });

  test("a source of many megabytes passes through without being held", async () => {
    const bundle = await captureStore(await folder()).create("gofire-order-1", never);
    const chunk = Buffer.alloc(1 << 20, 7);
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 192; i++) yield await Promise.resolve(chunk);
    }
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5);
    const saved = await bundle.save("heap.pb.gz", source(), "as-is", never);
    clearInterval(watch);
    expect(saved.bytes).toBe(192 << 20);
    expect(most - before).toBeLessThan(96 << 20);
  });

  test("says in words when the place cannot be written to", async () => {
    const path = join(await folder(), "a-file");
    await writeFile(path, "");
    await expect(captureStore(join(path, "below")).create("gofire-order-1", never)).rejects.toMatchObject({
      name: "PortError",
      message: "a part of this path is not a folder",
    });
  });

  test("does not read a manifest that cannot be one of ours", async () => {
    const path = await folder();
    await writeFile(join(path, "manifest.json"), Buffer.alloc((1 << 20) + 1, 32));
    await expect(captureStore(path).readManifest(path, never)).rejects.toMatchObject({
      code: "bad-response",
    });
  });
});

async function* buggy(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from("first"));
  throw new TypeError("bug");
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
