import type { FileState, TouchedFiles } from "../../ports/config-history.ts";
import { largestFile, largestPortion, mostFiles } from "./limits.ts";
import { type GitRun, git } from "./program.ts";

/** A file whose two states are wanted; without `base` there was nothing before. */
export interface WantedFile {
  readonly base?: string;
  readonly head: string;
  readonly path: string;
}

/** What files held, `mostFiles` at most. */
export async function readFiles(wanted: readonly WantedFile[], run: GitRun): Promise<TouchedFiles> {
  const [touched] = await readRevisions([wanted], run);
  return touched ?? { files: [], more: 0 };
}

/** What the files of several revisions held, `mostFiles` of each; sizes are asked first, so that nothing large is printed. */
export async function readRevisions(
  revisions: readonly (readonly WantedFile[])[],
  run: GitRun,
): Promise<readonly TouchedFiles[]> {
  const asked = revisions.flatMap((wanted) => wanted.slice(0, mostFiles));
  const names = asked.flatMap(({ base, head, path }) => [
    base === undefined ? undefined : `${base}:${path}`,
    `${head}:${path}`,
  ]);
  const states = await readObjects(names, run);
  const files = asked.map(({ path }, index) => ({
    path,
    before: states[2 * index] ?? "absent",
    after: states[2 * index + 1] ?? "absent",
  }));
  let at = 0;
  return revisions.map((wanted) => {
    const own = files.slice(at, at + Math.min(wanted.length, mostFiles));
    at += own.length;
    return { files: own, more: wanted.length - own.length };
  });
}

async function readObjects(
  names: readonly (string | undefined)[],
  run: GitRun,
): Promise<readonly FileState[]> {
  // Names are read line by line.
  const askable = names.filter((name) => name !== undefined && !/[\n\r]/.test(name));
  if (askable.length === 0) return names.map(unaskable);
  const sizes = await git(["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"], {
    ...run,
    input: `${askable.join("\n")}\n`,
  });
  const found = new Map<string, { readonly object: string; readonly bytes: number }>();
  for (const [index, row] of sizes.toString("utf8").split("\n").entries()) {
    const [, object, size] = /^([0-9a-f]{40,64}) blob (\d+)$/.exec(row) ?? [];
    const name = askable[index];
    if (object !== undefined && name !== undefined) found.set(name, { object, bytes: Number(size) });
  }
  const readable = new Map(
    [...found.values()].flatMap(({ object, bytes }) =>
      bytes <= largestFile ? [[object, bytes] as const] : [],
    ),
  );
  const contents = new Map<string, Uint8Array>();
  for (const objects of inPortions(readable)) {
    for (const [object, bytes] of await contentsOf(objects, run)) contents.set(object, bytes);
  }
  return names.map((name) => {
    const known = name === undefined ? undefined : found.get(name);
    if (known === undefined) return unaskable(name);
    return contents.get(known.object) ?? { unread: `it is larger than ${largestFile >> 20} MiB` };
  });
}

/** Usually one. None of them is more than git may print at once. */
function inPortions(sizes: ReadonlyMap<string, number>): readonly (readonly string[])[] {
  const portions: string[][] = [];
  let room = 0;
  for (const [object, bytes] of sizes) {
    if (portions.length === 0 || bytes > room) {
      portions.push([]);
      room = largestPortion;
    }
    portions.at(-1)?.push(object);
    room -= bytes;
  }
  return portions;
}

function unaskable(name: string | undefined): FileState {
  return name !== undefined && /[\n\r]/.test(name) ? { unread: "its name has a line break in it" } : "absent";
}

/**
 * What blobs hold, by their hashes; the caller has seen to it that they are not too large together. Reads
 * `git cat-file --batch`: `OBJECT blob BYTES`, a line feed, the bytes, a line feed.
 */
export async function contentsOf(objects: readonly string[], run: GitRun): Promise<Map<string, Uint8Array>> {
  const output = await git(["cat-file", "--batch"], { ...run, input: `${objects.join("\n")}\n` });
  const contents = new Map<string, Uint8Array>();
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    const [, object, size] = /^([0-9a-f]{40,64}) blob (\d+)$/.exec(output.toString("latin1", at, end)) ?? [];
    if (end < 0 || object === undefined) break;
    const bytes = Number(size);
    contents.set(object, output.subarray(end + 1, end + 1 + bytes));
    at = end + 1 + bytes + 1;
  }
  return contents;
}
