import type { ConfigHistory, HistoryPlace, TouchedRevision } from "../../ports/config-history.ts";
import { readFiles, readRevisions } from "./files.ts";
import { fetchPatienceMs, mostCommits, mostRevisions, mostTags, questionMs } from "./limits.ts";
import { effective, filesOf, isCut, type LineCommit, lineFormat, lineOf, tagFormat, tagsOf } from "./line.ts";
import { localCopy } from "./local-copy.ts";
import { type GitRun, git } from "./program.ts";
import { proposedTree } from "./proposal.ts";
import { namedRevision } from "./revision.ts";

/** The history of a folder or a remote, read with the `git` program, which must be there (2.32 or newer). */
export function gitHistory(
  place: HistoryPlace,
  stateFolder: string,
  patienceMs: number = fetchPatienceMs,
): ConfigHistory {
  const copy = localCopy(place, stateFolder, patienceMs);
  const tagPattern = place.tags === undefined ? "refs/tags" : `refs/tags/${place.tags}`;

  async function open(
    signal: AbortSignal,
  ): Promise<{ readonly run: GitRun; readonly notes: readonly string[] }> {
    const { gitFolder, notes } = await copy.open(signal);
    return { run: { target: copy.name, gitFolder, deadlineMs: questionMs, signal }, notes };
  }

  return {
    name: copy.name,
    ...(place.branch === undefined ? {} : { branch: place.branch }),
    origin: (signal) => copy.origin(signal),
    holds: (file, signal) => copy.holds(file, signal),
    async tip(signal) {
      const { run } = await open(signal);
      return await copy.tip(run);
    },
    async changes({ paths, sinceMs, untilMs }, signal) {
      const { run, notes } = await open(signal);
      const tip = await copy.tip(run);
      const [line, tags, isShallow] = await Promise.all([
        git(
          ["log", "--first-parent", `--max-count=${mostCommits + 1}`, "-z", `--format=${lineFormat}`, tip],
          run,
        ),
        git(
          ["for-each-ref", `--count=${mostTags}`, "--sort=-creatordate", `--format=${tagFormat}`, tagPattern],
          run,
        ),
        git(["rev-parse", "--is-shallow-repository"], run),
      ]);
      const commits = lineOf(line);
      const within = effective(commits, tagsOf(tags), untilMs).map((commit) =>
        commit.atMs >= sinceMs && commit.atMs <= untilMs ? commit : undefined,
      );
      const oldest = within.findLastIndex((commit) => commit !== undefined);
      const isEnd = oldest >= 0 && oldest === commits.length - 1;
      const told = [...notes];
      if (isEnd && isCut(commits)) told.push(`Only the last ${mostCommits} merges were looked through.`);
      if (isEnd && isShallowEnd(isShallow, commits)) {
        told.push(
          "The history is cut off within the time that was looked at (a shallow clone): what changed before is not known.",
        );
      }
      if (oldest < 0) return { revisions: [], notes: told };
      const below = commits[oldest + 1]?.revision;
      const touched = filesOf(
        await git(
          [
            "log",
            "--first-parent",
            "-m",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--name-only",
            "-z",
            "--format=%x01%H",
            tip,
            ...(below === undefined ? [] : [`^${below}`]),
            "--",
            ...paths,
          ],
          run,
        ),
      );
      const inOrder = within
        .flatMap((commit) => {
          const files = commit === undefined ? undefined : touched.get(commit.revision);
          // Where a clone is cut off everything seems to have been added.
          const isWhole = (commit?.parents.length ?? 0) > 0 || !isShallowEnd(isShallow, commits);
          return commit === undefined || files === undefined || !isWhole ? [] : [{ commit, files }];
        })
        .toSorted((a, b) => b.commit.atMs - a.commit.atMs);
      if (inOrder.length > mostRevisions) {
        told.push(`Only the last ${mostRevisions} of ${inOrder.length} changes are told.`);
      }
      const latest = inOrder.slice(0, mostRevisions);
      const read = await readRevisions(
        latest.map(({ commit: { revision, parents }, files }) => {
          const base = parents.length > 0 ? { base: `${revision}^` } : {};
          return files.map((path) => ({ ...base, head: revision, path }));
        }),
        run,
      );
      const revisions = latest.map(({ commit }, index): TouchedRevision => {
        const { revision, author, subject, atMs, tag, parents } = commit;
        const named = tag === undefined ? {} : { tag };
        const touched = read[index] ?? { files: [], more: 0 };
        return { revision, parents, author, subject, atMs, ...named, ...touched };
      });
      return { revisions, notes: told };
    },

    async find(name, signal) {
      const { run } = await open(signal);
      return await namedRevision(name, run);
    },

    async between(base, head, paths, signal) {
      const { run } = await open(signal);
      const output = await git(
        [
          "diff-tree",
          "-r",
          "-z",
          "--no-renames",
          "--name-only",
          "--end-of-options",
          base,
          head,
          "--",
          ...paths,
        ],
        run,
      );
      const files = output
        .toString("utf8")
        .split("\0")
        .filter((path) => path !== "");
      return await readFiles(
        files.map((path) => ({ base, head, path })),
        run,
      );
    },

    async proposal({ name, tip, environments }, signal) {
      const found = await copy.proposed(name, tip, signal);
      return "candidates" in found ? found : await proposedTree({ name, ...found }, environments, found.run);
    },

    close: () => copy.close(),
  };
}

function isShallowEnd(isShallow: Buffer, commits: readonly LineCommit[]): boolean {
  return isShallow.toString("latin1").trim() === "true" && commits.at(-1)?.parents.length === 0;
}
