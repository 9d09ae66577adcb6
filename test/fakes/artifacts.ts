import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PortError } from "../../src/domain/errors.ts";
import { contentTypeOf } from "../../src/domain/evidence/content-type.ts";
import type { Artifacts, StoredArtifact } from "../../src/ports/artifacts.ts";

/** Artifacts in a folder, so that several processes of a test share them; each is held in memory on its way. */
export function fakeArtifacts(folder: string): Artifacts {
  async function about(key: string): Promise<StoredArtifact | undefined> {
    try {
      const { size, mtimeMs } = await stat(join(folder, key));
      return { key, bytes: size, contentType: contentTypeOf(key), storedAtMs: Math.floor(mtimeMs) };
    } catch {
      return undefined;
    }
  }

  async function keysBelow(prefix: string): Promise<string[]> {
    const names = await readdir(join(folder, prefix), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    return names
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  }

  return {
    async put(key, source, { contentType }, signal) {
      check(key, signal);
      const content = await untilAborted(collected(source), signal);
      const path = join(folder, key);
      await mkdir(dirname(path), { recursive: true });
      const part = join(dirname(path), `.${process.pid}-${Math.random()}`);
      await writeFile(part, content);
      await rename(part, path);
      return { key, bytes: content.length, contentType, storedAtMs: Date.now() };
    },
    async *get(key, signal) {
      check(key, signal);
      let content: Uint8Array;
      try {
        content = await readFile(join(folder, key));
      } catch {
        throw new PortError("not-found", key, `there is no ${key}`);
      }
      yield content;
    },
    async stat(key, signal) {
      check(key, signal);
      return await about(key);
    },
    async list(prefix, signal) {
      check(prefix, signal, "prefix");
      const found = await Promise.all((await keysBelow(prefix)).map(about));
      return found.filter((artifact) => artifact !== undefined);
    },
    async remove(prefixOrKey, signal) {
      const isPrefix = prefixOrKey.endsWith("/");
      check(prefixOrKey, signal, isPrefix ? "prefix" : "key");
      const keys = isPrefix ? await keysBelow(prefixOrKey) : [prefixOrKey];
      const there = (await Promise.all(keys.map(about))).filter((artifact) => artifact !== undefined);
      await Promise.all(there.map(({ key }) => rm(join(folder, key), { force: true })));
      return there.length;
    },
  };
}

async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function check(name: string, signal: AbortSignal, kind: "key" | "prefix" = "key"): void {
  signal.throwIfAborted();
  const key = kind === "prefix" ? name.replace(/\/$/, "") : name;
  const isKey = key.length <= 800 && key.split("/").every((part) => /^[\w-][\w.-]{0,199}$/.test(part));
  if (isKey && name.endsWith("/") === (kind === "prefix")) return;
  throw new PortError("forbidden", name, "this is not the name of an artifact");
}
