import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { gitHistory } from "../../src/integrations/git/history.ts";
import type { ConfigHistory } from "../../src/ports/config-history.ts";
import { type ContractProposal, configHistoryContract } from "../contracts/config-history.ts";
import { fakeConfigHistory } from "../fakes/config-history.ts";
import { type GitRepository, gitRepository } from "./git-repository.ts";

const never = new AbortController().signal;
const minute = 60_000;
const now = 1_716_261_120_000;

configHistoryContract("the fake", (commits, proposals) => {
  const numbered = commits.map((commit, index) => ({ ...commit, revision: `${index}`.padEnd(40, "a") }));
  const proposed = proposals.map(({ author, ...proposal }, index) => ({
    ...proposal,
    head: `${index}`.padEnd(40, "b"),
    addresses: [`${author}@example.com`],
  }));
  return Promise.resolve({ history: fakeConfigHistory(numbered, proposed), close: () => Promise.resolve() });
});

configHistoryContract("git", (commits, proposals) => {
  const repository = gitRepository();
  for (const [index, { files, subject, mergedAtMs, author, tag }] of commits.entries()) {
    repository.commit(files, { subject, atMs: mergedAtMs, author });
    if (tag !== undefined)
      repository.git(["tag", "--annotate", tag.name, "--message", "x"], { atMs: tag.atMs });
    for (const proposal of proposals.filter(({ after }) => after === index + 1))
      propose(repository, proposal);
  }
  const history = gitHistory({ repository: repository.folder }, "/nowhere");
  return Promise.resolve({
    history,
    close() {
      repository.remove();
      return Promise.resolve();
    },
  });
});

/** As a forge has it: of a number there is no branch. */
function propose(repository: GitRepository, { name, author, subject, files }: ContractProposal): void {
  repository.git(["checkout", "--quiet", "-b", name]);
  repository.commit(files, { subject, atMs: now, author });
  repository.git(["checkout", "--quiet", "main"]);
  if (!/^\d+$/.test(name)) return;
  repository.git(["update-ref", `refs/pull/${name}/head`, `refs/heads/${name}`]);
  repository.git(["branch", "--quiet", "--delete", "--force", name]);
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "gofire-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(
  repository: string,
  rest: { readonly branch?: string; readonly tags?: string } = {},
): ConfigHistory {
  const history = gitHistory({ repository, ...rest }, temporary());
  onTestFinished(() => history.close());
  return history;
}

