import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { gitHistory } from "../../src/integrations/git/history.ts";
import type { HistoryPlace, ProposedTree } from "../../src/ports/config-history.ts";
import { type GitRepository, gitRepository } from "./git-repository.ts";
import { gitServer } from "./git-server.ts";

const never = new AbortController().signal;
const atMs = 1_716_261_120_000;
const by = { subject: "x", atMs };
const environments = new Map([["prod", ["env/prod"]]]);
const token = "t0ken-of-the-test";
const credentials = () => Promise.resolve({ user: "x-access-token", token });

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "gofire-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** With `main`, and `tune` checked out. */
function begin(): GitRepository {
  const repository = gitRepository();
  onTestFinished(() => repository.remove());
  repository.commit({ "env/prod/a.yaml": "a: 1\n", "b.yaml": "b: 1\n" }, by);
  repository.git(["checkout", "--quiet", "-b", "tune"]);
  return repository;
}

async function proposal(place: HistoryPlace, name = "tune", state = temporary()): Promise<ProposedTree> {
  const history = gitHistory({ branch: "main", ...place }, state, 60_000);
  onTestFinished(() => history.close());
  const found = await history.proposal({ name, environments }, never);
  if ("candidates" in found) throw new Error(`${name} could be ${found.candidates.join(", ")}`);
  return found;
}

async function problems(repository: GitRepository): Promise<string> {
  const found = await proposal({ repository: repository.folder });
  return [...found.problems, ...found.environments.flatMap((one) => one.problems)].join("\n");
}

