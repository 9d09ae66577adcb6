import { PortError } from "../../domain/errors.ts";
import type { ProposalQuestion, ProposedEnvironment, ProposedTree } from "../../ports/config-history.ts";
import { changedPaths } from "./beside.ts";
import { proposedEnvironment } from "./environment.ts";
import { mostAddresses, mostProposedCommits } from "./limits.ts";
import { type Merged, withMerged } from "./merged.ts";
import { type GitRun, git, gitEnding } from "./program.ts";

const mostNamed = 10;

/** What merging `head` into `tip` would leave of the environments; both are full hashes. */
export async function proposedTree(
  { name, tip, head }: { readonly name: string; readonly tip: string; readonly head: string },
  environments: ProposalQuestion["environments"],
  run: GitRun,
): Promise<ProposedTree> {
  const shallow = await git(["rev-parse", "--is-shallow-repository"], run);
  if (shallow.toString("latin1").trim() === "true") {
    const message =
      "this clone is cut off (shallow), so nobody can tell who wrote what: git fetch --unshallow, or fetch-depth: 0 for actions/checkout";
    throw new PortError("unavailable", run.target, message);
  }
  const { subject, addresses, problems } = await written(tip, head, run);
  const { code, output } = await gitEnding(["merge-base", tip, head], { ...run, alsoFine: 1 });
  const told = { name, tip, head, subject, addresses };
  if (code === 1) {
    const unrelated = `it has no commit in common with what it would be merged into`;
    return { ...told, base: head, environments: [], problems: [...problems, unrelated] };
  }
  const base = output.toString("latin1").trim();
  return await withMerged(tip, head, run, async (merged, own) => {
    if (!("tree" in merged)) {
      return { ...told, base, environments: [], problems: [...problems, conflictText(merged)] };
    }
    const trees = { before: tip, after: merged.tree };
    const paths = await changedPaths(trees, own);
    const changed: ProposedEnvironment[] = [];
    for (const [name, places] of environments) {
      const proposed = await proposedEnvironment({ name, places }, paths, trees, own);
      if (proposed !== undefined) changed.push(proposed);
    }
    return { ...told, base, environments: changed, problems };
  });
}

function conflictText({ conflicts }: Extract<Merged, { conflicts: unknown }>): string {
  const more = conflicts.length - mostNamed;
  const files = conflicts.slice(0, mostNamed).join(", ");
  return `it cannot be merged as it is, rebase it: conflict in ${files}${more > 0 ? ` and ${more} more` : ""}`;
}

const commitFormat = "%s%x00%ae%x00%ce%x00%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)%x00";

/** GitHub's own name for whoever commits in the browser (docs.github.com, "web-flow"): the author stands beside it. */
const forgesCommitter = "noreply@github.com";

/** Who had a part in the commits that would be brought, by what they say themselves: git proves none of it. */
async function written(
  tip: string,
  head: string,
  run: GitRun,
): Promise<Pick<ProposedTree, "subject" | "addresses" | "problems">> {
  const most = `--max-count=${mostProposedCommits + 1}`;
  const [brought, last] = await Promise.all([
    git(["log", most, "-z", `--format=${commitFormat}`, head, `^${tip}`], run),
    git(["log", "--max-count=1", "--format=%s", head], run),
  ]);
  const fields = brought.toString("utf8").split("\0");
  const addresses = new Set<string>();
  let count = 0;
  // Four fields, and the empty one that the end of the record makes.
  for (let at = 0; at + 4 <= fields.length; at += 5) {
    const [, author = "", committer = "", others = ""] = fields.slice(at, at + 4);
    count++;
    const [by, commits] = [normalised(author), normalised(committer)];
    // Of the author it says nothing, who may be anybody then.
    const isForge = commits === forgesCommitter && by !== forgesCommitter;
    const whose = [by, ...(isForge ? [] : [commits]), ...coAuthors(others).map(normalised)];
    for (const address of whose) addresses.add(address);
  }
  const subject = last.toString("utf8").replace(/\n$/, "");
  const problems: string[] = [];
  if (count > mostProposedCommits) problems.push(`it has more than ${mostProposedCommits} commits: split it`);
  if (addresses.size > mostAddresses)
    problems.push(`more than ${mostAddresses} people wrote it, as it says: split it`);
  return { subject, addresses: [...addresses].slice(0, mostAddresses), problems };
}

/** `Ana <ana@shop.example>`; what has no address in it counts as one that nobody has. */
function coAuthors(trailers: string): readonly string[] {
  return trailers
    .split("\u001f")
    .filter((value) => value.trim() !== "")
    .map((value) => /<([^<>]*)>/.exec(value)?.[1] ?? value);
}

function normalised(address: string): string {
  const plain = address.trim().toLowerCase();
  return plain === "" ? "(no address)" : plain;
}
