import type { LoggedEvent } from "../domain/audit/audit-event.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { readEntry } from "./entry.ts";
import { Growth } from "./growth.ts";
import type { Verifier } from "./keys.ts";
import { checkpointPath, claimPath, entriesOf, mostBytesOf, tilePath, tileWidth } from "./tiles.ts";
import type { LogFile } from "./tree.ts";

/** Where a log is read from; undefined for a file that is not there, errors of its own for what cannot be asked. */
export interface LogSource {
  read(path: string, mostBytes: number): Promise<Uint8Array | undefined>;
  /** Whether gofire's own files beside the log's are there, too: then those are compared, and what older checkpoints need. */
  readonly isOwn?: boolean;
}

/** What does not verify, and where. */
export interface LogProblem {
  /** `checkpoint`, `tile/…`, `claimed/…`, or as the older checkpoint is called. */
  readonly file: string;
  /** A sentence without its subject: "is missing". */
  readonly what: string;
}

export interface LogVerdict {
  /** Of the signed tree; absent when there is none that can be believed. */
  readonly checkpoint?: Checkpoint & { readonly note: string };
  /** Of the older checkpoint that it was compared with. */
  readonly since?: Checkpoint;
  /** Those that verified, in order. */
  readonly entries: readonly LoggedEvent[];
  /** Empty: the log verifies. The first says most. */
  readonly problems: readonly LogProblem[];
  /** As far as the entries go. */
  readonly growth: Growth;
}

/** After so many it is clear. */
const mostProblems = 20;

/** How new the log has to be: an older copy of it verifies as well as the log itself. */
export interface Expected {
  /** An older signed checkpoint: the log must still begin with what it stood for. */
  readonly since?: { readonly name: string; readonly note: string } | undefined;
  /** Number of entries that it must have at least. */
  readonly leastSize?: number;
}

/**
 * Reads the whole log and re-derives it from its entries: each must be signed by `verifier`, no id may stand there twice,
 * every tile must hold what the entries give, and the root must be the one that was signed. Undefined when there is no
 * checkpoint at all.
 */
export async function verifyLog(
  source: LogSource,
  verifier: Verifier,
  { since, leastSize = 0 }: Expected = {},
): Promise<LogVerdict | undefined> {
  const bytes = await source.read(checkpointPath, mostBytesOf(checkpointPath));
  if (bytes === undefined) return undefined;
  const note = Buffer.from(bytes).toString("utf8");
  const checkpoint = openCheckpoint(note, verifier);
  const older = since === undefined ? undefined : openCheckpoint(since.note, verifier);
  const growth = new Growth();
  if (typeof checkpoint === "string" || typeof older === "string") {
    const problems = [
      ...(typeof checkpoint === "string" ? [{ file: checkpointPath, what: checkpoint }] : []),
      ...(typeof older === "string" ? [{ file: since?.name ?? "", what: older }] : []),
    ];
    return { entries: [], problems, growth };
  }
  const heads = older === undefined ? [] : [{ ...older, file: since?.name ?? "" }];
  const present = { ...checkpoint, file: checkpointPath };
  const { entries, problems } = await regrow(source, verifier, [present, ...heads], growth);
  const old = `has ${checkpoint.size} entries, and at least ${leastSize} were asked for: it is older, or entries are gone`;
  return {
    checkpoint: { ...checkpoint, note },
    ...(older === undefined ? {} : { since: older }),
    entries,
    problems: checkpoint.size < leastSize ? [{ file: checkpointPath, what: old }, ...problems] : problems,
    growth,
  };
}

/** A signed tree, and the file that says so. */
interface Head extends Checkpoint {
  readonly file: string;
}

/**
 * Lets `growth` grow to the first head, the present one, from the entries as they stand there, and compares everything on
 * the way.
 */
