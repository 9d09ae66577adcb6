import { randomUUID } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode } from "../domain/errors.ts";

/** Where files grow, in the folder that they come into: hidden, and on the same file system, so that they can be renamed. */
export const partsFolder = ".parts";
/** In a restarted container everything has the process id that it had before: this tells its lives apart. */
const thisLife = randomUUID();
/** Whether a writer on another machine lives cannot be seen; nothing is written for as long as this. */
const longestWriteMs = 86_400_000;

/** A file name that nobody else uses and that says who writes it. */
export function partFileName(): string {
  return `${process.pid}.${thisLife}.${randomUUID()}.${hostname()}`;
}

/** Removes what writers that are gone left in `folder`. */
export async function removeLeftParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (await isLeft(name, path)) await rm(path, { force: true });
  }
}

async function isLeft(name: string, path: string): Promise<boolean> {
  const { pid, life, host } = /^(?<pid>\d+)\.(?<life>[\w-]+)\.[\w-]+\.(?<host>.+)$/.exec(name)?.groups ?? {};
  if (life === thisLife) return false;
  if (pid === undefined || host !== hostname()) {
    const about = await stat(path).catch(() => undefined); // its writer may just have renamed it
    return about !== undefined && about.mtimeMs < Date.now() - longestWriteMs;
  }
  return Number(pid) === process.pid || !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return errorCode(error) === "EPERM";
  }
}
