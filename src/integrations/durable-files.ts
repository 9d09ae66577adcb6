import { constants } from "node:fs";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../domain/errors.ts";
import { partFileName } from "./part-files.ts";

/** What gofire keeps holds what a service's memory holds: for gofire's own user only. */
export const folderMode = 0o700;
export const fileMode = 0o600;
/** Flags to read with: follows no link, and does not wait for a pipe's other end. */
export const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A folder that others empty may vanish between being made and being used. */
const placeAttempts = 5;

/**
 * Makes `path` with `bytes`, whole and durable, or not at all; false when something stands there already. `parts` is a
 * folder of the same file system, where it grows.
 */
export async function createOnce(path: string, bytes: Uint8Array, parts: string): Promise<boolean> {
  const part = await written(bytes, parts);
  try {
    await placed(path, () => link(part, path));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") {
      // Whoever made it may not have come to this yet.
      await syncFolder(dirname(path));
      return false;
    }
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

/** Gives `path` the content `bytes`, whole and durable; readers see what was there before or this. */
export async function replaceFile(path: string, bytes: Uint8Array, parts: string): Promise<void> {
  const part = await written(bytes, parts);
  try {
    await placed(path, () => rename(part, path));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** A file of its own in `folder` that holds `bytes`, on the disk. */
async function written(bytes: Uint8Array, folder: string): Promise<string> {
  const path = join(folder, partFileName());
  await mkdir(folder, { recursive: true, mode: folderMode });
  const handle = await open(path, "wx", fileMode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return path;
}

async function placed(path: string, place: () => Promise<void>): Promise<void> {
  const folder = dirname(path);
  for (let attempt = 1; ; attempt++) {
    const made = await mkdir(folder, { recursive: true, mode: folderMode });
    try {
      await place();
      await syncFolder(folder);
      if (made === undefined) return;
      // The names of the folders that were made stand in those above.
      for (let above = folder; above.length >= made.length; above = dirname(above))
        await syncFolder(dirname(above));
      return;
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || attempt === placeAttempts) throw error;
    }
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
