import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface GitRepository {
  readonly folder: string;
  /** Runs git there; the date in milliseconds since the epoch counts for commits and tags. */
  git(words: readonly string[], by?: { readonly atMs?: number; readonly author?: string }): string;
  write(files: Readonly<Record<string, string | undefined>>): void;
  /** Commits the files, and gives the commit. */
  commit(
    files: Readonly<Record<string, string | undefined>>,
    by: { readonly subject: string; readonly atMs: number; readonly author?: string },
  ): string;
  remove(): void;
}

/** A real repository in a folder of its own. */
export function gitRepository(): GitRepository {
  const folder = mkdtempSync(join(tmpdir(), "gofire-git-"));
  const repository: GitRepository = {
    folder,
    git(words, { atMs = Date.now(), author = "ana" } = {}) {
      const date = `${Math.floor(atMs / 1000)} +0000`;
      return execFileSync("git", ["-C", folder, ...words], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: process.env["PATH"],
          GIT_CONFIG_NOSYSTEM: "1",
          GIT_CONFIG_GLOBAL: "/dev/null",
          GIT_AUTHOR_NAME: author,
          GIT_AUTHOR_EMAIL: `${author}@example.com`,
          GIT_COMMITTER_NAME: author,
          GIT_COMMITTER_EMAIL: `${author}@example.com`,
          GIT_AUTHOR_DATE: date,
          GIT_COMMITTER_DATE: date,
        },
      });
    },
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(folder, path);
        if (text === undefined) rmSync(file);
        else {
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, text);
        }
      }
    },
    commit(files, { subject, ...by }) {
      repository.write(files);
      repository.git(["add", "--all"], by);
      repository.git(["commit", "--quiet", "--message", subject], by);
      return repository.git(["rev-parse", "HEAD"]).trim();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  repository.git(["init", "--quiet", "--initial-branch=main"]);
  return repository;
}

/** Somebody's clone, and the bare repository that it pushes to. */
export interface SharedRepository {
  readonly clone: GitRepository;
  /** Its folder. */
  readonly bare: string;
  remove(): void;
}

export function sharedRepository(): SharedRepository {
  const clone = gitRepository();
  const bare = mkdtempSync(join(tmpdir(), "gofire-bare-"));
  clone.git(["init", "--quiet", "--bare", "--initial-branch=main", bare]);
  clone.git(["remote", "add", "origin", bare]);
  return {
    clone,
    bare,
    remove() {
      clone.remove();
      rmSync(bare, { recursive: true, force: true });
    },
  };
}

/** What a branch of the bare one holds, by path; undefined where there is no such branch. */
export function filesAt(
  { clone, bare }: SharedRepository,
  branch: string,
): Readonly<Record<string, string>> | undefined {
  const git = (...words: readonly string[]) => clone.git([`--git-dir=${bare}`, ...words]);
  if (git("for-each-ref", `refs/heads/${branch}`) === "") return undefined;
  const paths = git("ls-tree", "-r", "--name-only", branch).split("\n").filter(Boolean);
  return Object.fromEntries(paths.map((path) => [path, git("show", `${branch}:${path}`)]));
}
