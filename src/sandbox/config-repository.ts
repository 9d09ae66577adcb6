import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";

const run = promisify(execFile);

const dayMs = 86_400_000;
/** So long before the demo somebody tuned the pool. */
const changedMs = 14 * 60_000;
const wellSize = 200;
const sickSize = 0;
const branch = "main";
/** Where the demo's configuration is in its repository. */
const file = "env/prod/order.yaml";

/** The repository that the demo's service is configured in: bare, as a forge has it, beside somebody's copy to work in. */
export interface ConfigRepository {
  readonly folder: string;
  readonly branch: string;
  readonly file: string;
  /** Full hash of the commit that the branch is at. */
  tip(): Promise<string>;
  /** What the file says in a commit, by dotted path. */
  settings(commit: string): Promise<Readonly<Record<string, string>>>;
  /** Somebody sets the pool's size to 0 once more, and back. */
  releaseSick(): Promise<void>;
  releaseWell(): Promise<void>;
}

/**
 * A real Git repository with the story of the demo: a release, and the one in which redis.max_active became 0. Undefined where
 * there is no git.
 */
export async function writeConfigRepository(
  parent: string,
  nowMs: number,
): Promise<ConfigRepository | undefined> {
  const folder = join(parent, "config.git");
  const desk = join(parent, "config-desk");

  async function release(maxActive: number, subject: string, atMs = Date.now()): Promise<void> {
    // gofire may have pushed meanwhile.
    await git(desk, ["fetch", "--quiet", "origin"]);
    if (await isThere(`refs/remotes/origin/${branch}`)) {
      await git(desk, ["reset", "--quiet", "--hard", `origin/${branch}`]);
    }
    await writeFile(join(desk, file), orderConfig(maxActive));
    await git(desk, ["add", "--all"]);
    await git(desk, ["commit", "--quiet", "--message", subject], atMs);
    await git(desk, ["push", "--quiet", "origin", branch]);
  }

  async function isThere(ref: string): Promise<boolean> {
    return (await git(desk, ["for-each-ref", ref])) !== "";
  }

  async function tagged(atMs: number, name: string, subject: string): Promise<void> {
    const tag = `v${dateOf(atMs)}-prod-${name}`;
    await git(desk, ["tag", "--annotate", tag, "--message", subject], atMs);
    await git(desk, ["push", "--quiet", "origin", tag]);
  }

  try {
    await mkdir(join(desk, "env/prod"), { recursive: true });
    await run("git", ["init", "--quiet", "--bare", `--initial-branch=${branch}`, folder], {
      env: author(nowMs),
    });
    await git(desk, ["init", "--quiet", `--initial-branch=${branch}`]);
    await git(desk, ["remote", "add", "origin", folder]);
    const beginMs = nowMs - 9 * dayMs;
    const begin = "Order: first configuration";
    await release(wellSize, begin, beginMs);
    await tagged(beginMs, "begin", begin);
    const tune = "Order: let redis decide how many";
    await release(sickSize, tune, nowMs - changedMs);
    await tagged(nowMs - changedMs, "redis-tune", tune);
  } catch {
    return undefined; // the demo goes on without this part of its story
  }

  return {
    folder,
    branch,
    file,
    tip: async () => (await git(folder, ["rev-parse", `refs/heads/${branch}`])).trim(),
    settings: async (commit) => settingsOf(parse(await git(folder, ["show", `${commit}:${file}`]))),
    releaseSick: () => release(sickSize, "Order: let redis decide how many, once more"),
    releaseWell: () => release(wellSize, "Order: as many as it was before"),
  };
}

async function git(folder: string, words: readonly string[], atMs = Date.now()): Promise<string> {
  const { stdout } = await run("git", ["-C", folder, ...words], { env: author(atMs) });
  return stdout;
}

/** Nothing that this machine's user has configured for git counts in the story. */
function author(atMs: number): NodeJS.ProcessEnv {
  const date = `${Math.floor(atMs / 1000)} +0000`;
  return {
    PATH: process.env["PATH"],
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "ana",
    GIT_AUTHOR_EMAIL: "ana@shop.example",
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: "ana",
    GIT_COMMITTER_EMAIL: "ana@shop.example",
    GIT_COMMITTER_DATE: date,
  };
}

function orderConfig(maxActive: number): string {
  return `redis:\n  addr: redis.shop.svc:6379\n  max_active: ${maxActive}\n  timeout: 250ms\nlog:\n  level: info\n`;
}

/** The leaves of a document, by dotted path. */
function settingsOf(document: unknown): Readonly<Record<string, string>> {
  if (typeof document !== "object" || document === null) return {};
  return Object.fromEntries(
    Object.entries(document).flatMap(([key, value]: [string, unknown]) =>
      typeof value === "object" && value !== null
        ? Object.entries(settingsOf(value)).map(([rest, leaf]) => [`${key}.${rest}`, leaf])
        : [[key, String(value)]],
    ),
  );
}

/** 20240521 */
function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");
}
