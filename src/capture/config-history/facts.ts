import type {
  ConfigChange,
  ConfigRevision,
  UncomparedFile,
} from "../../domain/configuration/config-change.ts";
import { positionText } from "../../domain/evidence/parse-result.ts";
import { changesBetween } from "../../governance/diff.ts";
import { readDocument } from "../../governance/document.ts";
import type { ConfigValues } from "../../governance/values.ts";
import type { FileState, TouchedFile, TouchedFiles, TouchedRevision } from "../../ports/config-history.ts";

/** A change that touches more is no tuning: what it is about stands in its message. */
const mostChanges = 50;
const mostUncompared = 10;
const wordCharacters = 200;

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
  for (const file of files) {
    const compared = comparedFile(file);
    if ("reason" in compared) uncompared.push({ file: file.path, reason: compared.reason });
    else changes.push(...compared.changes);
  }
  if (more > 0) uncompared.push({ file: `${more} more files`, reason: `only ${files.length} are compared` });
  return { changes, uncompared };
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
