import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PortError } from "../../domain/errors.ts";
import { type GitRun, git, gitEnding } from "./program.ts";

/** What merging one commit into another leaves: a tree, or the files in which they do not agree. */
export type Merged = { readonly tree: string } | { readonly conflicts: readonly string[] };

/**
 * Merges two commits and lets `use` look at what that leaves. It happens in a repository of its own that borrows the objects
 * and is gone afterwards: nothing is written to the repository itself, and none of the merge drivers that it may name is run.
 */
export async function withMerged<Result>(
  tip: string,
  head: string,
  run: GitRun,
  use: (merged: Merged, run: GitRun) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "gofire-merge-"));
  try {
    const own = { ...run, gitFolder: folder };
    await borrow(folder, run);
    return await use(await mergedTree(tip, head, own, asForges), own);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function borrow(folder: string, run: GitRun): Promise<void> {
  const answer = await git(
    ["rev-parse", "--path-format=absolute", "--git-path", "objects", "--show-object-format"],
    run,
  );
  const [objects = "", format = "sha1"] = answer.toString("utf8").split("\n");
  const { gitFolder: _gitFolder, ...outside } = run;
  await git(["init", "--quiet", "--bare", "--template=", `--object-format=${format}`, "--", folder], outside);
  await mkdir(join(folder, "objects", "info"), { recursive: true });
  await writeFile(join(folder, "objects", "info", "alternates"), `${objects}\n`);
}

/** As a forge merges: with what git does unless told otherwise, so also files that were renamed meanwhile. */
const asForges = ["-c", "merge.renames=true", "-c", "merge.directoryRenames=conflict"];

/** Asks git what merging two commits leaves; `settings` before the command's name. */
export async function mergedTree(
  ours: string,
  theirs: string,
  run: GitRun,
  settings: readonly string[] = [],
): Promise<Merged> {
  const words = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs];
  const { code, output } = await gitEnding([...settings, ...words], { ...run, alsoFine: 1 });
  const [tree = "", ...files] = output.toString("utf8").split("\0");
  if (!/^[0-9a-f]{40,64}$/.test(tree)) {
    throw new PortError("bad-response", run.target, "git merge-tree did not say what the files would be");
  }
  return code === 0 ? { tree } : { conflicts: [...new Set(files.filter((file) => file !== ""))] };
}
