/** How a log is laid out in files: https://c2sp.org/tlog-tiles. */
import { hashBytes } from "./merkle.ts";
import { mostNoteBytes } from "./note.ts";

/** Hashes of a full tile, and entries of a full bundle. */
export const tileWidth = 256;
/** What two bytes of length can say. */
export const mostEntryBytes = 65_535;
/** Of a full bundle of the longest entries. */
const mostBundleBytes = tileWidth * (2 + mostEntryBytes);

export const checkpointPath = "checkpoint";

/** `level` from 0, or `entries` for the entries themselves; `width` from 1 to 256. */
export function tilePath(level: number | "entries", index: number, width: number): string {
  const partial = width === tileWidth ? "" : `.p/${width}`;
  return `tile/${level}/${indexPath(index)}${partial}`;
}

/** 1234067 becomes x001/x234/067. */
function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/\d{3}/g) ?? [];
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join("/");
}

const index = String.raw`(?:x\d{3}/){0,4}\d{3}`;
const width = String.raw`(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])`;
const path = new RegExp(
  String.raw`^(?:${checkpointPath}|tile/(?:entries|\d|[1-5]\d|6[0-3])/${index}(?:\.p/${width})?)$`,
);

/** Whether a file of a log may be called so. */
export function isLogPath(text: string): boolean {
  return path.test(text);
}

/** What a file of that name, or a claimed entry, has at most. */
export function mostBytesOf(logPath: string): number {
  if (logPath === checkpointPath) return mostNoteBytes;
  if (logPath.startsWith("claimed/")) return mostEntryBytes;
  return logPath.startsWith("tile/entries/") ? mostBundleBytes : tileWidth * hashBytes;
}

/**
 * Where gofire puts the bytes of an entry before they are in a bundle: a file that exists is never written again, so that
 * no two processes give one place to two entries. Not served.
 */
export function claimPath(index: number): string {
  return `claimed/${indexPath(index)}`;
}

/** Each entry behind its length, two bytes, the more significant first. Throws RangeError for one that is too long. */
export function bundleOf(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > mostEntryBytes) throw new RangeError(`An entry of ${entry.length} bytes is too long.`);
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** The entries of a bundle, or undefined when its lengths do not add up. */
export function entriesOf(bundle: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    if (at + 2 > bundle.length) return undefined;
    const end = at + 2 + view.getUint16(at);
    if (end > bundle.length) return undefined;
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
