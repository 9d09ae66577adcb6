import { createHash } from "node:crypto";
import { join } from "node:path";
import type { WriteWay } from "../../domain/configuration/rollback.ts";
import { PortError } from "../../domain/errors.ts";
import type { ConfigWriter, WritePlace, Written } from "../../ports/config-writer.ts";
import { readFiles } from "./files.ts";
import { leftBehind } from "./left-behind.ts";
import { fetchPatienceMs, mostCommits, pushMs, questionMs } from "./limits.ts";
import { mirror } from "./local-copy.ts";
import { type GitRun, git } from "./program.ts";
import { isMoved, pushRefusal } from "./push-refusals.ts";
import { commitAt } from "./revision.ts";
import { commitTree, restoredTree, revertedTree } from "./trees.ts";

type Prepared = Awaited<ReturnType<ConfigWriter["prepare"]>>;

/** Name of the commit message's last line, by which a commit is found again. */
const trailer = "Gofire-Rollback";

/**
 * Rollbacks of a folder or a remote, made with the `git` program (2.38 or newer) in a bare copy of gofire's own: there is no
 * work tree, and what the repository has configured for itself is not read.
 */
export function gitWriter(
  place: WritePlace,
  stateFolder: string,
  patienceMs: number = fetchPatienceMs,
): ConfigWriter {
  const { repository, branch, push } = place;
  const copy = mirror(place, join(stateFolder, "config-writes"), patienceMs);
  const target = `refs/heads/${branch}`;

  /** As the repository is now. */
  async function open(signal: AbortSignal): Promise<GitRun> {
    const gitFolder = await copy.renew(signal);
    return { target: copy.name, gitFolder, deadlineMs: questionMs, signal };
  }

  async function atRemote(run: GitRun): Promise<GitRun> {
    const shown = await place.credentials?.();
    return {
      ...run,
      deadlineMs: pushMs,
      ...(shown === undefined ? {} : { credentials: { ...shown, address: repository } }),
    };
  }

  /** The hash of a branch of the repository's own; undefined where there is none. */
  async function remoteBranch(name: string, run: GitRun): Promise<string | undefined> {
    const rows = await git(
      ["ls-remote", "--quiet", "--end-of-options", repository, `refs/heads/${name}`],
      await atRemote(run),
    );
    return /^([0-9a-f]{40,64})\t/.exec(rows.toString("latin1"))?.[1];
  }

  async function found(id: string, run: GitRun): Promise<Written | undefined> {
    const tip = await copy.tip(run);
    const onto = await withTrailer(id, tip, run);
    if (onto !== undefined) return { ...onto, branch };
    const proposal = proposalOf(id);
    const head = push === "proposal" ? await remoteBranch(proposal, run) : undefined;
    if (head === undefined) return undefined;
    await git(
      [
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--end-of-options",
        repository,
        `+refs/heads/${proposal}:refs/gofire/proposals/${id}`,
      ],
      await atRemote(run),
    );
    const made = await withTrailer(id, head, run);
    if (made !== undefined) return { ...made, branch: proposal };
    throw new PortError(
      "forbidden",
      copy.name,
      `there is a branch ${proposal} already, and gofire has not made it: remove it, and ask for the rollback again`,
    );
  }

  function explain(complained: string): PortError | undefined {
    return pushRefusal(complained, { name: copy.name, branch, push });
  }

  async function pushed(words: readonly string[], run: GitRun): Promise<void> {
    await git(
      [
        "push",
        ...words.slice(0, -1),
        "--quiet",
        "--no-verify",
        "--no-follow-tags",
        "--no-signed",
        "--recurse-submodules=no",
        "--end-of-options",
        repository,
        ...words.slice(-1),
      ],
      { ...(await atRemote(run)), explain },
    );
  }

  async function prepare(way: WriteWay, signal: AbortSignal): Promise<Prepared> {
    const run = await open(signal);
    const tip = await copy.tip(run);
    const made = await treeOf(way, tip, run);
    if ("conflicts" in made) return { kind: "conflict", files: made.conflicts };
    const { tree } = made;
    const raw = await git(["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", tip, tree], run);
    if (raw.length === 0) return { kind: "nothing" };
    const changed = changedIn(raw);
    const wanted = changed.map(({ path }) => ({ base: tip, head: tree, path }));
    const { files, more } = await readFiles(wanted, run);
    return {
      kind: "prepared",
      tip,
      tree,
      digest: createHash("sha256")
        .update(`${way.kind} ${way.revision}\n${target}\n`)
        .update(raw)
        .digest("hex"),
      files: files.map((file, at) => {
        const reason = changed[at]?.unshown;
        return reason === undefined
          ? file
          : { path: file.path, before: { unread: reason }, after: { unread: reason } };
      }),
      more,
    };
  }

  const preparing = leftBehind(prepare);

  return {
    name: copy.name,
    branch,
    push,
    // Who asks in the chat has little time; the worker that pushes asks once more.
    prepare: (way, signal) => preparing.ask(way, signal),

    async written(id, signal) {
      return await found(id, await open(signal));
    },

    async write({ tip, tree }, id, { subject, body }, signal) {
      const run = await open(signal);
      const before = await found(id, run);
      if (before !== undefined) return before;
      if ((await copy.tip(run)) !== tip) return "moved";
      const message = `${subject}\n\n${body.trimEnd()}\n\n${trailer}: ${id}\n`;
      const commit = await commitTree(tree, [tip], message, run);
      const onto = push === "branch" ? branch : proposalOf(id);
      // Compare and swap: only if the branch is at this commit, whose child the new one is, or is not there yet. Plain `push`
      // would also build on a branch that somebody has set back meanwhile, and bring what they took away.
      const expected = push === "branch" ? tip : "";
      try {
        await pushed(
          [`--force-with-lease=refs/heads/${onto}:${expected}`, `${commit}:refs/heads/${onto}`],
          run,
        );
      } catch (error) {
        if (!isMoved(error)) throw error;
        // Perhaps it was this very rollback, by another worker.
        return (await found(id, await open(signal))) ?? "moved";
      }
      return { commit, branch: onto, onto: tip };
    },

    async tryPush(signal) {
      const run = await open(signal);
      const tip = await copy.tip(run);
      const onto = push === "branch" ? branch : proposalOf("try");
      await pushed(["--dry-run", `${tip}:refs/heads/${onto}`], run);
    },

    async close() {
      preparing.close();
      await copy.close();
    },
  };
}

