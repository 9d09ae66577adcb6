import { randomBytes } from "node:crypto";
import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fileStore } from "../../src/integrations/artifacts/file-store.ts";
import { sealedBytes, sealingKey, unsealedBytes } from "../../src/integrations/artifacts/sealed-format.ts";
import { keySecret, sealedStore } from "../../src/integrations/artifacts/sealed-store.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { artifactsContract } from "../contracts/artifacts.ts";

const never = new AbortController().signal;
const about = { contentType: "text/plain" };
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "gofire-sealed-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const newKey = () => sealingKey(randomBytes(32));

artifactsContract("a folder, encrypted", async () => {
  const path = await mkdtemp(join(tmpdir(), "gofire-sealed-"));
  return {
    artifacts: sealedStore(await fileStore(path), newKey(), []),
    close: () => rm(path, { recursive: true, force: true }),
  };
});

describe("encrypted artifacts", () => {
  const key = "incidents/gf-1/dump.txt";
  const content = Buffer.from("tenant=acme goroutine 1 [running]:\n".repeat(8_000)); // five chunks

  async function stored(): Promise<{ artifacts: Artifacts; path: string; folder: string; files: Artifacts }> {
    const place = await folder();
    const files = await fileStore(place);
    const artifacts = sealedStore(files, newKey(), []);
    await artifacts.put(key, of(content), about, never);
    return { artifacts, path: join(place, key), folder: place, files };
  }

  test("show nothing of their content on disk, and the same content twice looks different", async () => {
    const { artifacts, path, folder } = await stored();
    const first = await readFile(path);
    expect(first.includes("acme")).toBe(false);
    expect(first.length).toBe(sealedBytes(content.length));
    await artifacts.put("incidents/gf-1/again.txt", of(content), about, never);
    const second = await readFile(join(folder, "incidents/gf-1/again.txt"));
    expect(first.subarray(48, 200).equals(second.subarray(48, 200))).toBe(false);
    expect(await readdir(join(folder, ".parts"))).toEqual([]);
  });

  test.each([0, 8, 20, 47, 48, 60, 48 + 65_552 + 3, -1])(
    "are refused when the byte at %i was changed",
    async (at) => {
      const { artifacts, path } = await stored();
      const bytes = await readFile(path);
      const position = at < 0 ? bytes.length + at : at;
      bytes[position] = (bytes[position] ?? 0) ^ 1;
      await writeFile(path, bytes);
      await expect(read(artifacts, key)).rejects.toMatchObject({
        code: at >= 8 && at < 16 ? "forbidden" : "bad-response", // another key's id: that key is not at hand
        target: key,
      });
    },
  );

  test("are refused when cut off, even between two chunks, and when lengthened", async () => {
    const { artifacts, path } = await stored();
    const { size } = await stat(path);
    const tampered = { code: "bad-response", message: expect.stringContaining("cut off") };
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(1)]));
    await expect(read(artifacts, key)).rejects.toMatchObject(tampered);
    for (const length of [size - 1, 48 + 2 * 65_552, 48, 47, 0]) {
      await truncate(path, length);
      await expect(read(artifacts, key)).rejects.toMatchObject({ code: "bad-response" });
    }
  });

  test("are refused under another name", async () => {
    const { artifacts, path, folder } = await stored();
    await copyFile(path, join(folder, "incidents/gf-1/findings.txt"));
    await expect(read(artifacts, "incidents/gf-1/findings.txt")).rejects.toMatchObject({
      code: "bad-response",
    });
  });

  test("are refused with their chunks in another order", async () => {
    const { artifacts, path } = await stored();
    const bytes = await readFile(path);
    const chunk = (number: number) => bytes.subarray(48 + number * 65_552, 48 + (number + 1) * 65_552);
    const swapped = [bytes.subarray(0, 48), chunk(1), chunk(0), bytes.subarray(48 + 2 * 65_552)];
    await writeFile(path, Buffer.concat(swapped));
    await expect(read(artifacts, key)).rejects.toMatchObject({ code: "bad-response" });
  });

  test("nothing of a changed chunk comes out", async () => {
    const { artifacts, path } = await stored();
    const bytes = await readFile(path);
    bytes[48 + 65_552 + 3] = (bytes[48 + 65_552 + 3] ?? 0) ^ 1;
    await writeFile(path, bytes);
    let came = 0;
    await expect(
      (async () => {
        for await (const chunk of artifacts.get(key, never)) came += chunk.length;
      })(),
    ).rejects.toMatchObject({ code: "bad-response" });
    expect(came).toBe(65_536);
  });

  test("that were never encrypted are not taken for ours", async () => {
    const { artifacts, files } = await stored();
    await files.put(key, of(content), about, never);
    await expect(read(artifacts, key)).rejects.toMatchObject({
      code: "bad-response",
      message: expect.stringContaining("is not encrypted"),
    });
  });

  test("of a former key are read, of an unknown one not, and the message names it", async () => {
    const files = await fileStore(await folder());
    const [old, current] = [newKey(), newKey()];
    await sealedStore(files, old, []).put(key, of(content), about, never);
    expect(await read(sealedStore(files, current, [old]), key)).toBe(content.toString());
    await expect(read(sealedStore(files, current, []), key)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining(old.id),
    });
  });
});

test("sizes are told from sealed sizes", () => {
  for (const bytes of [0, 1, 65_535, 65_536, 65_537, 131_072, 10_000_000]) {
    expect(unsealedBytes(sealedBytes(bytes))).toBe(bytes);
  }
  expect(unsealedBytes(10)).toBeUndefined();
});

test("a key is 32 bytes in base64, else the message says where to look and how to make one", () => {
  const secret = randomBytes(32);
  expect(keySecret(`${secret.toString("base64")}\n`, "KEY")).toEqual(secret);
  for (const text of [
    "",
    "hunter2",
    randomBytes(31).toString("base64"),
    secret.toString("hex"),
    "!".repeat(44),
  ]) {
    expect(() => keySecret(text, "GOFIRE_ARTIFACT_KEY")).toThrow(
      /GOFIRE_ARTIFACT_KEY .*openssl rand -base64 32/,
    );
  }
});

async function* of(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}

async function read(artifacts: Artifacts, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of artifacts.get(key, never)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
