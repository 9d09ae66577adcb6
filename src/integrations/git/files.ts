import type { FileState, TouchedFile } from "../../ports/config-history.ts";
import { largestFile, mostFiles } from "./limits.ts";
import { type GitRun, git } from "./program.ts";

/** A file whose two states are wanted; without `base` there was nothing before. */
export interface WantedFile {
  readonly base?: string;
  readonly head: string;
  readonly path: string;
}

/** What the files held; sizes are asked first, so that nothing large is printed. */
export async function readFiles(wanted: readonly WantedFile[], run: GitRun): Promise<readonly TouchedFile[]> {
  const asked = wanted.slice(0, mostFiles);
  const names = asked.flatMap(({ base, head, path }) => [
    base === undefined ? undefined : `${base}:${path}`,
    `${head}:${path}`,
  ]);
  const states = await readObjects(names, run);
  return asked.map(({ path }, index) => ({
    path,
    before: states[2 * index] ?? "absent",
    after: states[2 * index + 1] ?? "absent",
  }));
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
  const readable = [
    ...new Set([...found.values()].flatMap(({ object, bytes }) => (bytes <= largestFile ? [object] : []))),
  ];
  const contents = readable.length === 0 ? new Map<string, Uint8Array>() : await contentsOf(readable, run);
  return names.map((name) => {
    const known = name === undefined ? undefined : found.get(name);
    if (known === undefined) return unaskable(name);
    return contents.get(known.object) ?? { unread: `it is larger than ${largestFile >> 20} MiB` };
  });
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
