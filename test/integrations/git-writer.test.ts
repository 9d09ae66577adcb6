import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { gitWriter } from "../../src/integrations/git/writer.ts";
import type { ConfigWriter, WritePlace } from "../../src/ports/config-writer.ts";
import { configWriterContract } from "../contracts/config-writer.ts";
import { fakeConfigWriter } from "../fakes/config-writer.ts";
import { filesAt, sharedRepository } from "./git-repository.ts";
import { type GitAnswer, type GitServer, gitServer } from "./git-server.ts";

const start = 1_716_261_120_000;
const never = new AbortController().signal;
const note = { subject: "Roll back", body: "Asked for by U1, agreed by U2.\nIncident gf-3fa9" };
const token = "t0ken-of-the-test";
const header = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
const credentials = () => Promise.resolve({ user: "x-access-token", token });

configWriterContract("the fake", (commits, push) => {
  const numbered = commits.map((files, index) => ({
    revision: `${index}`.padEnd(40, "a"),
    author: "ana",
    subject: "x",
    mergedAtMs: index,
    files,
  }));
  const repository = fakeConfigWriter(numbered, push);
  return Promise.resolve({
    ...repository,
    commits: numbered.map(({ revision }) => revision),
    close: () => Promise.resolve(),
  });
});

configWriterContract("git", (commits, push) => {
  const repository = sharedRepository();
  const state = mkdtempSync(join(tmpdir(), "gofire-state-"));
  let made = 0;
  function commit(files: Readonly<Record<string, string | undefined>>): string {
    repository.clone.git(["fetch", "--quiet", "origin"]);
    if (made > 0) repository.clone.git(["reset", "--quiet", "--hard", "origin/main"]);
    const hash = repository.clone.commit(files, { subject: `Change ${made++}`, atMs: Date.now() });
    repository.clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    return hash;
  }
  const hashes = commits.map(commit);
  return Promise.resolve({
    writer: gitWriter({ repository: repository.bare, branch: "main", push }, state, 60_000),
    commits: hashes,
    commit,
    files: (branch: string) => filesAt(repository, branch),
    close() {
      repository.remove();
      rmSync(state, { recursive: true, force: true });
      return Promise.resolve();
    },
  });
});

async function write(writer: ConfigWriter, change: string, id = "rb1") {
  const plan = await writer.prepare({ kind: "revert", revision: change }, never);
  if (plan.kind !== "prepared") throw new Error(plan.kind);
  return await writer.write(plan, id, note, never);
}

async function failure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    (result) => `it gave ${JSON.stringify(result)}`,
    (error: unknown) => String(error),
  );
}

/** Only who shows the token may do anything; git's program wants to be told who that is before it takes a push. */
const guarded: GitAnswer = ({ headers }, response) => {
  if (headers.authorization === header) return undefined;
  response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("who are you?");
  return "answered";
};

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "gofire-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function begin() {
  const repository = sharedRepository();
  onTestFinished(() => repository.remove());
  repository.clone.commit(
    { "a.yaml": "v: 1\n", "b.yaml": "v: 1\n" },
    { subject: "One", atMs: start + 1_000 },
  );
  const change = repository.clone.commit({ "a.yaml": "v: 2\n" }, { subject: "Two", atMs: start + 2_000 });
  repository.clone.git(["push", "--quiet", "origin", "HEAD:main"]);
  return { ...repository, change };
}

async function serving(folder: string, answer?: GitAnswer): Promise<GitServer> {
  const server = await gitServer(folder, answer);
  onTestFinished(() => server.close());
  return server;
}

function open(
  place: Partial<WritePlace> & Pick<WritePlace, "repository">,
  state = temporary(),
): ConfigWriter {
  const writer = gitWriter({ branch: "main", push: "branch", ...place }, state, 60_000);
  onTestFinished(() => writer.close());
  return writer;
}

