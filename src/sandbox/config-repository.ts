import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const dayMs = 86_400_000;
/** So long before the demo somebody tuned the pool. */
const changedMs = 14 * 60_000;

/** Where the demo's configuration is, below the folder that was asked for. */
export const configFile = "env/prod/order.yaml";

/**
 * A real Git repository with the story of the demo: a release, and the one in which redis.max_active became 0. `false` where
 * there is no git.
 */
export async function writeConfigRepository(folder: string, nowMs: number): Promise<boolean> {
  const git = async (atMs: number, ...words: readonly string[]) =>
    await run("git", ["-C", folder, ...words], { env: author(atMs) });
  const release = async (atMs: number, maxActive: number, subject: string, tag: string) => {
    await writeFile(join(folder, configFile), orderConfig(maxActive));
    await git(atMs, "add", "--all");
    await git(atMs, "commit", "--quiet", "--message", subject);
    await git(atMs, "tag", "--annotate", tag, "--message", subject);
  };
  try {
    await mkdir(join(folder, "env/prod"), { recursive: true });
    await git(nowMs, "init", "--quiet");
    await release(
      nowMs - 9 * dayMs,
      200,
      "Order: first configuration",
      `v${dateOf(nowMs - 9 * dayMs)}-prod-begin`,
    );
    const tag = `v${dateOf(nowMs - changedMs)}-prod-redis-tune`;
    await release(nowMs - changedMs, 0, "Order: let redis decide how many", tag);
    return true;
  } catch {
    return false; // the demo goes on without this part of its story
  }
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

/** 20240521 */
function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");
}
