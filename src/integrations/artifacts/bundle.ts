import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { WriteStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { manifestFile } from "../../capture/manifest.ts";
import { errorCode, isFullDisk, PortError } from "../../domain/errors.ts";
import type { BundleWriter, CaptureStore, SavedFile } from "../../ports/capture-store.ts";
import { diskError } from "../disk-error.ts";
import { fileMode, folderMode } from "../durable-files.ts";
import { measuredBody } from "./measured-body.ts";

/** A manifest lists some twenty files; more than this is not one of ours. */
const largestManifestBytes = 1 << 20;

/** Keeps bundles as folders below `folder`, which is made when it is not there. */
export function captureStore(folder: string): CaptureStore {
  return {
    async create(name, signal) {
      signal.throwIfAborted();
      checkName(name, folder);
      try {
        await mkdir(folder, { recursive: true, mode: folderMode });
        return bundleWriter(await newFolder(folder, name));
      } catch (error) {
        throw diskError(error, folder);
      }
    },
    async readManifest(location, signal) {
      const path = join(location, manifestFile);
      let handle: FileHandle | undefined;
      try {
        handle = await open(path, "r");
        const { size } = await handle.stat();
        if (size > largestManifestBytes) {
          throw new PortError("bad-response", path, `${size} bytes are too many for a capture's manifest`);
        }
        return await handle.readFile({ encoding: "utf8", signal });
      } catch (error) {
        signal.throwIfAborted();
        throw diskError(error, path);
      } finally {
        await handle?.close();
      }
    },
  };
}

async function newFolder(parent: string, name: string): Promise<string> {
  for (let copy = 1; ; copy++) {
    const path = join(parent, copy === 1 ? name : `${name}-${copy}`);
    try {
      await mkdir(path, { mode: folderMode });
      return path;
    } catch (error) {
      if (errorCode(error) !== "EEXIST" || copy >= 100) throw error;
    }
  }
}

function bundleWriter(location: string): BundleWriter {
  return {
    location,
    async save(file, source, encoding, signal) {
      checkName(file, location);
      try {
        return await replaceFile(location, file, (out) => writeBody(out, source, encoding, signal));
      } catch (error) {
        throw diskError(error, join(location, file));
      }
    },
    async writeManifest(text, signal) {
      signal.throwIfAborted();
      const replace = () =>
        replaceFile(location, manifestFile, async (out) => {
          out.end(text);
          await finished(out);
        });
      try {
        await replace().catch(async (error: unknown) => {
          if (!isFullDisk(error)) throw error;
          // There may be room for one of the two. Between them the captures are judged as loose files.
          await rm(join(location, manifestFile), { force: true });
          await replace();
        });
      } catch (error) {
        throw diskError(error, join(location, manifestFile));
      }
    },
  };
}

/** Writes to a file next to `name` and renames it when it is whole and on disk. */
async function replaceFile<T>(
  folder: string,
  name: string,
  write: (out: WriteStream) => Promise<T>,
): Promise<T> {
  const part = join(folder, `.${name}.${randomUUID()}.part`);
  const handle = await open(part, "wx", fileMode);
  try {
    const out = handle.createWriteStream({ flush: true });
    const result = await write(out);
    await rename(part, join(folder, name));
    return result;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Ends normally with what came when the source breaks; throws when the disk does. */
async function writeBody(
  out: WriteStream,
  source: AsyncIterable<Uint8Array>,
  encoding: "gzip" | "as-is",
  signal: AbortSignal,
): Promise<SavedFile> {
  const body = measuredBody(source, encoding, signal);
  await pipeline(body.chunks, out);
  if (!out.closed) await once(out, "close"); // flushed to disk before it gets its name
  return body.saved();
}

/** Names come from a manifest or a host name; none may lead out of the folder or hide in it. */
function checkName(name: string, folder: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(name)) {
    throw new PortError("forbidden", folder, `"${name}" is not a plain file name`);
  }
}
