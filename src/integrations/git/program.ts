import { spawn } from "node:child_process";
import { PortError } from "../../domain/errors.ts";
import type { GitCredentials } from "../../ports/config-history.ts";
import { mostOutput } from "./limits.ts";

export interface GitRun {
  /** What is asked, for messages: a folder, or an address without credentials. */
  readonly target: string;
  /** Folder that git begins in. */
  readonly folder?: string;
  /** The repository itself, where it is known. */
  readonly gitFolder?: string;
  readonly input?: string;
  /** What is shown to the server of `address`, and to no other. */
  readonly credentials?: GitCredentials & { readonly address: string };
  /** Further variables of git's own, e.g. the index that is worked on. */
  readonly variables?: Readonly<Record<string, string>>;
  /** An exit code besides 0 that is an answer, too. */
  readonly alsoFine?: number;
  /** What a failure means beyond what is known of all of git's commands; gets what git complained, without secrets. */
  readonly explain?: (complained: string) => PortError | undefined;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Nothing that a repository, a user or a machine has configured is to be run, nobody is to be asked, nothing to be written:
 * https://git-scm.com/docs/git-config, https://git-scm.com/docs/git#_environment_variables
 */
const settings = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.attributesFile": "/dev/null",
  "credential.helper": "",
  "protocol.ext.allow": "never",
  "fetch.recurseSubmodules": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "log.showSignature": "false",
  "log.mailmap": "false",
  "diff.renames": "false",
  "merge.renames": "false",
};
const alone = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "true",
  SSH_ASKPASS: "true",
  GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  LC_ALL: "C",
};

/** Runs the `git` program and gives what it prints. Throws PortError as the port says, and the signal's reason. */
export async function git(words: readonly string[], run: GitRun): Promise<Buffer> {
  return (await gitEnding(words, run)).output;
}

/** The same for commands that answer by how they end, too: with 0, or what is `alsoFine`. */
export async function gitEnding(
  words: readonly string[],
  run: GitRun,
): Promise<{ readonly code: number; readonly output: Buffer }> {
  const { folder, gitFolder, signal, deadlineMs } = run;
  signal.throwIfAborted();
  const program = spawn(
    "git",
    [
      "--no-pager",
      "--no-replace-objects",
      "--literal-pathspecs",
      ...(folder === undefined ? [] : ["-C", folder]),
      ...(gitFolder === undefined ? [] : [`--git-dir=${gitFolder}`]),
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ...words,
    ],
    // A process group of its own: fetching starts ssh or git-remote-https, which have to end with it.
    {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...inherited(), ...alone, ...shown(run.credentials), ...run.variables },
    },
  );
  // Told to end, git takes its lock files away; one that hangs is not asked twice.
  let last: NodeJS.Timeout | undefined;
  const end = () => {
    endGroup(program.pid, "SIGTERM");
    last ??= setTimeout(() => endGroup(program.pid, "SIGKILL"), 1_000);
  };
  const timeUp = AbortSignal.timeout(deadlineMs);
  const over = AbortSignal.any([signal, timeUp]);
  over.addEventListener("abort", end, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      const said: Buffer[] = [];
      let bytes = 0;
      let complained = "";
      program.stdout.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostOutput) end();
        else said.push(chunk);
      });
      program.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (complained.length < 10_000) complained += text;
      });
      // One that ends early does not read what it is given: what it says then is the reason.
      program.stdin.on("error", () => {}).end(run.input ?? "");
      program.once("error", (cause) => reject(noProgram(run.target, cause)));
      program.once("close", (code, by) => {
        if (signal.aborted) reject(signal.reason as Error);
        else if (timeUp.aborted) reject(tooSlow(run.target, deadlineMs));
        else if (bytes > mostOutput) reject(tooMuch(run.target));
        else if (code === 0 || (code !== null && code === run.alsoFine))
          resolve({ code, output: Buffer.concat(said) });
        else {
          const words = withoutSecrets(complained, run.credentials);
          reject(run.explain?.(words) ?? complaint(run.target, words, by ?? `exit code ${code}`));
        }
      });
    });
  } finally {
    over.removeEventListener("abort", end);
    clearTimeout(last);
  }
}

