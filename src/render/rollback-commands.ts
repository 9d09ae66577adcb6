import { isGitAddress } from "../domain/configuration/git-address.ts";
import type { Rollback } from "../domain/configuration/rollback.ts";
import { shellWord } from "./shell-word.ts";

/** A longer line is cut by what shows it, and half a command is worse than none. */
const mostCharacters = 1_500;

/**
 * A line for a shell at the root of a clone that does what `rollback` says, as a new commit; undefined where names have
 * characters that do not survive a chat.
 */
export function rollbackCommand({ service, repository, branch, way }: Rollback): string | undefined {
  const steps = [
    ...(branch === undefined ? [] : [`git switch ${shellWord(branch)}`]),
    // A folder's own branch need not follow any other.
    isGitAddress(repository) ? "git pull --ff-only" : "git fetch",
    ...(way.kind === "revert"
      ? [`git revert --no-edit ${way.isMerge ? "-m 1 " : ""}${way.revision}`]
      : restoring(service, way)),
  ];
  const line = steps.join(" && ");
  return line.length > mostCharacters || /[\p{C}`]/u.test(line) ? undefined : line;
}

function restoring(
  service: string,
  { name, revision, paths }: Extract<Rollback["way"], { kind: "restore" }>,
): readonly string[] {
  const source = /^\w[\w./-]*$/.test(name) ? name : revision;
  // Otherwise git reads them as patterns.
  const literally = paths.some((path) => /^:|[*?[\\]/.test(path)) ? " --literal-pathspecs" : "";
  return [
    `git${literally} restore --source=${source} --staged --worktree -- ${paths.map(shellWord).join(" ")}`,
    `git commit --message ${shellWord(`Roll ${service} back to ${source}`)}`,
  ];
}
