/** The files of a log on a disk. */

import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkpointPath, claimPath, mostEntryBytes } from "../../audit/tiles.ts";
import type { LogFile } from "../../audit/tree.ts";
import { errorCode } from "../../domain/errors.ts";
import type { AuditLogFiles } from "../../ports/audit-log.ts";
import { diskError } from "../disk-error.ts";
import { createOnce, readOnly, replaceFile, syncFolder } from "../durable-files.ts";
import { partsFolder, removeLeftParts } from "../part-files.ts";

/** Where checkpoints wait for their turn. */
const stagedFolder = ".staged";
/** Made once: tells this log from one of the same name elsewhere. */
const idFile = ".id";

/** The files below `folder`, which is only read. */
export function folderFiles(folder: string): AuditLogFiles {
  return {
    where: folder,
    isOwn: true,
    read: (path, mostBytes, signal) => readPart(join(folder, path), mostBytes, signal),
    close: () => Promise.resolve(),
  };
}

async function readPart(
  path: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  signal.throwIfAborted();
  try {
    const handle = await open(path, readOnly);
    try {
      const file = await handle.stat();
      if (!file.isFile()) return undefined;
      if (file.size > mostBytes) {
        const { buffer } = await handle.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0);
        return buffer;
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const failure = diskError(error, path);
    if (failure.code === "not-found") return undefined;
    throw failure;
  }
}

/** What the one who keeps the log does there. Throws PortError for a disk that refuses. */
export interface LogFolder {
  readonly files: AuditLogFiles;
  /** Of this folder and its copies. */
  readonly id: string;
  /** The entry at a place that was claimed, published or not; undefined for one that is free. Durable when it is seen. */
  claimed(index: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** False when the place is taken. */
  claim(index: number, entry: Uint8Array): Promise<boolean>;
  /** Files that say the same whoever writes them. */
  write(files: readonly LogFile[]): Promise<void>;
  /**
   * Lets `note` be the checkpoint unless there is one of at least its size; see `publish` for what keeps a slow process from
   * putting an older one over a newer one. `ahead`: somebody is about to publish a larger one, or was and died; follow
   * what was claimed, and publish that.
   */
  publish(size: number, note: string, standing: () => Promise<number | undefined>): Promise<"done" | "ahead">;
  /** The partial files of those that are full now. */
  removePartials(full: readonly LogFile[]): Promise<void>;
}

/** Makes the folder where there is none. Throws PortError when the disk does not take it. */
export async function openLogFolder(folder: string): Promise<LogFolder> {
  const parts = join(folder, partsFolder);
  const staged = join(folder, stagedFolder);
  const files = folderFiles(folder);
  let id: string;
  try {
    for (const made of [parts, staged]) await mkdir(made, { recursive: true, mode: 0o700 });
    await removeLeftParts(parts);
    await createOnce(join(folder, idFile), Buffer.from(crypto.randomUUID()), parts);
    id = await readFile(join(folder, idFile), "utf8");
  } catch (error) {
    throw diskError(error, folder);
  }

  async function attempt<Result>(path: string, work: (path: string) => Promise<Result>): Promise<Result> {
    try {
      return await work(join(folder, path));
    } catch (error) {
      throw diskError(error, join(folder, path));
    }
  }

  return {
    files,
    id,
    async claimed(index, signal) {
      const path = claimPath(index);
      const entry = await files.read(path, mostEntryBytes, signal);
      // Its writer may have died before its name was on the disk.
      if (entry !== undefined) await attempt(path, (claimed) => syncFolder(join(claimed, "..")));
      return entry;
    },
    claim: (index, entry) => attempt(claimPath(index), (path) => createOnce(path, entry, parts)),
    async write(all) {
      for (const file of all) await attempt(file.path, (path) => replaceFile(path, file.bytes, parts));
    },
    publish: (size, note, standing) =>
      attempt(checkpointPath, (path) => publish(path, { staged, parts, size, note, standing })),
    async removePartials(full) {
      for (const { path } of full)
        await attempt(`${path}.p`, (at) => rm(at, { recursive: true, force: true }));
    },
  };
}

interface Publication {
  readonly staged: string;
  readonly parts: string;
  readonly size: number;
  readonly note: string;
  readonly standing: () => Promise<number | undefined>;
}

/**
 * A checkpoint never becomes smaller, though a file system has no "replace if larger" and a process may stop for any time
 * between looking and replacing. Each puts its own under a name of its own and size into `staged`; then looks whether a
 * larger one is there, or already stands; then removes the smaller ones that it saw; then renames its own into place.
 * Whoever staged a smaller one before that look cannot rename it any more; whoever staged it later sees the larger one,
 * staged or standing, and gives way.
 */
async function publish(
  path: string,
  { staged, parts, size, note, standing }: Publication,
): Promise<"done" | "ahead"> {
  for (;;) {
    const own = `${size}.${crypto.randomUUID()}`;
    await replaceFile(join(staged, own), Buffer.from(note), parts);
    const names = await readdir(staged);
    if (names.some((name) => stagedSize(name) > size)) {
      await rm(join(staged, own), { force: true });
      return "ahead";
    }
    const there = await standing();
    if (there !== undefined && there >= size) {
      await rm(join(staged, own), { force: true });
      return "done";
    }
    for (const name of names) if (stagedSize(name) < size) await rm(join(staged, name), { force: true });
    try {
      await rename(join(staged, own), path);
      await syncFolder(join(path, ".."));
      return "done";
    } catch (error) {
      // Somebody with a larger one removed it: look again.
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
}

function stagedSize(name: string): number {
  return Number.parseInt(name, 10);
}