/**
 * In the environment, where other users do not see it, not among the arguments, where they do. A server that sends gofire
 * elsewhere is not followed: git would show the header there, too.
 */
function shown(credentials: GitRun["credentials"]): NodeJS.ProcessEnv {
  if (credentials === undefined) return {};
  return {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: `http.${credentials.address}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basicOf(credentials)}`,
    GIT_CONFIG_KEY_1: "http.followRedirects",
    GIT_CONFIG_VALUE_1: "false",
  };
}

function basicOf({ user, token }: GitCredentials): string {
  return Buffer.from(`${user}:${token}`).toString("base64");
}

/** A server may say again what it was shown. */
function withoutSecrets(text: string, credentials: GitRun["credentials"]): string {
  if (credentials === undefined) return text;
  return text.replaceAll(basicOf(credentials), "…").replaceAll(credentials.token, "…");
}

/** Without what another git has set for its hooks: GIT_DIR and the like would be taken for ours. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
}

function noProgram(target: string, cause: Error & { code?: string }): PortError {
  const message =
    cause.code === "ENOENT"
      ? "there is no git program on the PATH: install git"
      : `git cannot be run: ${cause.message}`;
  return new PortError("unavailable", target, message, { cause });
}

function tooSlow(target: string, deadlineMs: number): PortError {
  return new PortError("timeout", target, `git did not answer within ${deadlineMs / 1000} s`);
}

function tooMuch(target: string): PortError {
  return new PortError("bad-response", target, `git printed more than ${mostOutput >> 20} MiB`);
}

/** By git's own words (LC_ALL=C), the first that fits. */
const meanings: readonly (readonly [words: RegExp, code: PortError["code"], say: string])[] = [
  [
    /dubious ownership/,
    "forbidden",
    "the folder belongs to another user, and git refuses it: let gofire's own user have a clone",
  ],
  [
    /usage: git merge-tree/,
    "unavailable",
    "what merging leaves can be told by git 2.38 and later: update git",
  ],
  [/not a git repository|cannot change to/i, "not-found", "there is no git repository"],
  [
    /Authentication failed|could not read Username|Permission denied|terminal prompts disabled/i,
    "forbidden",
    "the remote does not let gofire in",
  ],
  [/returned error: 40[13]/, "forbidden", "the remote does not let gofire in"],
  [/returned error: 404/, "not-found", "there is no such repository, or gofire may not see it"],
  [
    /returned error: 30\d/,
    "bad-response",
    "the remote sends gofire elsewhere, where its token does not go: name the address where it is",
  ],
  [
    /couldn't find remote ref|unknown revision|bad revision|Needed a single revision|bad object|not a tree object/i,
    "not-found",
    "there is no such branch or revision",
  ],
  [
    /Repository not found|does not appear to be a git repository|does not exist/i,
    "not-found",
    "there is no such repository",
  ],
  [
    /Could not resolve host|Connection refused|Could not read from remote|unable to access|Connection timed out/i,
    "unavailable",
    "the remote does not answer",
  ],
];

function complaint(target: string, text: string, ending: string): PortError {
  const first = text.split("\n").find((line) => /^(?:fatal|error):/.test(line)) ?? text.split("\n")[0] ?? "";
  // An address may have a password in it.
  const line = first
    .replace(/\/\/[^/\s@]*@/g, "//")
    .slice(0, 200)
    .trim();
  const meaning = meanings.find(([words]) => words.test(text));
  return meaning === undefined
    ? new PortError("bad-response", target, `git says: ${line === "" ? ending : line}`)
    : new PortError(meaning[1], target, `${meaning[2]} (git: ${line.replace(/^fatal: /, "")})`);
}

function endGroup(pid: number | undefined, by: "SIGTERM" | "SIGKILL"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, by);
  } catch {
    // It is gone already.
  }
}
