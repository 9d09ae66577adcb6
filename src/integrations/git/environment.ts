import { plainPaths } from "../../domain/configuration/config-paths.ts";
import { PortError } from "../../domain/errors.ts";
import type { FileState, ProposedEnvironment, TouchedFile } from "../../ports/config-history.ts";
import { problemsBeside, type Trees } from "./beside.ts";
import { dirHash } from "./dirhash.ts";
import { contentsOf } from "./files.ts";
import { largestFile, largestPortion } from "./limits.ts";
import { folded, misreadName, shownPath } from "./names.ts";
import { type GitRun, git } from "./program.ts";

/** A file as a tree has it. */
interface Entry {
  readonly mode: string;
  readonly object: string;
  /** 0 for what is no file. */
  readonly bytes: number;
  readonly path: string;
}

type Entries = ReadonlyMap<string, Entry>;

/**
 * An environment's files in two trees, or undefined where they are the same. `places`: its files and folders; `changed`:
 * everything that differs between the trees.
 */
export async function proposedEnvironment(
  { name, places: paths }: { readonly name: string; readonly places: readonly string[] },
  changed: readonly string[],
  trees: Trees,
  run: GitRun,
): Promise<ProposedEnvironment | undefined> {
  const { before, after } = trees;
  const [were, are] = [await entriesOf(before, paths, run), await entriesOf(after, paths, run)];
  const untold = { name, digest: "", was: "", files: [] };
  if (were.size === 0 && are.size === 0) {
    return { ...untold, problems: [`the repository has nothing at ${paths.join(", ")}`] };
  }
  const touched = [...new Set([...were.keys(), ...are.keys()])].filter(
    (path) => !isSame(were.get(path), are.get(path)),
  );
  const beside = await problemsBeside(paths, [...are.keys()], changed, trees, run);
  if (touched.length === 0) return beside.length === 0 ? undefined : { ...untold, problems: beside };
  const sizes = new Map([...were.values(), ...are.values()].map(({ object, bytes }) => [object, bytes]));
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (bytes > largestPortion) {
    const problem = `its files have more than ${largestPortion >> 20} MiB together: name fewer paths`;
    return { ...untold, problems: [problem] };
  }
  const blobs = [...were.values(), ...are.values()].filter(isFile).map(({ object }) => object);
  const contents = await contentsOf([...new Set(blobs)], run);
  const bytesOf = ({ object }: Entry) => {
    const held = contents.get(object);
    // A digest of less than all would stand for something else.
    if (held === undefined)
      throw new PortError("bad-response", run.target, `git does not hand out ${object}`);
    return held;
  };
  return {
    name,
    digest: digestOf(are, bytesOf),
    was: digestOf(were, bytesOf),
    files: touched.toSorted().map(
      (path): TouchedFile => ({
        path,
        before: stateOf(were.get(path), bytesOf),
        after: stateOf(are.get(path), bytesOf),
      }),
    ),
    problems: [
      ...[...are.values()].flatMap((entry) => {
        const problem = problemOf(entry, were.get(entry.path)) ?? pointerProblem(entry, touched, bytesOf);
        return problem === undefined ? [] : [`${shownPath(entry.path)} ${problem}`];
      }),
      ...namesakes(are, touched),
      ...beside,
    ],
  };
}

/** Two names that are one where case and spelling do not count: which of the files is used there nobody can tell. */
function namesakes(entries: Entries, touched: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  return [...entries.keys()].flatMap((path) => {
    const other = byName.get(folded(path));
    byName.set(folded(path), path);
    return other === undefined || !(touched.includes(path) || touched.includes(other))
      ? []
      : [
          `${shownPath(other)} and ${shownPath(path)} are one where case and spelling do not count: rename one`,
        ];
  });
}

/** Git LFS keeps the contents elsewhere (github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
function pointerProblem(
  entry: Entry,
  touched: readonly string[],
  bytesOf: (entry: Entry) => Uint8Array,
): string | undefined {
  const spec = "version https://git-lfs.github.com/spec/";
  const isPointer =
    touched.includes(entry.path) &&
    isFile(entry) &&
    Buffer.from(bytesOf(entry).subarray(0, spec.length)).toString("latin1") === spec;
  return isPointer
    ? "is kept by Git LFS, and what it stands for cannot be read here: put the file itself here"
    : undefined;
}

/** Reads `git ls-tree -r -z -l`: `MODE TYPE OBJECT BYTES`, a tab, the path, a zero. */
async function entriesOf(tree: string, paths: readonly string[], run: GitRun): Promise<Entries> {
  const output = await git(
    ["ls-tree", "-r", "-z", "-l", "--full-tree", tree, "--", ...plainPaths(paths)],
    run,
  );
  const entries = new Map<string, Entry>();
  for (const row of output.toString("utf8").split("\0")) {
    const [, mode = "", object = "", size = "", path = ""] =
      /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.+)$/s.exec(row) ?? [];
    if (path !== "") entries.set(path, { mode, object, bytes: size === "-" ? 0 : Number(size), path });
  }
  return entries;
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.object === b?.object && a?.mode === b?.mode;
}

/** A file's mode is `100644`, or `100755` for a program (git-scm.com/docs/gitformat-index). */
function isFile({ mode }: Entry): boolean {
  return mode.startsWith("100");
}

/**
 * The digest is of contents and paths alone, and an approval must not stand for what it does not cover. What a link leads to,
 * or a submodule, may change without it.
 */
function problemOf(now: Entry, before: Entry | undefined): string | undefined {
  if (now.mode === "120000") {
    return "is a symbolic link, and what it leads to may change without anybody's approval: put the file itself here";
  }
  if (!isFile(now)) return "is a submodule, whose files are not in this repository: put them here";
  if (now.mode === "100755" && before?.mode !== now.mode) {
    return "would become executable, which is no matter of configuration: git update-index --chmod=-x";
  }
  if (/[\n\r]/.test(now.path)) return "has a line break in its name: rename it";
  const misread = before === undefined ? misreadName(now.path) : undefined;
  if (misread !== undefined) return misread;
  // What is no UTF-8 was replaced when it was read: two names could look alike.
  return now.path.includes("\uFFFD") ? "has a name that is not UTF-8: rename it" : undefined;
}

function digestOf(entries: Entries, bytesOf: (entry: Entry) => Uint8Array): string {
  const files = [...entries.values()].filter(isFile);
  return dirHash(new Map(files.map((entry) => [entry.path, bytesOf(entry)])));
}

function stateOf(entry: Entry | undefined, bytesOf: (entry: Entry) => Uint8Array): FileState {
  if (entry === undefined) return "absent";
  if (!isFile(entry)) return { unread: "it is no file" };
  return entry.bytes > largestFile
    ? { unread: `it is larger than ${largestFile >> 20} MiB` }
    : bytesOf(entry);
}