describe("a git repository", () => {
  function begin(): GitRepository {
    const repository = gitRepository();
    onTestFinished(() => repository.remove());
    repository.commit({ "a.yaml": "v: 1\n" }, { subject: "Begin", atMs: now - 300 * minute });
    return repository;
  }
  const asked = { paths: ["a.yaml"], sinceMs: now - 60 * minute, untilMs: now };

  it("tells a merge once, when it came into the branch, and not what stands behind it", async () => {
    const repository = begin();
    repository.git(["checkout", "--quiet", "-b", "tune"]);
    repository.commit({ "a.yaml": "v: 2\n" }, { subject: "Half", atMs: now - 200 * minute, author: "bo" });
    repository.commit({ "a.yaml": "v: 3\n" }, { subject: "Whole", atMs: now - 190 * minute, author: "bo" });
    repository.git(["checkout", "--quiet", "main"]);
    repository.commit({ "b.yaml": "v: 1\n" }, { subject: "Meanwhile", atMs: now - 100 * minute });
    repository.git(["merge", "--quiet", "--no-ff", "--message", "Merge tune", "tune"], {
      atMs: now - 14 * minute,
      author: "cy",
    });
    repository.git(["tag", "light"]);
    const { revisions } = await open(repository.folder).changes(asked, never);
    expect(revisions.map(({ subject, author, atMs, tag }) => [subject, author, now - atMs, tag])).toEqual([
      ["Merge tune", "cy", 14 * minute, undefined],
    ]);
    expect(revisions[0]?.files).toHaveLength(1);
    expect(new TextDecoder().decode(revisions[0]?.files[0]?.before as Uint8Array)).toBe("v: 1\n");
  });

  it("lets only tags like those count that are asked for", async () => {
    const repository = begin();
    repository.git(["tag", "--annotate", "v0-prod", "--message", "x"], { atMs: now - 300 * minute });
    repository.commit({ "a.yaml": "v: 2\n" }, { subject: "Two", atMs: now - 200 * minute });
    repository.commit({ "b.yaml": "v: 2\n" }, { subject: "Three", atMs: now - 180 * minute });
    repository.git(["tag", "--annotate", "v1-dev", "--message", "x"], { atMs: now - 150 * minute });
    repository.git(["tag", "--annotate", "v1-prod", "--message", "x"], { atMs: now - 14 * minute });
    repository.git(["tag", "--annotate", "v2-dev", "--message", "x"], { atMs: now - 5 * minute });
    const prod = await open(repository.folder, { tags: "v*-prod" }).changes(asked, never);
    expect(prod.revisions.map(({ tag, atMs }) => [tag, now - atMs])).toEqual([["v1-prod", 14 * minute]]);
    const any = await open(repository.folder).changes(asked, never);
    expect(any.revisions.map(({ tag }) => tag)).toEqual(["v2-dev"]);
  });

  it("reads a branch, in a bare repository, too, and says when there is none", async () => {
    const repository = begin();
    repository.git(["checkout", "--quiet", "-b", "prod"]);
    repository.commit({ "a.yaml": "v: 2\n" }, { subject: "Two", atMs: now - 10 * minute });
    repository.git(["checkout", "--quiet", "main"]);
    const bare = join(temporary(), "bare.git");
    repository.git(["clone", "--quiet", "--bare", repository.folder, bare]);
    expect((await open(bare, { branch: "prod" }).changes(asked, never)).revisions).toHaveLength(1);
    expect((await open(bare).changes(asked, never)).revisions).toHaveLength(0);
    await expect(open(bare, { branch: "nope" }).changes(asked, never)).rejects.toMatchObject({
      code: "not-found",
      message: "there is no branch nope",
    });
    await expect(open(temporary()).changes(asked, never)).rejects.toMatchObject({ code: "not-found" });
    await expect(open("/no/such/folder").changes(asked, never)).rejects.toMatchObject({ code: "not-found" });
  });

  it("does not take the end of a shallow clone for a change", async () => {
    const repository = begin();
    repository.commit({ "a.yaml": "v: 2\n" }, { subject: "Two", atMs: now - 20 * minute });
    repository.commit({ "a.yaml": "v: 3\n" }, { subject: "Three", atMs: now - 10 * minute });
    const clone = join(temporary(), "clone");
    repository.git(["clone", "--quiet", "--depth=2", `file://${repository.folder}`, clone]);
    const { revisions, notes } = await open(clone).changes(asked, never);
    expect(revisions.map(({ subject }) => subject)).toEqual(["Three"]);
    expect(notes).toEqual([expect.stringMatching(/shallow clone/)]);
  });

  it("hands out no large file, nor one whose name has a line break", async () => {
    const repository = begin();
    const large = `v: ${"x".repeat(1 << 20)}`;
    repository.commit(
      { "big.yaml": large, "odd\nname.yaml": "a: 1\n", "ok.yaml": "a: 1\n" },
      { subject: "Large", atMs: now - 5 * minute },
    );
    const { revisions } = await open(repository.folder).changes({ ...asked, paths: ["."] }, never);
    expect(
      revisions[0]?.files.map(({ path, after }) => [path, "unread" in Object(after) ? after : "read"]),
    ).toEqual([
      ["big.yaml", { unread: "it is larger than 1 MiB" }],
      ["odd\nname.yaml", { unread: "its name has a line break in it" }],
      ["ok.yaml", "read"],
    ]);
  });

  it("runs nothing that the repository brings along", async () => {
    const repository = begin();
    const marker = join(temporary(), "ran");
    const script = join(temporary(), "script.sh");
    writeFileSync(script, `#!/bin/sh\ntouch ${marker}\n`);
    chmodSync(script, 0o755);
    for (const name of ["core.fsmonitor", "diff.external", "core.pager", "core.sshCommand", "gpg.program"]) {
      repository.git(["config", name, script]);
    }
    repository.git(["config", "diff.evil.textconv", script]);
    repository.git(["config", "log.showSignature", "true"]);
    mkdirSync(join(repository.folder, ".git", "hooks"), { recursive: true });
    for (const hook of ["post-checkout", "reference-transaction"]) {
      writeFileSync(join(repository.folder, ".git", "hooks", hook), `#!/bin/sh\ntouch ${marker}\n`, {
        mode: 0o755,
      });
    }
    writeFileSync(join(repository.folder, ".git", "info", "attributes"), "* diff=evil\n");
    const history = open(repository.folder);
    await history.changes({ ...asked, sinceMs: 0 }, never);
    await history.find("main", never);
    expect(existsSync(marker)).toBe(false);
  });

  it("keeps a copy of a remote, fetches it when it is old, and goes on without the remote", async () => {
    const repository = begin();
    repository.commit({ "a.yaml": "v: 2\n" }, { subject: "Two", atMs: now - 10 * minute });
    const url = `file://${repository.folder}`;
    const state = temporary();
    const first = gitHistory({ repository: url }, state);
    expect((await first.changes(asked, never)).revisions).toHaveLength(1);
    await first.close();
    // Within half a minute nobody asks the remote again, another process neither: it may as well be gone.
    repository.remove();
    const second = gitHistory({ repository: url }, state);
    expect(await second.changes(asked, never)).toMatchObject({ revisions: [{ subject: "Two" }], notes: [] });
    await second.close();
  });

  it("says why nothing is known of a remote that does not answer", async () => {
    const history = open("file:///no/such/repository");
    await expect(history.changes(asked, never)).rejects.toMatchObject({ code: "unavailable" });
    // And does not ask again at once.
    await expect(history.changes(asked, never)).rejects.toThrow(/there is no such repository/);
  });

  it("takes no address for an option, and runs no helper that an address names", async () => {
    const marker = join(temporary(), "ran");
    await expect(open(`ext::sh -c touch% ${marker}`).changes(asked, never)).rejects.toThrow();
    await expect(open(`ext://sh -c touch% ${marker}`).changes(asked, never)).rejects.toThrow();
    await expect(open("--upload-pack=touch").changes(asked, never)).rejects.toMatchObject({
      code: "not-found",
    });
    expect(existsSync(marker)).toBe(false);
  });
});
