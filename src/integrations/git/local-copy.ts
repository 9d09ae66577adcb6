import { createHash } from "node:crypto";
import { mkdir, readdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isGitAddress, isSafeForSecrets, publicAddress } from "../../domain/configuration/git-address.ts";
import { PortError, reasonOf } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import type { ConfigHistory, HistoryPlace } from "../../ports/config-history.ts";
import { fetchEveryMs, fetchMs, proposalMs, questionMs } from "./limits.ts";
import { type GitRun, git, gitEnding } from "./program.ts";
import { type Proposed, proposedHere, proposedThere } from "./proposed.ts";
import { commitAt, commitOfRef } from "./revision.ts";
import { unlocked } from "./unlocked.ts";

/** A repository on this machine that questions are asked of. */
export interface LocalCopy {
  readonly name: string;
  /** Where it is, as new as it could be made in time, and what is to be said about that. */
  open(signal: AbortSignal): Promise<{ readonly gitFolder: string; readonly notes: readonly string[] }>;
  /** The commit that the branch is at. */
  tip(run: GitRun): Promise<string>;
  /** As the port says. */
  readonly origin: ConfigHistory["origin"];
  readonly holds: ConfigHistory["holds"];
  /** What a proposal and the branch are at now, asked anew each time; `tip`: another commit than the branch's. */
  proposed(name: string, tip: string | undefined, signal: AbortSignal): Promise<Proposed>;
  close(): Promise<void>;
}

/** A copy of gofire's own. */
export interface Mirror extends LocalCopy {
  /** Where it is, as new as the repository is now. Throws PortError when that cannot be had. */
  renew(signal: AbortSignal): Promise<string>;
}

/** `patienceMs`: how long a question waits for what is being fetched. */
export function localCopy(place: HistoryPlace, stateFolder: string, patienceMs: number): LocalCopy {
  return isGitAddress(place.repository)
    ? mirror(place, join(stateFolder, "config-history"), patienceMs)
    : ownFolder(place);
}

function ownFolder({ repository, branch }: HistoryPlace): LocalCopy {
  async function open(signal: AbortSignal) {
    const run = { target: repository, folder: repository, deadlineMs: questionMs, signal };
    const output = await git(["rev-parse", "--absolute-git-dir"], run);
    return { gitFolder: output.toString("utf8").replace(/\n$/, ""), notes: [] };
  }

  async function tip(run: GitRun): Promise<string> {
    // A checkout may know a branch only as its remote's.
    const commit =
      branch === undefined
        ? await commitAt("HEAD", run)
        : ((await commitOfRef(`refs/heads/${branch}`, run)) ??
          (await commitOfRef(`refs/remotes/origin/${branch}`, run)));
    if (commit !== undefined) return commit;
    throw noBranch(repository, branch);
  }

  return {
    name: repository,
    open,
    tip,
    async origin(signal) {
      const run = { target: repository, folder: repository, deadlineMs: questionMs, signal };
      const { code, output } = await gitEnding(["config", "--get", "remote.origin.url"], {
        ...run,
        alsoFine: 1,
      });
      return code === 1 ? undefined : publicAddress(output.toString("utf8").trim());
    },
    async holds(file, signal) {
      const run = { target: repository, folder: repository, deadlineMs: questionMs, signal };
      // One that is bare has no files of its own, but its folder is one that it is in.
      const { code, output } = await gitEnding(["rev-parse", "--show-toplevel"], { ...run, alsoFine: 128 });
      const root = code === 0 ? output.toString("utf8").replace(/\n$/, "") : repository;
      const [inside, outside] = await Promise.all([realpath(file), realpath(root)]).catch(() => []);
      // What is not there is in no checkout.
      return inside !== undefined && `${inside}${sep}`.startsWith(`${outside}${sep}`);
    },
    async proposed(name, onto, signal) {
      const { gitFolder } = await open(signal);
      const run = { target: repository, gitFolder, deadlineMs: proposalMs, signal };
      const head = await proposedHere(name, run);
      return typeof head === "string" ? { tip: onto ?? (await tip(run)), head, run } : head;
    },
    close: () => Promise.resolve(),
  };
}

/** What the branch is at in a copy. */
const fetchedHead = "refs/gofire/branch";
/** Its time is when the remote was last asked with success, by whichever process. */
const freshFile = "gofire-fetched";

