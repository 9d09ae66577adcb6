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

/** `main`, and what git lets follow it: `~2`, `^`, `^{commit}`, `@{upstream}` (git-scm.com/docs/gitrevisions). */
const refAndSteps = /^(.*?)((?:[~^]\d*|\^\{\w*\}|@\{[^{}]*\})*)$/su;

/**
 * The one commit that a whole name stands for. Of a tag, a branch and a remote's branch of one name git takes the first, and
 * whoever may push a tag could have `origin/main` be theirs: where they are different commits, all of them are candidates.
 */
export async function namedRevision(name: string, run: GitRun): Promise<NamedRevision> {
  const whole = await wholeName(name, placesOf, run);
  if (whole !== undefined) return whole;
  const refs = await git(["for-each-ref", "--format=%(refname:strip=2)", "refs/tags", "refs/heads"], run);
  const like = [...new Set(refs.toString("utf8").split("\n"))].filter(
    (ref) => ref !== "" && name !== "" && ref.startsWith(name),
  );
  const [only, ...others] = like;
  if (only === undefined || others.length > 0) {
    return { candidates: [...like, ...(await hashesLike(name, run))].slice(0, mostCandidates) };
  }
  return (await wholeName(only, placesOf, run)) ?? { candidates: [] };
}

/** Where git looks for a name, besides among hashes (git-scm.com/docs/gitrevisions, "refname"). */
export function placesOf(name: string): readonly string[] {
  const named = ["tags", "heads", "remotes"].map((place) => `refs/${place}/${name}`);
  return [`refs/${name}`, ...named, `refs/remotes/${name}/HEAD`];
}

/**
 * The same of whole names alone, looked for at these places; undefined where there is none. A whole hash is that commit,
 * whatever a branch or tag is called, and so is `HEAD`.
 */
export async function wholeName(
  name: string,
  places: (ref: string) => readonly string[],
  run: GitRun,
): Promise<NamedRevision | undefined> {
  const [, ref = "", steps = ""] = refAndSteps.exec(name) ?? [];
  const isExact = /^(?:@?|[A-Z_]*HEAD|[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
  const refs = ref.startsWith("refs/") ? [ref] : places(ref);
  const full = isExact ? [ref] : [...(await refsAmong(refs, run)), ...(await hashesLike(ref, run))];
  // What `git describe` prints, unless something is called so.
  const names = full.length === 0 && /-g[0-9a-f]{4,64}$/.test(ref) ? [ref] : full;
  const found = new Map<string, string>();
  for (const one of names) {
    const commit = await commitAt(`${one}${steps}`, run);
    if (commit !== undefined) found.set(`${one}${steps}`, commit);
  }
  const [revision, ...others] = new Set(found.values());
  if (revision === undefined) return undefined;
  return others.length === 0
    ? { revision, name }
    : { candidates: [...found.keys()].slice(0, mostCandidates) };
}

/** The commit of a ref by its full name, never of one that only ends so. */
export async function commitOfRef(ref: string, run: GitRun): Promise<string | undefined> {
  const [there] = await refsAmong([ref], run);
  return there === undefined ? undefined : await commitAt(there, run);
}

/** Those that there are. */
async function refsAmong(refs: readonly string[], run: GitRun): Promise<readonly string[]> {
  // Patterns: what else they fit is passed over.
  const output = await git(["for-each-ref", "--format=%(refname)", ...refs], run);
  const there = new Set(output.toString("utf8").split("\n"));
  return refs.filter((ref) => there.has(ref));
}

async function hashesLike(name: string, run: GitRun): Promise<readonly string[]> {
  if (!/^[0-9a-f]{4,63}$/.test(name)) return [];
  const output = await git(["rev-parse", `--disambiguate=${name}`], run);
  return output
    .toString("latin1")
    .split("\n")
    .filter((hash) => hash !== "");
}