describe("the digest", () => {
  test("is what sha256sum and Go make of the same files", async () => {
    const repository = begin();
    repository.commit(
      { "env/prod/a.yaml": "a: 2\n", "env/prod/z/ü b.yaml": "", "env/prod/Z.yaml": "z: 1\n" },
      by,
    );
    const [prod] = (await proposal({ repository: repository.folder })).environments;
    const line = "find env/prod -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum";
    const hex = execFileSync("sh", ["-c", line], { cwd: repository.folder, encoding: "utf8" }).slice(0, 64);
    expect(prod?.digest).toBe(`h1:${Buffer.from(hex, "hex").toString("base64")}`);
    const files = ["env/prod/Z.yaml", "env/prod/a.yaml", "env/prod/z/ü b.yaml"];
    const ofGo = goHash(repository.folder, files);
    expect([prod?.digest, undefined]).toContain(ofGo);
  }, 300_000);

  test("is of what merging leaves, whatever else the branch got meanwhile, and of nothing else (T1)", async () => {
    const repository = begin();
    repository.commit({ "env/prod/a.yaml": "a: 2\n" }, by);
    const before = await proposal({ repository: repository.folder });
    repository.git(["checkout", "--quiet", "main"]);
    repository.commit({ "b.yaml": "b: 2\n" }, by);
    const after = await proposal({ repository: repository.folder });
    expect(after.tip).not.toBe(before.tip);
    expect(after.environments[0]).toEqual(before.environments[0]);
    repository.git(["checkout", "--quiet", "tune"]);
    repository.git(["merge", "--quiet", "--no-edit", "main"], { author: "bo" });
    const updated = await proposal({ repository: repository.folder });
    expect(updated.environments[0]?.digest).toBe(before.environments[0]?.digest);
    expect(updated.addresses).toEqual(["bo@example.com", "ana@example.com"]);
    repository.git(["checkout", "--quiet", "main"]);
    repository.commit({ "env/prod/other.yaml": "c: 1\n" }, by);
    const other = await proposal({ repository: repository.folder });
    expect(other.environments[0]?.digest).not.toBe(before.environments[0]?.digest);
    expect(other.environments[0]?.was).not.toBe(before.environments[0]?.was);
  });

  test("does not stand for links, submodules, programs and names that nobody can tell", async () => {
    const repository = begin();
    const folder = join(repository.folder, "env/prod");
    symlinkSync("../../b.yaml", join(folder, "link.yaml"));
    repository.commit({}, by);
    expect(await problems(repository)).toMatch(
      /^env\/prod\/link\.yaml is a symbolic link, and what it leads to/,
    );
    rmSync(join(folder, "link.yaml"));
    writeFileSync(join(folder, "run.sh"), "#!/bin/sh\n");
    chmodSync(join(folder, "run.sh"), 0o755);
    repository.commit({}, by);
    expect(await problems(repository)).toMatch(/^env\/prod\/run\.sh would become executable/);
    rmSync(join(folder, "run.sh"));
    writeFileSync(join(folder, "a\nb.yaml"), "a: 1\n");
    repository.commit({}, by);
    expect(await problems(repository)).toMatch(/^env\/prod\/a\\u\{a\}b\.yaml has a line break in its name/);
    rmSync(join(folder, "a\nb.yaml"));
    repository.git(["add", "--all"]);
    const commit = repository.git(["rev-parse", "HEAD"]).trim();
    repository.git(["update-index", "--add", "--cacheinfo", `160000,${commit},env/prod/module`]);
    repository.git(["commit", "--quiet", "--message", "x"]);
    expect(await problems(repository)).toMatch(/^env\/prod\/module is a submodule/);
  });

  test("does not stand for what is elsewhere, looks like another, or is another where it is checked out", async () => {
    const repository = begin();
    const put = (files: Readonly<Record<string, string>>) => {
      repository.git(["reset", "--quiet", "--hard", "main"]);
      repository.git(["config", "core.protectHFS", "false"]);
      repository.commit(files, by);
    };
    put({ "env/prod/big.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 2\n" });
    expect(await problems(repository)).toMatch(/^env\/prod\/big\.yaml is kept by Git LFS/);
    put({ "env/prod/A.yaml": "a: 2\n" });
    expect(await problems(repository)).toMatch(
      /^env\/prod\/A\.yaml and env\/prod\/a\.yaml are one where case/,
    );
    for (const [path, shown] of [
      ["env/Prod/a.yaml", "env/Prod/a.yaml"],
      ["ENV", "ENV"],
      ["env/prod\u200c/a.yaml", "env/prod\\u{200c}/a.yaml"],
      ["env/ｐrod/a.yaml", "env/ｐrod/a.yaml"],
    ] as const) {
      put({ [path]: "a: 666\n" });
      expect(await problems(repository)).toBe(
        `${shown} takes the place of env/prod where case and spelling do not count: rename it`,
      );
    }
    put({ "env/prod/b\u00a0c.yaml": "a: 2\n" });
    expect(await problems(repository)).toBe(
      "env/prod/b\\u{a0}c.yaml has a character in its name that is not shown, or looks like a space: rename it",
    );
    put({ "env/prod/\u043erder.yaml": "a: 2\n" });
    expect(await problems(repository)).toMatch(/mixes letters of alphabets that look alike/);
    put({ "env/prod/заказ.yaml": "a: 2\n", "env/prod/ü.yaml": "a: 2\n", "env/production.yaml": "a: 2\n" });
    expect(await problems(repository)).toBe("");
  });

  test("does not stand for bytes that are written in another way: attributes above it", async () => {
    const repository = begin();
    repository.commit({ ".gitattributes": "*.yaml ident\n" }, by);
    const place = { repository: repository.folder };
    expect((await proposal(place)).environments).toMatchObject([{ name: "prod", digest: "", files: [] }]);
    expect(await problems(repository)).toBe(
      "env/prod/a.yaml would be written in another way (.gitattributes: ident, now unspecified, would be set), which no approval of the environment covers: name that .gitattributes under its paths",
    );
    const history = gitHistory({ branch: "main", ...place }, temporary(), 60_000);
    onTestFinished(() => history.close());
    const covered = new Map([["prod", ["env/prod", ".gitattributes"]]]);
    const found = await history.proposal({ name: "tune", environments: covered }, never);
    expect(found).toMatchObject({ environments: [{ files: [{ path: ".gitattributes" }], problems: [] }] });
    repository.commit({ ".gitattributes": "*.png binary\n*.yaml text eol=lf\n" }, by);
    expect(await problems(repository)).toBe("");
  });

  test("of what a link took the place of is void", async () => {
    const repository = begin();
    rmSync(join(repository.folder, "env"), { recursive: true });
    symlinkSync("elsewhere", join(repository.folder, "env"));
    repository.commit({ "elsewhere/prod/a.yaml": "a: 666\n" }, by);
    const [prod] = (await proposal({ repository: repository.folder })).environments;
    expect(prod?.files).toMatchObject([{ path: "env/prod/a.yaml", after: "absent" }]);
  });
});

