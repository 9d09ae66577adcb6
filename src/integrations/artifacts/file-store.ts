import { once } from "node:events";
import { lstat, mkdir, open, readdir, realpath, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorCode, PortError } from "../../domain/errors.ts";
import { contentTypeOf } from "../../domain/evidence/content-type.ts";
import type { Artifacts, StoredArtifact } from "../../ports/artifacts.ts";
import { diskError } from "../disk-error.ts";
import { fileMode, folderMode, readOnly, syncFolder } from "../durable-files.ts";
import { partFileName, partsFolder, removeLeftParts } from "../part-files.ts";
import { checkKey, checkPrefix } from "./artifact-key.ts";
import { watchedSource } from "./watched-source.ts";

/** A folder that is emptied is removed, perhaps just before something new is renamed into it. */
const placeAttempts = 5;

/**
 * Artifacts as files below `folder`, which is made when it is not there. Symbolic links below it are not followed.
 * Removes what writers left that died. Throws PortError when the folder cannot be used.
 */
export async function fileStore(folder: string): Promise<Artifacts> {
  let root: string;
  try {
    await mkdir(join(folder, partsFolder), { recursive: true, mode: folderMode });
    root = await realpath(folder);
    await removeLeftParts(join(root, partsFolder));
  } catch (error) {
    throw diskError(error, folder);
  }
  const pathOf = (key: string) => join(root, key);

  async function about(key: string): Promise<StoredArtifact | undefined> {
    const file = await lstat(pathOf(key)).catch(absent);
    if (file === undefined || !file.isFile()) return undefined;
    return { key, bytes: file.size, contentType: contentTypeOf(key), storedAtMs: Math.floor(file.mtimeMs) };
  }

  return {
    async put(key, source, { contentType }, signal) {
      signal.throwIfAborted();
      checkKey(key);
      const path = pathOf(key);
      const part = join(root, partsFolder, partFileName());
      const watched = watchedSource(source, signal);
      try {
        const out = (await open(part, "wx", fileMode)).createWriteStream({ flush: true });
        await pipeline(watched.chunks, out, { signal });
        if (!out.closed) await once(out, "close"); // flushed to disk before it gets its name
        await moveInto(root, part, path);
        return { key, bytes: watched.bytes(), contentType, storedAtMs: Date.now() };
      } catch (error) {
        await rm(part, { force: true });
        signal.throwIfAborted();
        const failure = watched.failure();
        throw failure === undefined ? diskError(error, path) : failure.error;
      }
    },
    async *get(key, signal) {
      signal.throwIfAborted();
      checkKey(key);
      const path = pathOf(key);
      try {
        await checkFolder(root, dirname(path));
        const handle = await open(path, readOnly);
        const stream = handle.createReadStream();
        if (!(await handle.stat()).isFile()) {
          stream.destroy();
          throw notOurs(path);
        }
        for await (const chunk of stream) {
          signal.throwIfAborted();
          yield chunk;
        }
      } catch (error) {
        signal.throwIfAborted();
        throw readError(error, key, path);
      }
    },
    async stat(key, signal) {
      signal.throwIfAborted();
      checkKey(key);
      try {
        return (await isFolder(root, dirname(pathOf(key)))) ? await about(key) : undefined;
      } catch (error) {
        throw diskError(error, pathOf(key));
      }
    },
    async list(prefix, signal) {
      signal.throwIfAborted();
      checkPrefix(prefix);
      try {
        const found = await Promise.all((await keysBelow(root, prefix, signal)).map(about));
        return found.filter((artifact) => artifact !== undefined);
      } catch (error) {
        signal.throwIfAborted();
        throw diskError(error, pathOf(prefix));
      }
    },
    async remove(prefixOrKey, signal) {
      signal.throwIfAborted();
      const isPrefix = prefixOrKey.endsWith("/");
      if (isPrefix) checkPrefix(prefixOrKey);
      else checkKey(prefixOrKey);
      try {
        const keys = isPrefix
          ? await keysBelow(root, prefixOrKey, signal)
          : (await isFolder(root, dirname(pathOf(prefixOrKey)))) && (await about(prefixOrKey)) !== undefined
            ? [prefixOrKey]
            : [];
        let removed = 0;
        for (const key of keys) {
          signal.throwIfAborted();
          if (await unlinked(pathOf(key))) removed++;
          await removeEmptyFolders(root, dirname(pathOf(key)));
        }
        return removed;
      } catch (error) {
        signal.throwIfAborted();
        throw diskError(error, pathOf(prefixOrKey));
      }
    },
  };
}

/** Gives the whole part its name, durably. */
async function moveInto(root: string, part: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await makeFolders(root, dirname(path));
    try {
      await rename(part, path);
      break;
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || attempt === placeAttempts) throw error;
    }
  }
  await syncFolder(dirname(path)).catch(absent); // removed again already
}

/** One by one, because making them all at once would follow a link. */
async function makeFolders(root: string, folder: string): Promise<void> {
  if (await isFolder(root, folder)) return;
  let path = root;
  for (const name of folder.slice(root.length + 1).split("/")) {
    const parent = path;
    path = join(parent, name);
    try {
      await mkdir(path, { mode: folderMode });
      await syncFolder(parent);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return; // its parent was removed meanwhile: the rename fails, and all begins anew
      if (errorCode(error) !== "EEXIST") throw error;
      const there = await lstat(path).catch(absent);
      if (there !== undefined && !there.isDirectory()) throw notOurs(path);
    }
  }
}

/** Whether `folder` is there. Throws PortError `forbidden` when a link leads there. */
async function isFolder(root: string, folder: string): Promise<boolean> {
  const real = await realpath(folder).catch(absent);
  if (real === undefined) return false;
  if (real !== folder || !(real === root || real.startsWith(`${root}/`))) throw notOurs(folder);
  return true;
}

async function checkFolder(root: string, folder: string): Promise<void> {
  if (!(await isFolder(root, folder))) throw new PortError("not-found", folder, "no such folder");
}

async function keysBelow(root: string, prefix: string, signal: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  async function walk(folder: string): Promise<void> {
    signal.throwIfAborted();
    const entries = (await readdir(folder, { withFileTypes: true }).catch(absent)) ?? [];
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) keys.push(path.slice(root.length + 1));
    }
  }
  const folder = join(root, prefix.slice(0, -1));
  if (await isFolder(root, folder)) await walk(folder);
  // By the whole key: a folder's files do not stand together when "-" comes before "/".
  return keys.sort();
}

async function unlinked(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let path = folder; path !== root; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch {
      return; // something is in it
    }
  }
}

function readError(error: unknown, key: string, path: string): PortError {
  // Through a link (ELOOP) or into a folder: there is no such artifact, whatever is there.
  const gone = ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(errorCode(error));
  if (gone || (error instanceof PortError && error.code === "not-found")) {
    return new PortError("not-found", key, `There is no artifact ${key} any more.`, { cause: error });
  }
  return diskError(error, path);
}

function notOurs(path: string): PortError {
  return new PortError("forbidden", path, "this is a link or a file where gofire's own folder should be");
}

/** Undefined for what is not there; other errors go on. */
function absent(error: unknown): undefined {
  const code = errorCode(error);
  if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
}
