import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { gitHistory } from "../../src/integrations/git/history.ts";
import type { ConfigHistory, HistoryPlace } from "../../src/ports/config-history.ts";
import { type GitRepository, gitRepository } from "./git-repository.ts";
import { type GitAnswer, type GitServer, gitServer } from "./git-server.ts";

const never = new AbortController().signal;
const minute = 60_000;
const now = 1_716_261_120_000;
const asked = { paths: ["a.yaml"], sinceMs: now - 60 * minute, untilMs: now };
const token = "t0ken-of-the-test";
const credentials = () => Promise.resolve({ user: "x-access-token", token });
const wrong = () => Promise.resolve({ user: "x", token: "wr0ng-token" });
const missing = () => Promise.reject(new Error("gofire.yaml: TOKEN is not set"));
const header = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "gofire-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function changed(): GitRepository {
  const repository = gitRepository();
  onTestFinished(() => repository.remove());
  repository.commit({ "a.yaml": "v: 1\n" }, { subject: "One", atMs: now - 300 * minute });
  repository.commit({ "a.yaml": "v: 2\n" }, { subject: "Two", atMs: now - 10 * minute });
  return repository;
}

async function serving(folder: string, answer?: GitAnswer): Promise<GitServer> {
  const server = await gitServer(folder, answer);
  onTestFinished(() => server.close());
  return server;
}

function open(place: HistoryPlace, state: string, patienceMs = 60_000): ConfigHistory {
  const history = gitHistory(place, state, patienceMs);
  onTestFinished(() => history.close());
  return history;
}

/** Lets in whoever shows the token, as GitHub does. */
const guarded: GitAnswer = ({ headers }, response) => {
  if (headers.authorization === header) return undefined;
  response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("who are you?");
  return "answered";
};