/** A bare copy below a folder. Fetching goes on when nobody waits for it any more, and the next question finds it. */
export function mirror(
  { repository, branch, credentials }: HistoryPlace,
  copies: string,
  patienceMs: number,
): Mirror {
  const name = publicAddress(repository);
  const digest = createHash("sha256")
    .update(`${repository}\0${branch ?? ""}`)
    .digest("hex")
    .slice(0, 16);
  const gitFolder = join(copies, `${digest}.git`);
  const fresh = join(gitFolder, freshFile);
  const over = new AbortController();
  let fetching: Promise<string | undefined> | undefined;
  /** The last try of this process, and why it failed. */
  let tried: { readonly atMs: number; readonly problem: string | undefined } | undefined;

  async function fetch(): Promise<string | undefined> {
    const problem = await fetchOnce();
    return problem !== undefined && (await removeOldLocks(gitFolder)) ? await fetchOnce() : problem;
  }

  const from = branch === undefined ? "HEAD" : `refs/heads/${branch}`;

  /** A copy that is there, and what the remote is shown. */
  async function prepared(signal: AbortSignal): Promise<GitRun> {
    const shown = await credentials?.();
    if (shown !== undefined && !isSafeForSecrets(repository)) {
      throw new PortError("forbidden", name, "its token is only sent by https");
    }
    const run = { target: name, deadlineMs: fetchMs, signal };
    await mkdir(gitFolder, { recursive: true, mode: 0o700 });
    // Without a template: two that begin the same copy at once would trip over each other's example hooks.
    const begin = ["init", "--quiet", "--bare", "--template=", "--", gitFolder];
    await unlocked(run, async () => await git(begin, run));
    return {
      ...run,
      gitFolder,
      ...(shown === undefined ? {} : { credentials: { ...shown, address: repository } }),
    };
  }

  async function fetchOnce(): Promise<string | undefined> {
    try {
      const run = await prepared(over.signal);
      const refs = [`+${from}:${fetchedHead}`, "+refs/tags/*:refs/tags/*"];
      const quietly = ["--quiet", "--prune", "--no-write-fetch-head", "--no-recurse-submodules"];
      await git(["fetch", ...quietly, "--end-of-options", repository, ...refs], run);
      await writeFile(fresh, "");
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Why it is not as new as it should be. */
  async function refresh(signal: AbortSignal): Promise<string | undefined> {
    const now = Date.now();
    if (fetching === undefined) {
      if (tried?.problem !== undefined && now - tried.atMs < fetchEveryMs) return tried.problem;
      const atMs = await changedAt(fresh);
      if (atMs !== undefined && now - atMs < fetchEveryMs) return undefined;
    }
    return await waited((fetching ??= begun()), patienceMs, signal);
  }

  async function begun(): Promise<string | undefined> {
    const problem = await fetch();
    tried = { atMs: Date.now(), problem };
    fetching = undefined;
    return problem;
  }

  return {
    name,
    origin: () => Promise.resolve(name),
    holds: () => Promise.resolve(false),
    async open(signal) {
      const problem = await refresh(signal);
      signal.throwIfAborted();
      if (problem === undefined) return { gitFolder, notes: [] };
      const atMs = await changedAt(fresh);
      if (atMs === undefined) throw new PortError("unavailable", name, problem);
      const age = durationText(Date.now() - atMs);
      return { gitFolder, notes: [`What is known of ${name} is ${age} old: ${problem}.`] };
    },
    async renew(signal) {
      // What began before now may have missed what came since.
      if (fetching !== undefined) await waited(fetching, patienceMs, signal);
      signal.throwIfAborted();
      const problem = await waited((fetching ??= begun()), patienceMs, signal);
      signal.throwIfAborted();
      if (problem !== undefined) throw new PortError("unavailable", name, problem);
      return gitFolder;
    },
    async tip(run) {
      const commit = await commitAt(fetchedHead, run);
      if (commit === undefined) throw noBranch(name, branch);
      return commit;
    },
    async proposed(asked, onto, signal) {
      const run = await prepared(AbortSignal.any([signal, over.signal])).catch((cause: unknown) => {
        signal.throwIfAborted();
        throw cause instanceof PortError
          ? cause
          : new PortError("unavailable", name, reasonOf(cause), { cause });
      });
      const found = await proposedThere(asked, { repository, tip: from }, run);
      if ("candidates" in found) return found;
      const { credentials: _credentials, ...here } = run;
      return { tip: onto ?? found.tip, head: found.head, run: { ...here, deadlineMs: proposalMs } };
    },
    async close() {
      over.abort(new Error("it is no longer needed"));
      await fetching;
    },
  };
}

/**
 * A process that died while it fetched leaves locks that keep every later one out: no fetch lives so long. True when there was
 * one. No ref's name ends like a lock's (git-scm.com/docs/git-check-ref-format).
 */
async function removeOldLocks(gitFolder: string): Promise<boolean> {
  const refs = join(gitFolder, "refs");
  const files = await Promise.all([
    readdir(gitFolder).then((names) => names.map((one) => join(gitFolder, one))),
    readdir(refs, { recursive: true }).then((names) => names.map((one) => join(refs, one))),
  ]).catch(() => []);
  let removed = false;
  for (const lock of files.flat().filter((path) => path.endsWith(".lock"))) {
    const atMs = await changedAt(lock);
    if (atMs === undefined || Date.now() - atMs <= 2 * fetchMs) continue;
    try {
      await rm(lock, { force: true });
      removed = true;
    } catch {
      // The fetch that it keeps out says so.
    }
  }
  return removed;
}

/** Why it failed, or that nobody waits any longer. */
async function waited(
  fetching: Promise<string | undefined>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const over = new AbortController();
  const patience = sleep(patienceMs, "it is still being fetched", {
    signal: AbortSignal.any([signal, over.signal]),
    ref: false,
  }).catch(() => "nobody waits for it any longer");
  try {
    return await Promise.race([fetching, patience]);
  } finally {
    over.abort();
  }
}

/** Milliseconds since the epoch; undefined for what is not there. */
async function changedAt(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

function noBranch(name: string, branch: string | undefined): PortError {
  const what = branch === undefined ? "no commit is checked out" : `there is no branch ${branch}`;
  return new PortError("not-found", name, what);
}
