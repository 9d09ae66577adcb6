import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
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

/** Number of the pull request that is open in it. */
export const openProposal = 7;

/** The repository that the demo's service is configured in: bare, as a forge has it, beside somebody's copy to work in. */
export interface ConfigRepository {
  readonly folder: string;
  readonly branch: string;
  readonly file: string;
  /** Whether the git of this machine merges without a work tree (2.38 or newer): rollbacks and approvals need that. */
  readonly canMerge: boolean;
  /** Full hash of the commit that the branch is at. */
  tip(): Promise<string>;
  /** What the file says in a commit, by dotted path. */
  settings(commit: string): Promise<Readonly<Record<string, string>>>;
  /** Ana sets the pool's size to 0 once more, and back; nothing where it is so already. */
  releaseSick(): Promise<void>;
  releaseWell(): Promise<void>;
}

/**
 * A real Git repository with the story of the demo: a release, the one in which redis.max_active became 0, and a pull request
 * that waits. Undefined where there is no git.
 */
export async function writeConfigRepository(
  parent: string,
  nowMs: number,
): Promise<ConfigRepository | undefined> {
  const folder = join(parent, "config.git");
  const desk = join(parent, "config-desk");
  const path = join(desk, file);

  async function commit(text: string, subject: string, by: string, atMs: number): Promise<void> {
    await writeFile(path, text);
    await git(desk, ["add", "--all"]);
    await git(desk, ["commit", "--quiet", "--message", subject], by, atMs);
  }

  async function tag(name: string, atMs: number): Promise<void> {
    const words = ["tag", "--annotate", `v${dateOf(atMs)}-prod-${name}`, "--message", "Released"];
    await git(desk, words, "ana", atMs);
  }

  async function release(maxActive: number, subject: string): Promise<void> {
    // gofire may have pushed meanwhile.
    await git(desk, ["fetch", "--quiet", "origin"]);
    await git(desk, ["reset", "--quiet", "--hard", `origin/${branch}`]);
    const before = await readFile(path, "utf8");
    const after = before.replace(/(?<=max_active: )\d+/, String(maxActive));
    if (after === before) return;
    await commit(after, subject, "ana", Date.now());
    await git(desk, ["push", "--quiet", "origin", branch]);
  }

  try {
    await mkdir(join(desk, "env/prod"), { recursive: true });
    await git(parent, ["init", "--quiet", "--bare", `--initial-branch=${branch}`, folder]);
    await git(desk, ["init", "--quiet", `--initial-branch=${branch}`]);
    await git(desk, ["remote", "add", "origin", folder]);
    const beganMs = nowMs - 9 * dayMs;
    await commit(orderConfig(wellSize, "10s"), "Order: first configuration", "ana", beganMs);
    await tag("begin", beganMs);
    await git(desk, ["checkout", "--quiet", "-b", "slower"]);
    await commit(orderConfig(wellSize, "60s"), "Order: exports take longer", "priya", nowMs - dayMs);
    await git(desk, ["push", "--quiet", "origin", `HEAD:refs/pull/${openProposal}/head`]);
    await git(desk, ["checkout", "--quiet", branch]);
    const tunedMs = nowMs - changedMs;
    await commit(orderConfig(sickSize, "10s"), "Order: let redis decide how many", "ana", tunedMs);
    await tag("redis-tune", tunedMs);
    await git(desk, ["push", "--quiet", "--tags", "origin", branch]);
  } catch {
    return undefined; // the demo goes on without this part of its story
  }

  return {
    folder,
    branch,
    file,
    canMerge: await git(folder, ["merge-tree", "--write-tree", branch, branch]).then(
      () => true,
      () => false,
    ),
    tip: async () => (await git(folder, ["rev-parse", `refs/heads/${branch}`])).trim(),
    settings: async (at) => settingsOf(parse(await git(folder, ["show", `${at}:${file}`]))),
    releaseSick: () => release(sickSize, "Order: let redis decide how many, once more"),
    releaseWell: () => release(wellSize, "Order: as many as it was before"),
  };
}

/** Nothing that this machine's user has configured for git counts in the story. */
async function git(folder: string, words: readonly string[], by = "ana", atMs = Date.now()): Promise<string> {
  const email = `${by}@shop.example`;
  const date = `${Math.floor(atMs / 1000)} +0000`;
  const { stdout } = await run("git", ["-C", folder, ...words], {
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: by,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: by,
      GIT_COMMITTER_EMAIL: email,
      GIT_COMMITTER_DATE: date,
    },
  });
  return stdout;
}

/** So far apart that one of them can be changed whatever becomes of the other. */
function orderConfig(maxActive: number, writeTimeout: string): string {
  return `redis:
  addr: redis.shop.svc:6379
  max_active: ${maxActive}
  timeout: 250ms
log:
  level: info
http:
  read_timeout: 5s
  write_timeout: ${writeTimeout}
`;
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