function proposalOf(id: string): string {
  return `gofire/rollback-${id}`;
}

async function treeOf(
  way: WriteWay,
  tip: string,
  run: GitRun,
): Promise<{ readonly tree: string } | { readonly conflicts: readonly string[] }> {
  if (way.kind === "restore") return { tree: await restoredTree(tip, way.revision, way.paths, run) };
  const before = await commitAt(`${way.revision}^`, run);
  if (before === undefined) {
    throw new PortError("not-found", run.target, "there is nothing before that change in the repository");
  }
  return await revertedTree({ change: way.revision, before, tip }, run);
}

/** The commit of a branch that names this id, and what it stands on. */
async function withTrailer(
  id: string,
  head: string,
  run: GitRun,
): Promise<{ readonly commit: string; readonly onto: string } | undefined> {
  const format = `%H%x00%P%x00%(trailers:key=${trailer},valueonly,separator=%x2C)%x00`;
  const output = await git(["log", "-z", `--max-count=${mostCommits}`, `--format=${format}`, head], run);
  const fields = output.toString("utf8").split("\0");
  // Three fields, and the empty one that the end of the record makes.
  for (let at = 0; at + 3 <= fields.length; at += 4) {
    const [commit = "", parents = "", ids = ""] = fields.slice(at, at + 3);
    if (ids.split(",").includes(id)) return { commit, onto: parents.split(" ")[0] ?? "" };
  }
  return undefined;
}

/** Of a file, or of none; of a program that is one on both sides (git-scm.com/docs/gitformat-index). */
const plainModes = /^:(?:(?:000000|100644) (?:000000|100644)|100755 100755) /;

/**
 * Reads `git diff-tree -z --raw`: `:MODE MODE OBJECT OBJECT STATUS`, a zero, the path, a zero. `unshown`: why what would be
 * written is not told by what the file holds, so that nobody could see what they agree to.
 */
function changedIn(raw: Buffer): readonly { readonly path: string; readonly unshown?: string }[] {
  const fields = raw.toString("utf8").split("\0");
  const changed: { readonly path: string; readonly unshown?: string }[] = [];
  for (let at = 0; at + 2 <= fields.length; at += 2) {
    const [what = "", path = ""] = fields.slice(at, at + 2);
    if (path === "") continue;
    // What is no UTF-8 was replaced when it was read, and git knows no file of that name.
    const unshown = path.includes("\uFFFD")
      ? "its name is not UTF-8"
      : plainModes.test(what)
        ? undefined
        : "it is or becomes a program, a link or a submodule, and not only what it holds changes";
    changed.push(unshown === undefined ? { path } : { path, unshown });
  }
  return changed;
}
