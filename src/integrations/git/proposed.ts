import { createHash } from "node:crypto";
import { PortError } from "../../domain/errors.ts";
import { type GitRun, git } from "./program.ts";
import { commitAt, commitOfRef, namedRevision, placesOf, wholeName } from "./revision.ts";
import { unlocked } from "./unlocked.ts";

/** What a proposal is at, what it would be merged into, and where to ask about both; or what its name could mean. */
export type Proposed =
  | { readonly tip: string; readonly head: string; readonly run: GitRun }
  | { readonly candidates: readonly string[] };

const mostCandidates = 20;

function isRequestNumber(name: string): boolean {
  return /^[1-9]\d{0,8}$/.test(name);
}

/** Where forges keep what a request proposes: GitHub, Gitea and Forgejo; GitLab. */
function requestRefs(number: string): readonly string[] {
  return [`refs/pull/${number}/head`, `refs/merge-requests/${number}/head`];
}

/** In a repository that is a folder: nothing is fetched there. */
export async function proposedHere(
  name: string,
  run: GitRun,
): Promise<string | { readonly candidates: readonly string[] }> {
  if (isRequestNumber(name)) {
    for (const ref of requestRefs(name)) {
      const commit = await commitOfRef(ref, run);
      if (commit !== undefined) return commit;
    }
    const message = `there is no request ${name} in this folder, and nothing is fetched into it: name a branch or commit`;
    throw new PortError("not-found", run.target, message);
  }
  const own = await commitOfRef(`refs/heads/${name}`, run);
  // A clone that has no branch of that name has it as its remote's.
  const places = (ref: string) => [
    ...placesOf(ref),
    ...(own === undefined ? [`refs/remotes/origin/${ref}`] : []),
  ];
  const found = (await wholeName(name, places, run)) ?? (await namedRevision(name, run));
  return "revision" in found ? found.revision : found;
}

/**
 * In the copy of a remote: one question which of the names there are, then these and no other are fetched, into names of
 * gofire's own. Two processes may do that at once, and git lets one of them wait.
 */
export async function proposedThere(
  name: string,
  { repository, tip }: { readonly repository: string; readonly tip: string },
  run: GitRun,
): Promise<Proposed> {
  const isBranch = isBranchName(name) && !isWholeHash(name);
  const wanted = isRequestNumber(name) ? requestRefs(name) : isBranch ? [`refs/heads/${name}`] : [];
  const there = await listed(repository, [tip, ...wanted], run);
  if (!there.has(tip)) throw new PortError("not-found", run.target, `there is no ${tip} there`);
  const source = wanted.find((ref) => there.has(ref));
  const [ownHead, ownTip] = [ownRef(name), "refs/gofire/proposal-tip"];
  const refs = [`+${tip}:${ownTip}`, ...(source === undefined ? [] : [`+${source}:${ownHead}`])];
  await fetchRefs(repository, refs, run);
  const tipCommit = await commitAt(ownTip, run);
  if (tipCommit === undefined) throw new PortError("not-found", run.target, `there is no ${tip} there`);
  if (source !== undefined) {
    const head = await commitAt(ownHead, run);
    if (head === undefined) throw new PortError("not-found", run.target, `there is no ${source} there`);
    return { tip: tipCommit, head, run };
  }
  if (isRequestNumber(name)) {
    throw new PortError("not-found", run.target, `there is no pull or merge request ${name}`);
  }
  const head = /^[0-9a-f]{7,64}$/.test(name) ? await commitThere(name, repository, run) : undefined;
  if (head !== undefined) return { tip: tipCommit, head, run };
  return { candidates: await branchesLike(name, repository, run) };
}

/** git refuses the rest as the name of a branch, or takes it for something else (git-scm.com/docs/git-check-ref-format). */
function isBranchName(name: string): boolean {
  return /^(?![-/.])(?!.*\.\.)(?!.*\/\/)[\w./@+#-]{1,250}$/.test(name);
}

/** It is that commit, whatever a branch may be called. */
function isWholeHash(name: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
}

function ownRef(name: string): string {
  // A branch `a` and a branch `a/b` cannot be beside each other, one after the other they can.
  const own = isRequestNumber(name) ? name : createHash("sha256").update(name).digest("hex").slice(0, 32);
  return `refs/gofire/proposal/${own}`;
}

async function listed(
  repository: string,
  names: readonly string[],
  run: GitRun,
): Promise<ReadonlyMap<string, string>> {
  const output = await git(["ls-remote", "--quiet", "--end-of-options", repository, ...names], run);
  const found = new Map<string, string>();
  for (const row of output.toString("utf8").split("\n")) {
    const [, hash, ref] = /^([0-9a-f]{40,64})\t(.+)$/.exec(row) ?? [];
    if (hash !== undefined && ref !== undefined) found.set(ref, hash);
  }
  return found;
}

async function fetchRefs(repository: string, refs: readonly string[], run: GitRun): Promise<void> {
  const quietly = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
  const words = ["fetch", ...quietly, "--end-of-options", repository, ...refs];
  await unlocked(run, async () => await git(words, run));
}

/** One that is here already, or that the remote hands out by its hash. */
async function commitThere(name: string, repository: string, run: GitRun): Promise<string | undefined> {
  const here = await commitAt(name, run);
  if (here !== undefined || !isWholeHash(name)) return here;
  try {
    await fetchRefs(repository, [`+${name}:${ownRef(name)}`], run);
  } catch (error) {
    // Servers differ in whether they do.
    if (error instanceof PortError && error.code === "bad-response") return undefined;
    throw error;
  }
  return await commitAt(name, run);
}

async function branchesLike(name: string, repository: string, run: GitRun): Promise<readonly string[]> {
  if (!isBranchName(name)) return [];
  const found = await listed(repository, [`refs/heads/${name}*`], run);
  return [...found.keys()].map((ref) => ref.replace(/^refs\/heads\//, "")).slice(0, mostCandidates);
}