/** Git's way to frame lines (git-scm.com/docs/gitprotocol-common#_pkt_line_format). */
function packet(text: string): string {
  return `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
}

/** The arguments of every process: Linux has them in /proc, and `ps` is not everywhere there. */
function runningPrograms(): string {
  if (process.platform !== "linux") return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.map(argumentsOf).join("\n");
}

/** None of a process that has ended meanwhile. */
function argumentsOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

async function failure(history: ConfigHistory): Promise<string> {
  return await history.changes(asked, never).then(
    () => "it was answered",
    (error: unknown) => String(error),
  );
}

describe("a private repository", () => {
  test("is read with a token, which stands in no file and among no arguments", async () => {
    const { folder } = changed();
    const seen: string[] = [];
    const server = await serving(folder, (request, response) => {
      seen.push(runningPrograms());
      return guarded(request, response);
    });
    const state = temporary();
    const history = open({ repository: `${server.url}/.git`, credentials }, state);
    expect(await history.changes(asked, never)).toMatchObject({ revisions: [{ subject: "Two" }], notes: [] });
    expect(new Set(server.authorizations)).toEqual(new Set([header]));
    expect(seen.join("\n")).toMatch(/git.*fetch/);
    for (const text of [seen.join("\n"), ...filesBelow(state)]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(header.slice("Basic ".length));
    }
  });

  test("is told apart from one that is not there, and no message has the token", async () => {
    const { folder } = changed();
    const server = await serving(folder, guarded);
    const repository = `${server.url}/.git`;
    expect(await failure(open({ repository }, temporary()))).toContain("the remote does not let gofire in");
    const refused = await failure(open({ repository, credentials: wrong }, temporary()));
    expect(refused).toContain("the remote does not let gofire in");
    expect(refused).not.toContain("wr0ng-token");
    // One that says again what it was shown.
    const echo = await serving(folder, ({ headers }, response) => {
      const told = `${packet("# service=git-upload-pack\n")}0000${packet(`ERR ${headers.authorization} ${token}`)}`;
      response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" }).end(told);
      return "answered";
    });
    const echoed = await failure(open({ repository: `${echo.url}/x.git`, credentials }, temporary()));
    expect(echoed).toContain("git says: fatal: remote error: Basic … …");
    expect(echoed).not.toContain(token);
    expect(echoed).not.toContain(header.slice("Basic ".length));
  });

  test("does not have its token sent elsewhere, nor by plain HTTP over a network", async () => {
    const { folder } = changed();
    const other = await serving(folder);
    const server = await serving(folder, ({ url }, response) => {
      response.writeHead(302, { location: `${other.url}${url}` }).end();
      return "answered";
    });
    const sent = await failure(open({ repository: `${server.url}/.git`, credentials }, temporary()));
    expect(sent).toContain("name the address where it is");
    expect(server.authorizations).toEqual([header]);
    expect(other.authorizations).toEqual([]);
    const plain = open({ repository: "http://git.invalid/x.git", credentials }, temporary());
    expect(await failure(plain)).toContain("its token is only sent by https");
  });

  test("a token that cannot be read is said, and nobody is asked without it", async () => {
    const { folder } = changed();
    const server = await serving(folder);
    const history = open({ repository: `${server.url}/.git`, credentials: missing }, temporary());
    expect(await failure(history)).toContain("TOKEN is not set");
    expect(server.authorizations).toEqual([]);
  });
});

describe("a remote", () => {
  test("that does not answer is waited for a moment: then the copy is told with its age", async () => {
    const { folder } = changed();
    let isSilent = false;
    const silent = await serving(folder, () => (isSilent ? "answered" : undefined));
    const state = temporary();
    const repository = `${silent.url}/.git`;
    const first = open({ repository }, state);
    expect((await first.changes(asked, never)).notes).toEqual([]);
    await first.close();
    isSilent = true;
    const [fresh] = readdirSync(join(state, "config-history"));
    const hourAgo = new Date(Date.now() - 60 * minute);
    utimesSync(join(state, "config-history", fresh ?? "", "gofire-fetched"), hourAgo, hourAgo);
    const second = open({ repository }, state, 50);
    expect(await second.changes(asked, never)).toMatchObject({
      revisions: [{ subject: "Two" }],
      notes: [expect.stringMatching(/^What is known of .* is 1 h old: it is still being fetched\.$/)],
    });
    // With nothing to tell it is an error, and closing does not wait for the remote either.
    const empty = open({ repository }, temporary(), 50);
    expect(await failure(empty)).toContain("it is still being fetched");
    await Promise.all([second.close(), empty.close()]);
  });

  test("is fetched again after a git that was killed, by its lock's age", async () => {
    const { folder } = changed();
    // Far down: what git complains of is cut in messages.
    const state = join(temporary(), "s".repeat(200));
    const server = await serving(folder);
    const repository = `${server.url}/.git`;
    const first = open({ repository }, state);
    await first.changes(asked, never);
    await first.close();
    const copies = join(state, "config-history");
    const copy = join(copies, readdirSync(copies)[0] ?? "");
    rmSync(join(copy, "gofire-fetched"));
    rmSync(join(copy, "refs", "gofire"), { recursive: true });
    mkdirSync(join(copy, "refs", "gofire"));
    const lock = join(copy, "refs", "gofire", "branch.lock");
    writeFileSync(lock, "");
    // It may be of somebody who is at work.
    expect(await failure(open({ repository }, state))).toContain("cannot lock ref");
    const longAgo = new Date(Date.now() - 10 * minute);
    utimesSync(lock, longAgo, longAgo);
    expect((await open({ repository }, state).changes(asked, never)).revisions).toHaveLength(1);
    // A lock that is a folder cannot be removed so: then it is what keeps out that is told.
    rmSync(join(copy, "gofire-fetched"));
    rmSync(join(copy, "refs", "gofire"), { recursive: true });
    mkdirSync(lock, { recursive: true });
    utimesSync(lock, longAgo, longAgo);
    expect(await failure(open({ repository }, state))).toContain("cannot lock ref");
  });
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}
