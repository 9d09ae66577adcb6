import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { plainPaths } from "../../domain/configuration/config-paths.ts";
import { type Merged, mergedTree } from "./merged.ts";
import { type GitRun, git } from "./program.ts";

/** How gofire signs what it writes. `invalid` is a domain that nobody has (RFC 2606). */
const signature = { name: "gofire", address: "gofire@gofire.invalid" };

/** A commit of gofire's own, whose hash it gives. */
export async function commitTree(
  tree: string,
  parents: readonly string[],
  message: string,
  run: GitRun,
): Promise<string> {
  const { name, address } = signature;
  const output = await git(
    ["commit-tree", "--no-gpg-sign", ...parents.flatMap((parent) => ["-p", parent]), "-F", "-", tree],
    {
      ...run,
      input: message,
      variables: {
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: address,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: address,
      },
    },
  );
  return output.toString("latin1").trim();
}

/**
 * The tip's files with one change taken back, as `git revert` does it: what became of the change since, and what stood
 * before it, are merged over the change itself. Three commits that nobody else sees stand for the three, because
 * `git merge-tree` takes its base from history (`--merge-base` came with git 2.40).
 */
export async function revertedTree(
  { change, before, tip }: { readonly change: string; readonly before: string; readonly tip: string },
  run: GitRun,
): Promise<Merged> {
  const base = await commitTree(`${change}^{tree}`, [], "base", run);
  const [ours, theirs] = await Promise.all(
    [tip, before].map(async (commit) => await commitTree(`${commit}^{tree}`, [base], "side", run)),
  );
  return await mergedTree(ours ?? "", theirs ?? "", run);
}

/** The tip's files, those below the paths as they were at a version. */
export async function restoredTree(
  tip: string,
  version: string,
  paths: readonly string[],
  run: GitRun,
): Promise<string> {
  // Git takes "." for a folder of that name here.
  const named = plainPaths(paths);
  const list = ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options"];
  const [now, then] = await Promise.all(
    [tip, version].map(async (commit) =>
      (await git([...list, commit, "--", ...named], run)).toString("utf8").split("\0").slice(0, -1),
    ),
  );
  const folder = await mkdtemp(join(run.gitFolder ?? ".", "gofire-index-"));
  try {
    const withIndex = { ...run, variables: { GIT_INDEX_FILE: join(folder, "index") } };
    await git(["read-tree", tip], withIndex);
    // `MODE TYPE HASH<tab>PATH` as it is printed, mode 0 to take a file away
    // (git-scm.com/docs/git-update-index#_using_index_info).
    const gone = (now ?? []).map((row) => `0 ${"0".repeat(40)}${row.slice(row.indexOf("\t"))}`);
    const input = [...gone, ...(then ?? [])].map((row) => `${row}\0`).join("");
    await git(["update-index", "-z", "--index-info"], { ...withIndex, input });
    return (await git(["write-tree"], withIndex)).toString("latin1").trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
