import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PortError } from "../../src/domain/errors.ts";
import type { Artifacts, StoredArtifact } from "../../src/ports/artifacts.ts";

/** Artifacts in a folder, so that several processes of a test share them. */
export function fakeArtifacts(folder: string): Artifacts {
  async function about(key: string): Promise<StoredArtifact | undefined> {
    try {
      const { size, mtimeMs } = await stat(join(folder, key));
      return { key, bytes: size, contentType: "application/octet-stream", storedAtMs: mtimeMs };
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
      const chunks: Uint8Array[] = [];
      for await (const chunk of source) chunks.push(chunk);
      signal.throwIfAborted();
      const path = join(folder, key);
      await mkdir(dirname(path), { recursive: true });
      const part = join(dirname(path), `.${process.pid}-${Math.random()}`);
      await writeFile(part, Buffer.concat(chunks));
      await rename(part, path);
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
      return { key, bytes, contentType, storedAtMs: Date.now() };
    },
    async *get(key, signal) {
      signal.throwIfAborted();
      let content: Uint8Array;
      try {
        content = await readFile(join(folder, key));
      } catch {
        throw new PortError("not-found", key, `there is no ${key}`);
      }
      yield content;
    },
    stat: about,
    async list(prefix) {
      const found = await Promise.all((await keysBelow(prefix)).map(about));
      return found.filter((artifact) => artifact !== undefined);
    },
    async remove(prefixOrKey) {
      const keys = prefixOrKey.endsWith("/") ? await keysBelow(prefixOrKey) : [prefixOrKey];
      await Promise.all(keys.map((key) => rm(join(folder, key), { force: true })));
      return keys.length;
    },
  };
}
