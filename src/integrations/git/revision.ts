import { PortError } from "../../domain/errors.ts";
import type { NamedRevision } from "../../ports/config-history.ts";
import { type GitRun, git } from "./program.ts";

const mostCandidates = 20;

/** The commit of a whole name; undefined for what is no commit's name, or the beginning of several hashes. */
export async function commitAt(name: string, run: GitRun): Promise<string | undefined> {
  try {
    const output = await git(
      ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`],
      run,
    );
    return /[0-9a-f]{40,64}/.exec(output.toString("latin1"))?.[0];
  } catch (error) {
    // Quietly: it says nothing and ends with 1.
    if (error instanceof PortError && (error.code === "bad-response" || error.code === "not-found"))
      return undefined;
    throw error;
  }
}

/** Whole names come first, so that a tag whose name begins another's can be named. */
export async function namedRevision(name: string, run: GitRun): Promise<NamedRevision> {
  const whole = await commitAt(name, run);
  if (whole !== undefined) return { revision: whole, name };
  const refs = await git(["for-each-ref", "--format=%(refname:strip=2)", "refs/tags", "refs/heads"], run);
  const like = [...new Set(refs.toString("utf8").split("\n"))].filter(
    (ref) => ref !== "" && name !== "" && ref.startsWith(name),
  );
  const [only, ...others] = like;
  if (only === undefined || others.length > 0) {
    return { candidates: [...like, ...(await hashesLike(name, run))].slice(0, mostCandidates) };
  }
  const revision = await commitAt(only, run);
  return revision === undefined ? { candidates: [] } : { revision, name: only };
}

async function hashesLike(name: string, run: GitRun): Promise<readonly string[]> {
  if (!/^[0-9a-f]{4,63}$/.test(name)) return [];
  const output = await git(["rev-parse", `--disambiguate=${name}`], run);
  return output
    .toString("latin1")
    .split("\n")
    .filter((hash) => hash !== "");
}