describe("who wrote a proposal (T6)", () => {
  test("is authors, committers and co-authors, by whatever they say", async () => {
    const repository = begin();
    repository.write({ "env/prod/a.yaml": "a: 2\n" });
    repository.git(["add", "--all"]);
    const message = "x\n\nMore.\n\nCo-Authored-By: Dee <Dee@Example.com>\nco-authored-by: Nobody\n";
    repository.git(["commit", "--quiet", "--author", "Cy <CY@example.com>", "--message", message], {
      author: "bo",
    });
    const { addresses } = await proposal({ repository: repository.folder });
    expect([...addresses].toSorted()).toEqual([
      "bo@example.com",
      "cy@example.com",
      "dee@example.com",
      "nobody",
    ]);
  });

  test("is not GitHub where it commits for an author, and is anybody where it says to be the author", async () => {
    const repository = begin();
    const byGitHub = (author: string) => {
      const words = ["commit", "--quiet", "--allow-empty", "--message=x", `--author=${author}`];
      const env = { ...process.env, GIT_COMMITTER_NAME: "GitHub", GIT_COMMITTER_EMAIL: "noreply@github.com" };
      execFileSync("git", ["-C", repository.folder, ...words], { env });
    };
    repository.write({ "env/prod/a.yaml": "a: 2\n" });
    repository.git(["add", "--all"]);
    byGitHub("Cy <cy@example.com>");
    const place = { repository: repository.folder };
    expect((await proposal(place)).addresses).toEqual(["cy@example.com"]);
    byGitHub("GitHub <noreply@github.com>");
    expect((await proposal(place)).addresses.toSorted()).toEqual(["cy@example.com", "noreply@github.com"]);
  });

  test("is refused when it is not known: too many commits, a clone that is cut off", async () => {
    const repository = begin();
    repository.commit({ "env/prod/a.yaml": "a: 2\n" }, by);
    const clone = join(temporary(), "clone");
    execFileSync("git", [
      "clone",
      "--quiet",
      "--no-local",
      "--depth=1",
      "--no-single-branch",
      `file://${repository.folder}`,
      clone,
    ]);
    await expect(proposal({ repository: clone })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("fetch-depth: 0"),
    });
    const stream = Array.from(
      { length: 1_001 },
      (_, index) =>
        `commit refs/heads/many\ncommitter E <e@x> ${index} +0000\ndata 1\nx\n${index === 0 ? `from refs/heads/tune^0\n` : ""}`,
    );
    execFileSync("git", ["-C", repository.folder, "fast-import", "--quiet"], { input: stream.join("\n") });
    expect((await proposal({ repository: repository.folder }, "many")).problems).toEqual([
      "it has more than 1000 commits: split it",
    ]);
  });
});

test("nothing of the repository is run, and nothing is written to it", async () => {
  const repository = begin();
  const ran = join(temporary(), "ran");
  repository.commit(
    { "env/prod/a.yaml": "a: 2\nb: 1\n", ".gitattributes": "*.yaml merge=own diff=own filter=own\n" },
    by,
  );
  repository.git(["checkout", "--quiet", "main"]);
  repository.commit(
    { "env/prod/a.yaml": "a: 3\n", ".gitattributes": "*.yaml merge=own diff=own filter=own\n" },
    by,
  );
  for (const key of [
    "merge.own.driver",
    "filter.own.smudge",
    "filter.own.clean",
    "diff.own.textconv",
    "core.fsmonitor",
  ]) {
    repository.git(["config", key, `touch ${ran}; false`]);
  }
  const objects = () => readdirSync(join(repository.folder, ".git", "objects"), { recursive: true }).length;
  const count = objects();
  expect(await problems(repository)).toMatch(
    /^it cannot be merged as it is, rebase it: conflict in env\/prod\/a\.yaml$/,
  );
  expect(objects()).toBe(count);
  expect(existsSync(ran)).toBe(false);
});

test("a file that was renamed meanwhile is merged as a forge does it", async () => {
  const repository = begin();
  const text = Array.from({ length: 20 }, (_, index) => `k${index}: 1\n`).join("");
  repository.git(["checkout", "--quiet", "main"]);
  repository.commit({ "env/prod/long.yaml": text }, by);
  repository.git(["checkout", "--quiet", "-B", "tune"]);
  repository.commit({ "env/prod/long.yaml": text.replace("k3: 1", "k3: 2") }, by);
  repository.git(["checkout", "--quiet", "main"]);
  repository.git(["mv", "env/prod/long.yaml", "env/prod/moved.yaml"]);
  repository.commit({}, by);
  const [prod] = (await proposal({ repository: repository.folder })).environments;
  expect(prod?.files.map(({ path }) => path)).toEqual(["env/prod/moved.yaml"]);
});

test("histories that have nothing in common cannot be merged, and older programs are told apart", async () => {
  const repository = begin();
  repository.git(["checkout", "--quiet", "--orphan", "alone"]);
  repository.commit({ "env/prod/a.yaml": "a: 2\n" }, by);
  expect((await proposal({ repository: repository.folder }, "alone")).problems).toEqual([
    "it has no commit in common with what it would be merged into",
  ]);
  const bin = temporary();
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  const old = `#!/bin/sh\ncase "$*" in *merge-tree*) echo "usage: git merge-tree <base-tree> <branch1> <branch2>" >&2; exit 129;; esac\nexec ${real} "$@"\n`;
  writeFileSync(join(bin, "git"), old, { mode: 0o755 });
  const path = process.env["PATH"];
  process.env["PATH"] = `${bin}:${path}`;
  try {
    await expect(proposal({ repository: repository.folder })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("git 2.38"),
    });
  } finally {
    process.env["PATH"] = path;
  }
});