describe("a rollback that git writes", () => {
  test("is one commit of gofire's, says what, who and why, and has the trailer", async () => {
    const { clone, bare, change } = begin();
    const written = await write(open({ repository: bare }), change);
    const [shown = "", parents, trailer] = clone
      .git([
        `--git-dir=${bare}`,
        "log",
        "-1",
        "--format=%an <%ae>%n%cn <%ce>%n%B%x00%P%x00%(trailers:key=Gofire-Rollback,valueonly)",
        "main",
      ])
      .split("\0");
    expect(shown).toContain("gofire <gofire@gofire.invalid>\ngofire <gofire@gofire.invalid>\nRoll back\n");
    expect(shown).toContain("Incident gf-3fa9\n\nGofire-Rollback: rb1");
    expect(parents).toBe(change);
    expect(trailer?.trim()).toBe("rb1");
    expect(written).toMatchObject({ branch: "main", onto: change });
  });

  test("runs nothing of the repository's: no hooks of a clone, no merge drivers", async () => {
    const { clone, bare } = begin();
    const mark = join(temporary(), "ran");
    const attributes = clone.commit(
      { ".gitattributes": "*.yaml merge=evil filter=evil\n", "a.yaml": "v: 3\n" },
      { subject: "Three", atMs: start + 3_000 },
    );
    clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    clone.git([`--git-dir=${bare}`, "config", "merge.evil.driver", `touch ${mark}`]);
    clone.git([`--git-dir=${bare}`, "config", "filter.evil.smudge", `touch ${mark}`]);
    await write(open({ repository: bare }), attributes);
    expect(existsSync(mark)).toBe(false);
    expect(filesAt({ clone, bare, remove() {} }, "main")).toMatchObject({ "a.yaml": "v: 2\n" });
  });

  test("does not tell by what a file holds what is not told by it: modes, links, names that are no text", async () => {
    const { clone, bare } = begin();
    const folder = clone.folder;
    chmodSync(join(folder, "b.yaml"), 0o755);
    symlinkSync("a.yaml", join(folder, "link.yaml"));
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xe9]), Buffer.from(".yaml")]),
      "v: 1\n",
    );
    const change = clone.commit({ "a.yaml": "v: 3\n" }, { subject: "Three", atMs: start + 3_000 });
    clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    const plan = await open({ repository: bare }).prepare({ kind: "revert", revision: change }, never);
    if (plan.kind !== "prepared") throw new Error(plan.kind);
    const told = plan.files.map(({ path, before }) => [path, before instanceof Uint8Array]);
    expect(told).toEqual([
      ["a.yaml", true],
      ["b.yaml", false],
      ["link.yaml", false],
      ["\ufffd.yaml", false],
    ]);
  });

  test("merges by lines: what stands beside the change stays, a merge is taken back whole", async () => {
    const { clone, bare } = begin();
    clone.commit({ "c.yaml": "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n" }, { subject: "Lines", atMs: start + 3_000 });
    clone.git(["checkout", "--quiet", "-b", "side"]);
    clone.commit({ "c.yaml": "a: 9\nb: 1\nc: 1\nd: 1\ne: 1\n" }, { subject: "Side", atMs: start + 4_000 });
    clone.commit({ "a.yaml": "v: 9\n" }, { subject: "Side 2", atMs: start + 4_000 });
    clone.git(["checkout", "--quiet", "main"]);
    clone.git(["merge", "--quiet", "--no-ff", "--message", "Merge side", "side"], { atMs: start + 5_000 });
    const merge = clone.git(["rev-parse", "HEAD"]).trim();
    clone.commit({ "c.yaml": "a: 9\nb: 1\nc: 1\nd: 1\ne: 2\n" }, { subject: "Later", atMs: start + 6_000 });
    clone.git(["push", "--quiet", "origin", "HEAD:main"]);
    await write(open({ repository: bare }), merge);
    expect(filesAt({ clone, bare, remove() {} }, "main")).toEqual({
      "a.yaml": "v: 2\n",
      "b.yaml": "v: 1\n",
      "c.yaml": "a: 1\nb: 1\nc: 1\nd: 1\ne: 2\n",
    });
  });

  test("does not bring back what somebody took away by setting the branch back", async () => {
    const { clone, bare, change } = begin();
    const writer = open({ repository: bare });
    const plan = await writer.prepare({ kind: "revert", revision: change }, never);
    if (plan.kind !== "prepared") throw new Error(plan.kind);
    // In the moment between the last look and the push.
    const hook = join(bare, "hooks", "pre-receive");
    clone.git(["push", "--quiet", "--force", "origin", "HEAD~1:main"]);
    expect(await writer.write(plan, "rb1", note, never)).toBe("moved");
    expect(existsSync(hook)).toBe(false);
    expect(clone.git([`--git-dir=${bare}`, "rev-parse", "main"])).toBe(clone.git(["rev-parse", "HEAD~1"]));
  });

  test("a server's hook that declines is heard in its own words, and said what to do", async () => {
    const { clone, bare, change } = begin();
    const hook = join(bare, "hooks", "pre-receive");
    writeFileSync(hook, "#!/bin/sh\necho 'main is protected: open a pull request' >&2\nexit 1\n");
    chmodSync(hook, 0o755);
    const said = await failure(write(open({ repository: bare }), change));
    expect(said).toContain("main is protected: open a pull request");
    expect(said).toContain("rollback.push: proposal");
    expect(clone.git([`--git-dir=${bare}`, "rev-parse", "main"]).trim()).toBe(change);
  });

  test("a branch that is checked out is not moved under somebody's hands", async () => {
    const { clone, change } = begin();
    const said = await failure(write(open({ repository: clone.folder }), change));
    expect(said).toContain("main is checked out in that folder");
    expect(clone.git(["status", "--short"])).toBe("");
    // Beside it, it may.
    const proposing = open({ repository: clone.folder, push: "proposal" });
    expect(await write(proposing, change)).toMatchObject({ branch: "gofire/rollback-rb1" });
  });

  test("a branch of that name that is not gofire's is left alone", async () => {
    const { clone, bare, change } = begin();
    clone.git(["push", "--quiet", "origin", "HEAD:refs/heads/gofire/rollback-rb1"]);
    const said = await failure(write(open({ repository: bare, push: "proposal" }), change));
    expect(said).toContain("gofire has not made it");
  });

  test("goes to a private server with a token, which stands in no file", async () => {
    const { clone, bare, change } = begin();
    clone.git([`--git-dir=${bare}`, "config", "http.receivepack", "true"]);
    const server = await serving(dirname(bare), guarded);
    const state = temporary();
    const repository = `${server.url}/${basename(bare)}`;
    const writer = open({ repository, credentials }, state);
    await writer.tryPush(never);
    expect(await write(writer, change)).toMatchObject({ branch: "main", onto: change });
    expect(filesAt({ clone, bare, remove() {} }, "main")).toMatchObject({ "a.yaml": "v: 1\n" });
    expect(new Set(server.authorizations)).toEqual(new Set([header]));
    for (const text of filesBelow(state)) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(header.slice("Basic ".length));
    }
  });

  test("a token that may only read is said to be one", async () => {
    const { clone, bare, change } = begin();
    clone.git([`--git-dir=${bare}`, "config", "http.receivepack", "false"]);
    const server = await serving(dirname(bare), guarded);
    const writer = open({ repository: `${server.url}/${basename(bare)}`, credentials });
    expect(await failure(writer.tryPush(never))).toContain("lets gofire read and not write");
    expect(await failure(write(writer, change))).toContain("has to be one that may write");
  });
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}
