import type {
  ConfigChange,
  ConfigRevision,
  UncomparedFile,
} from "../../domain/configuration/config-change.ts";
import { positionText } from "../../domain/evidence/parse-result.ts";
import { changesBetween, isToldByLength } from "../../governance/diff.ts";
import { isDocumentName, readDocument } from "../../governance/document.ts";
import type { ConfigValues } from "../../governance/values.ts";
import type { FileState, TouchedFile, TouchedFiles, TouchedRevision } from "../../ports/config-history.ts";

/** A change that touches more is no tuning: what it is about stands in its message. */
const mostChanges = 50;
const mostUncompared = 10;
const wordCharacters = 200;
/**
 * Of all documents that are compared at once, before and after: one of the largest. The most expensive ones take some ten
 * seconds for each MiB, and everything else of the process waits meanwhile.
 */
export const mostComparedBytes = 2 << 20;

/** What a revision changed, by value. */
export function revisionFacts(touched: TouchedRevision): ConfigRevision {
  const { revision, tag, author, subject, atMs } = touched;
  const { changes, uncompared } = comparedFiles(touched);
  return {
    revision,
    ...(tag === undefined ? {} : { tag: tag.slice(0, wordCharacters) }),
    author: author.slice(0, wordCharacters),
    subject: subject.slice(0, wordCharacters),
    atMs,
    changes: changes.slice(0, mostChanges),
    more: Math.max(0, changes.length - mostChanges),
    uncompared: uncompared.slice(0, mostUncompared),
  };
}

/** Values that are others in files; those of files that cannot be read are not told, and which those are is. */
export function comparedFiles({ files, more }: TouchedFiles): {
  readonly changes: readonly ConfigChange[];
  readonly uncompared: readonly UncomparedFile[];
} {
  const changes: ConfigChange[] = [];
  const uncompared: UncomparedFile[] = [];
  let bytes = 0;
  for (const file of files) {
    const further = documentBytes(file);
    if (bytes + further > mostComparedBytes) {
      uncompared.push({ file: file.path, reason: tooMuch });
      continue;
    }
    bytes += further;
    const compared = comparedFile(file);
    if ("reason" in compared) uncompared.push({ file: file.path, reason: compared.reason });
    else changes.push(...compared.changes);
  }
  if (more > 0) uncompared.push({ file: `${more} more files`, reason: `only ${files.length} are compared` });
  return { changes, uncompared };
}

const tooMuch = `with the files before it, it is more than the ${mostComparedBytes >> 20} MiB that are compared at once`;

/** What reading a file as a document costs, before and after. */
export function documentBytes({ path, before, after }: TouchedFile): number {
  if (!isDocumentName(path)) return 0;
  return [before, after].reduce(
    (sum, state) => sum + (state instanceof Uint8Array ? state.byteLength : 0),
    0,
  );
}

/** Values that are told by their length alone are not shown to anybody who agrees to them: where they are, and why. */
export function untoldIn(changes: readonly ConfigChange[]): readonly UncomparedFile[] {
  return changes
    .filter(isToldByLength)
    .map(({ file, path }) => ({ file, reason: `the text at ${path} is too long to be shown here` }));
}

function comparedFile({
  path,
  before,
  after,
}: TouchedFile): { readonly changes: readonly ConfigChange[] } | { readonly reason: string } {
  const was = valuesOf(path, before, "before");
  if ("reason" in was) return was;
  const now = valuesOf(path, after, "now");
  return "reason" in now ? now : { changes: changesBetween(path, was.values, now.values) };
}

function valuesOf(
  path: string,
  state: FileState,
  when: "before" | "now",
): { readonly values: ConfigValues } | { readonly reason: string } {
  if (state === "absent") return { values: new Map() };
  if ("unread" in state) return { reason: state.unread };
  const read = readDocument(path, state);
  if (read.ok) return { values: read.value };
  const { code, message, at } = read.error;
  const place =
    code === "not-this-format"
      ? ""
      : `${when === "before" ? "the version before, " : ""}${positionText(at)}: `;
  return { reason: `${place}${message}` };
}