/** Lets in whoever shows the token, and keeps requests where forges do. */
async function forge() {
  const repository = begin();
  repository.commit({ "env/prod/a.yaml": "a: 2\n" }, by);
  repository.git(["update-ref", "refs/pull/42/head", "tune"]);
  repository.git(["update-ref", "refs/merge-requests/7/head", "tune"]);
  repository.git(["checkout", "--quiet", "main"]);
  repository.git(["branch", "--quiet", "tuned", "tune"]);
  const server = await gitServer(repository.folder, (request, response) => {
    if (request.headers.authorization !== undefined) return undefined;
    response.writeHead(401, { "www-authenticate": "Basic" }).end();
    return "answered";
  });
  onTestFinished(() => server.close());
  return { repository, server, place: { repository: `${server.url}/.git`, branch: "main", credentials } };
}

describe("a remote", () => {
  test("hands out requests by number, branches and commits, as they are now and nothing else", async () => {
    const { repository, server, place } = await forge();
    const state = temporary();
    const head = repository.git(["rev-parse", "tune"]).trim();
    for (const name of ["42", "7", "tune"]) {
      expect(await proposal(place, name, state)).toMatchObject({
        name,
        head,
        problems: [],
      });
    }
    // Fetched with the branch already.
    expect((await proposal(place, head.slice(0, 12), state)).head).toBe(head);
    // Whoever may push may call a branch so.
    repository.git(["update-ref", `refs/heads/${head}`, "main"]);
    expect((await proposal(place, head, state)).head).toBe(head);
    await expect(proposal(place, "tun", state)).rejects.toThrow("tun could be tune, tuned");
    await expect(proposal(place, "43", state)).rejects.toMatchObject({ code: "not-found" });
    repository.git(["checkout", "--quiet", "tune"]);
    const pushed = repository.commit({ "env/prod/a.yaml": "a: 3\n" }, by);
    repository.git(["update-ref", "refs/pull/42/head", "tune"]);
    expect((await proposal(place, "42", state)).head).toBe(pushed);
    // Forced back, and the branch moved on.
    repository.git(["update-ref", "refs/pull/42/head", head]);
    repository.git(["checkout", "--quiet", "main"]);
    const tip = repository.commit({ "b.yaml": "b: 3\n" }, by);
    expect(await proposal(place, "42", state)).toMatchObject({ head, tip });
    const copies = join(state, "config-history");
    const refs = execFileSync(
      "git",
      ["--git-dir", join(copies, readdirSync(copies)[0] ?? ""), "for-each-ref", "--format=%(refname)"],
      { encoding: "utf8" },
    );
    expect(refs.split("\n").filter((ref) => ref !== "" && !ref.startsWith("refs/gofire/proposal"))).toEqual(
      [],
    );
    expect(server.authorizations.every((shown) => shown === undefined || shown.startsWith("Basic "))).toBe(
      true,
    );
  });

  test("that does not answer gives no old answer, and one that keeps gofire out says so", async () => {
    const { server, place } = await forge();
    const state = temporary();
    await proposal(place, "42", state);
    const { credentials: _credentials, ...open } = place;
    await expect(proposal(open, "42", state)).rejects.toMatchObject({ code: "forbidden" });
    await server.close();
    await expect(proposal(place, "42", state)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("is asked by two at once", async () => {
    const { place } = await forge();
    const state = temporary();
    const found = await Promise.all(
      ["42", "42", "42", "7"].map(async (name) => await proposal(place, name, state)),
    );
    expect(new Set(found.map(({ head }) => head)).size).toBe(1);
    const copies = join(state, "config-history");
    const [copy = "", ...others] = readdirSync(copies);
    expect(others).toEqual([]);
    // They would have been copied by all at once.
    expect(readdirSync(join(copies, copy))).not.toContain("hooks");
  });
});

/** What Go's own package makes of files; undefined where there is no Go, or its modules cannot be had. */
function goHash(folder: string, files: readonly string[]): string | undefined {
  const module = temporary();
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, "go.mod"), "module x\n\ngo 1.21\n\nrequire golang.org/x/mod v0.20.0\n");
  const source = `package main

import ("fmt"; "io"; "os"; "path/filepath"; "golang.org/x/mod/sumdb/dirhash")

func main() {
	hash, err := dirhash.Hash1(os.Args[2:], func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(os.Args[1], name)) })
	if err != nil { panic(err) }
	fmt.Print(hash)
}
`;
  writeFileSync(join(module, "main.go"), source);
  try {
    const environment = { ...process.env, GOFLAGS: "-mod=mod", GONOSUMDB: "*" };
    return execFileSync("go", ["run", ".", folder, ...files], {
      cwd: module,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: environment,
    });
  } catch {
    return undefined;
  }
}
