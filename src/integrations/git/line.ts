import { mostCommits } from "./limits.ts";

/** One commit of the branch's first-parent line. */
export interface LineCommit {
  readonly revision: string;
  /** When it came into the branch: its commit date, milliseconds since the epoch. */
  readonly mergedAtMs: number;
  /** The first one is on the line, too. */
  readonly parents: readonly string[];
  readonly author: string;
  readonly subject: string;
}

export interface AnnotatedTag {
  readonly name: string;
  readonly commit: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** A commit of the line, and when it took effect. */
export interface EffectiveCommit extends LineCommit {
  readonly tag?: string;
  readonly atMs: number;
}

export const lineFormat = "%H%x00%P%x00%ct%x00%an%x00%s%x00";

/** Reads `git log -z --format=lineFormat`: the newest first. */
export function lineOf(output: Buffer): readonly LineCommit[] {
  const fields = output.toString("utf8").split("\0");
  const commits: LineCommit[] = [];
  // Five fields, and the empty one that the end of the record makes.
  for (let at = 0; at + 5 <= fields.length; at += 6) {
    const [revision = "", parents = "", seconds = "", author = "", subject = ""] = fields.slice(at, at + 5);
    if (!/^[0-9a-f]{40,64}$/.test(revision)) break;
    commits.push({
      revision,
      mergedAtMs: Number(seconds) * 1000,
      parents: parents === "" ? [] : parents.split(" "),
      author,
      subject,
    });
  }
  return commits;
}

export const tagFormat = "%(objecttype)%00%(*objectname)%00%(taggerdate:unix)%00%(refname:strip=2)";

/** Reads `git for-each-ref --format=tagFormat`. Tags without a message are names only: nobody says when they were made. */
export function tagsOf(output: Buffer): readonly AnnotatedTag[] {
  return output
    .toString("utf8")
    .split("\n")
    .flatMap((row) => {
      const [type, commit = "", seconds = "", name = ""] = row.split("\0");
      return type === "tag" && /^[0-9a-f]{40,64}$/.test(commit) && /^\d+$/.test(seconds)
        ? [{ name, commit, atMs: Number(seconds) * 1000 }]
        : [];
    });
}

/**
 * When each commit of the line took effect: with the first tag at or after it on the line that was there by `untilMs`, else
 * when it was merged. A tag reaches down to the one before it; the first tag of all stands for its own commit only, because
 * how far what came before had got by then is not known. Of several tags at one commit the last one counts: environments are
 * tagged one after the other, and the last is the one that just happened.
 */
export function effective(
  line: readonly LineCommit[],
  tags: readonly AnnotatedTag[],
  untilMs: number,
): readonly EffectiveCommit[] {
  const byCommit = new Map<string, AnnotatedTag>();
  for (const tag of tags) {
    const known = byCommit.get(tag.commit);
    if (tag.atMs <= untilMs && (known === undefined || tag.atMs > known.atMs)) byCommit.set(tag.commit, tag);
  }
  const first = line.findLastIndex(({ revision }) => byCommit.has(revision));
  let released: AnnotatedTag | undefined;
  return line.map((commit, index) => {
    released = index > first ? undefined : (byCommit.get(commit.revision) ?? released);
    return released === undefined
      ? { ...commit, atMs: commit.mergedAtMs }
      : { ...commit, tag: released.name, atMs: Math.max(released.atMs, commit.mergedAtMs) };
  });
}

/** `git log --name-only -z --format=%x01%H`: the files of each commit. */
export function filesOf(output: Buffer): ReadonlyMap<string, readonly string[]> {
  const files = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const token of output.toString("utf8").split("\0")) {
    if (token.startsWith("\u0001")) {
      current = [];
      files.set(token.slice(1).trim(), current);
    } else if (token !== "" && token !== "\n") {
      // A line feed stands between a commit and its files.
      current?.push(token.replace(/^\n/, ""));
    }
  }
  return files;
}

/** That the line was longer than what was looked through. */
export function isCut(line: readonly LineCommit[]): boolean {
  return line.length > mostCommits;
}