async function regrow(
  source: LogSource,
  verifier: Verifier,
  heads: readonly [Head, ...Head[]],
  growth: Growth,
): Promise<Pick<LogVerdict, "entries" | "problems">> {
  const [{ size }] = heads;
  const entries: LoggedEvent[] = [];
  const problems: LogProblem[] = heads
    .filter((head) => head.size > size)
    .map((head) => ({
      file: checkpointPath,
      what: `has ${size} entries, and ${head.file} was signed for ${head.size}: entries are gone`,
    }));
  const indexOf = new Map<string, number>();

  function compareHeads(): void {
    for (const head of heads) {
      if (head.size !== growth.size || Buffer.from(growth.root()).equals(head.root)) continue;
      problems.push({
        file: head.file,
        what: `was signed for another tree: the ${head.size} entries are not those`,
      });
    }
  }

  async function compare(file: LogFile): Promise<void> {
    const { path, bytes } = file;
    const stored = await readWhole(source, path, bytes.length);
    const what = stored === undefined ? "is missing" : differenceOf(bytes, stored);
    if (what !== undefined) problems.push({ file: path, what });
  }

  /** What an older checkpoint needs may be gone; if it is there, it has to be right. */
  async function compareOlder(file: LogFile): Promise<void> {
    const stored = await source.read(file.path, mostBytesOf(file.path));
    const what = stored === undefined ? undefined : differenceOf(file.bytes, stored);
    if (what !== undefined) problems.push({ file: file.path, what });
  }

  async function add(entry: Uint8Array, bundlePath: string): Promise<void> {
    const index = growth.size;
    const event = readEntry(entry, verifier);
    if (typeof event === "string") {
      problems.push({ file: bundlePath, what: `entry ${index} ${event}` });
    } else {
      const first = indexOf.get(event.id);
      if (first !== undefined)
        problems.push({ file: bundlePath, what: `entry ${index} has the id of entry ${first}` });
      indexOf.set(event.id, index);
      entries.push({ index, event });
    }
    // The bundle itself was read just now.
    for (const file of growth.append(entry)) if (file.path !== bundlePath) await compare(file);
    compareHeads();
    if (source.isOwn === true && growth.size < size && size - index <= size % tileWidth) {
      for (const file of growth.partial()) await compareOlder(file);
    }
  }

  compareHeads();
  while (growth.size < size) {
    const width = Math.min(tileWidth, size - growth.size);
    const path = tilePath("entries", growth.size / tileWidth, width);
    const bundle = await readBundle(source, path, width);
    if (typeof bundle === "string") {
      // Nothing behind it has a place that is known.
      problems.push({ file: path, what: bundle });
      return { entries, problems };
    }
    if (source.isOwn === true) {
      const from = growth.size;
      await Promise.all(bundle.map((bytes, at) => compare({ path: claimPath(from + at), bytes })));
    }
    for (const entry of bundle) {
      await add(entry, path);
      if (problems.length >= mostProblems) return { entries, problems };
    }
    if (growth.size < size) continue;
    for (const file of growth.partial()) if (file.path !== path) await compare(file);
  }
  return { entries, problems };
}

/**
 * The file as it has to be. In place of a partial one, as much of the full one: a log may drop the partial one then
 * (c2sp.org/tlog-tiles).
 */
async function readWhole(source: LogSource, path: string, bytes: number): Promise<Uint8Array | undefined> {
  const stored = await source.read(path, mostBytesOf(path));
  const full = path.replace(/\.p\/\d+$/, "");
  if (stored !== undefined || full === path) return stored;
  return (await source.read(full, mostBytesOf(full)))?.subarray(0, bytes);
}

/** Exactly `width` entries, or what is wrong with the bundle. */
async function readBundle(
  source: LogSource,
  path: string,
  width: number,
): Promise<readonly Uint8Array[] | string> {
  const stored = await source.read(path, mostBytesOf(path));
  const full = path.replace(/\.p\/\d+$/, "");
  const bytes = stored ?? (full === path ? undefined : await source.read(full, mostBytesOf(full)));
  if (bytes === undefined) return "is missing";
  const entries = entriesOf(bytes);
  if (entries === undefined) return "is not a bundle of entries: their lengths do not add up";
  const expected = stored === undefined ? tileWidth : width;
  return entries.length === expected
    ? entries.slice(0, width)
    : `has ${entries.length} entries, and this bundle has to have ${expected}`;
}

function differenceOf(given: Uint8Array, stored: Uint8Array): string | undefined {
  if (Buffer.from(given).equals(stored)) return undefined;
  if (stored.length !== given.length)
    return `has ${stored.length} bytes, and the entries give ${given.length}`;
  const at = given.findIndex((byte, index) => byte !== stored[index]);
  return `is not what the entries give, from byte ${at} on`;
}
