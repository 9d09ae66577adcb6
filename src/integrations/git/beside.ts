import { isBelow, plainPaths } from "../../domain/configuration/config-paths.ts";
import { folded, shownPath } from "./names.ts";
import { type GitRun, git } from "./program.ts";

/** Two trees, or commits that stand for theirs. */
export interface Trees {
  readonly before: string;
  readonly after: string;
}

/** Every path that is another in the second one, whatever it holds. */
export async function changedPaths({ before, after }: Trees, run: GitRun): Promise<readonly string[]> {
  const words = ["diff-tree", "-r", "-z", "--no-renames", "--name-only", "--end-of-options", before, after];
  return (await git(words, run)).toString("utf8").split("\0").slice(0, -1);
}

/**
 * What changes outside of an environment, and changes what its files are where they are used, without their digest changing:
 * names that are one where case or spelling does not count, and attributes by which git writes other bytes than were read.
 * One sentence each. `files`: those of the environment, afterwards.
 */
export async function problemsBeside(
  paths: readonly string[],
  files: readonly string[],
  changed: readonly string[],
  trees: Trees,
  run: GitRun,
): Promise<readonly string[]> {
  const outside = changed.filter((path) => !isBelow(path, paths));
  const places = plainPaths(paths).map((path) => ({ path, folded: folded(path) }));
  const lookalikes = outside.flatMap((path) => {
    const own = folded(path);
    const taken = places.find(
      (place) => `${own}/`.startsWith(`${place.folded}/`) || place.folded.startsWith(`${own}/`),
    );
    const isSame = taken === undefined || taken.path.startsWith(`${path}/`);
    return isSame
      ? []
      : [
          `${shownPath(path)} takes the place of ${taken.path} where case and spelling do not count: rename it`,
        ];
  });
  const isGoverning = outside.some((path) => files.some((file) => file.startsWith(folderOfAttributes(path))));
  return isGoverning ? [...lookalikes, ...(await otherBytes(files, trees, run))] : lookalikes;
}

/** Where the attributes of a file count, as the beginning of paths; for any other file one that no path begins with. */
function folderOfAttributes(path: string): string {
  return /(?:^|\/)\.gitattributes$/.test(path) ? path.slice(0, -".gitattributes".length) : "\0";
}

/** By which a checkout or an archive has other bytes than the repository (git-scm.com/docs/gitattributes). */
const rewriting = ["filter", "working-tree-encoding", "ident", "export-subst", "export-ignore"];
const mostTold = 3;

async function otherBytes(
  files: readonly string[],
  { before, after }: Trees,
  run: GitRun,
): Promise<readonly string[]> {
  const [were, are] = [await attributesAt(before, files, run), await attributesAt(after, files, run)];
  const changed = [...are].filter(([name, value]) => were.get(name) !== value);
  return changed.slice(0, mostTold).map(([name, value]) => {
    const [attribute = "", ...rest] = name.split(" ");
    const file = rest.join(" ");
    return `${file} would be written in another way (.gitattributes: ${attribute}, now ${were.get(name)}, would be ${value}), which no approval of the environment covers: name that .gitattributes under its paths`;
  });
}

/** By attribute and file, `ATTRIBUTE FILE`. */
async function attributesAt(
  tree: string,
  files: readonly string[],
  run: GitRun,
): Promise<ReadonlyMap<string, string>> {
  const withIndex = {
    ...run,
    variables: { ...run.variables, GIT_INDEX_FILE: `${run.gitFolder}/gofire-index` },
  };
  await git(["read-tree", tree], withIndex);
  const output = await git(["check-attr", "-z", "--cached", "--stdin", ...rewriting], {
    ...withIndex,
    input: files.map((file) => `${file}\0`).join(""),
  });
  const fields = output.toString("utf8").split("\0");
  const found = new Map<string, string>();
  for (let at = 0; at + 3 <= fields.length; at += 3) {
    const [file = "", attribute = "", value = ""] = fields.slice(at, at + 3);
    found.set(`${attribute} ${file}`, value);
  }
  return found;
}
