import { PortError } from "../../domain/errors.ts";
import type { ConfigWriter } from "../../ports/config-writer.ts";

const quotedCharacters = 200;

/** The branch is at another commit than it was, or there by now; nothing was pushed. */
class Moved extends PortError {
  constructor(target: string) {
    super("unavailable", target, "the branch moved meanwhile");
  }
}

export function isMoved(error: unknown): boolean {
  return error instanceof Moved;
}

/**
 * What a server that takes no push means, by git's own words (LC_ALL=C) and by what servers say; undefined: it says nothing
 * of it.
 */
export function pushRefusal(
  complained: string,
  { name, branch, push }: Pick<ConfigWriter, "name" | "branch" | "push">,
): PortError | undefined {
  const said = saidBy(complained);
  const quote = said === "" ? "" : ` (it says: ${said})`;
  const instead =
    push === "branch"
      ? "set rollback.push: proposal in gofire.yaml, and it is pushed beside the branch for people to merge, or let gofire's user push there"
      : "let gofire's user push branches that begin with gofire/";
  // The server compares once more under its own lock (git-scm.com/docs/git-receive-pack).
  if (
    /stale info|fetch first|non-fast-forward|incorrect old value|reference already exists|failed to (?:lock|update ref)|cannot lock ref/.test(
      complained,
    )
  ) {
    return new Moved(name);
  }
  if (/refusing to update checked out branch|branch is currently checked out/.test(complained)) {
    return new PortError(
      "forbidden",
      name,
      `${branch} is checked out in that folder, and git does not change a branch under somebody's hands: name a bare repository, or ${instead}`,
    );
  }
  if (
    /protected branch|\bGH0\d\d\b|hook declined|not allowed to (?:push|force)|\[remote rejected\]/i.test(
      complained,
    )
  ) {
    return new PortError("forbidden", name, `the server does not take this push${quote}: ${instead}`);
  }
  if (/returned error: 403|Write access|read.only|not granted|insufficient permission/i.test(complained)) {
    return new PortError(
      "forbidden",
      name,
      `the server lets gofire read and not write${quote}: rollback's token (or SSH key) has to be one that may write`,
    );
  }
  return undefined;
}

/** What the server and its hooks said themselves. */
function saidBy(complained: string): string {
  const lines = complained
    .split("\n")
    .flatMap((line) => /^remote:\s*(\S.*?)\s*$/.exec(line)?.[1] ?? [])
    .filter((line) => !/^(?:error|fatal):\s*$/.test(line));
  return lines
    .join(" ")
    .replace(/\/\/[^/\s@]*@/g, "//")
    .slice(0, quotedCharacters);
}
