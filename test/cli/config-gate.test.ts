import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { AuditEventType } from "../../src/domain/audit/audit-event.ts";
import { fromFact } from "../../src/governance/gate.ts";
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { gitRepository } from "../integrations/git-repository.ts";
import { gofire } from "./gofire.ts";

const never = new AbortController().signal;
const repository = gitRepository();
const folder = mkdtempSync(join(tmpdir(), "gofire-gate-"));
afterAll(() => {
  repository.remove();
  rmSync(folder, { recursive: true });
});
const rules = join(folder, "gofire.yaml");
writeFileSync(
  rules,
  `configHistory: { repository: https://git.example.com/shop/config.git }
services: { order: { config: [env/prod/order.yaml] } }
gate:
  environments:
    prod: { paths: [env/prod] }
    staging: { paths: [env/staging], approvals: 1 }
people:
  UANA: { git: [ana@example.com] }
  UBO: { git: [bo@example.com] }
  UCY: { git: [cy@example.com] }
`,
);
const atMs = 1_716_261_120_000;
const order = (value: string) => `redis:\n  max_active: ${value}\n`;
const commit = (files: Record<string, string>, author = "ana") =>
  repository.commit(files, { subject: "Tune", atMs, author });
commit({ "env/prod/order.yaml": order("200"), "env/staging/order.yaml": order("20") });
for (const [branch, value, author] of [
  ["tune", "0", "ana"],
  ["stranger", "1", "eve"],
  ["doubtful", "no", "ana"],
] as const) {
  repository.git(["checkout", "--quiet", "-b", branch, "main"]);
  commit({ "env/prod/order.yaml": order(value) }, author);
}
repository.git(["checkout", "--quiet", "main"]);

async function gate(head: string, ...words: readonly string[]) {
  const named = ["--repository", repository.folder, "--base", "main", "--head", head, "--config", rules];
  return await gofire(["config", "gate", ...named, ...words]);
}

async function report(head: string, ...words: readonly string[]) {
  const { code, stdout } = await gate(head, ...words, "--format", "json");
  const { proposal, states } = JSON.parse(stdout) as {
    readonly proposal: {
      readonly environments: readonly { readonly digest: string; readonly was: string }[];
    };
    readonly states: readonly { readonly environment: string; readonly verdict: string }[];
  };
  return { code, environment: proposal.environments[0], verdicts: states.map(({ verdict }) => verdict) };
}

test("without a log it says what would change and what that can do, and that nobody was asked", async () => {
  const { code, stdout } = await gate("tune");
  expect(stdout).toMatch(
    /^tune \([0-9a-f]{10}\) into main\n {2}Tune\n\nprod {2}waiting for approval, 0 of 2\n/,
  );
  expect(stdout).toContain(
    "\n  env/prod/order.yaml:2: redis.max_active 200 → 0\n    can mean: 0 means no limit",
  );
  expect(stdout).toContain("\n  services: order\n");
  expect(stdout).toMatch(/\n {2}digest h1:\S{44}\n {4}now h1:\S{44}\n/);
  expect(stdout).toContain("\nstaging  nothing of it changes\n");
  expect(stdout).toContain("Who approved is not known");
  expect(code).toBe(3);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  const markdown = (await gate("tune", "--format", "markdown")).stdout;
  expect(markdown).toContain(
    "### prod: waiting for approval, 0 of 2\n\n- `env/prod/order.yaml:2`: redis.max",
  );
});

test("where nothing of an environment changes, no log is needed", async () => {
  const words = ["--environment", "staging", "--log", join(folder, "nowhere"), "--key", "x+12345678+AbC="];
  expect(await gate("tune", ...words)).toMatchObject({ code: 0 });
});

test("what readers could take differently cannot be approved (T22)", async () => {
  const { code, stdout } = await gate("doubtful");
  expect(stdout.replace(/\s+/g, " ")).toContain(
    "prod cannot be approved as it is env/prod/order.yaml:2:15: no is false to some readers and text to others",
  );
  expect(code).toBe(1);
});

test("the audit log says who approved: two people, then yes; another digest, then no; altered, then nobody", async () => {
  const stateFolder = join(folder, "state");
  const log = await auditLogs().keep(join(stateFolder, "audit"), {
    origin: "gofire.test/audit",
    stateFolder,
    at: "gofire.yaml: audit",
  });
  const asked = ["--log", join(stateFolder, "audit"), "--key", log.verifier] as const;
  const { environment } = await report("tune");
  let count = 0;
  const ours = "https://git.example.com/shop/config.git";
  const say = async (who: string, type: AuditEventType, digest = environment?.digest ?? "", where = ours) =>
    await log.append(
      {
        id: `test:${count++}`,
        type,
        atMs: Date.now(),
        actor: `slack:U${who.toUpperCase()}`,
        subject: { repository: where, environment: "prod", digest },
        facts: { [fromFact]: environment?.was ?? "" },
      },
      never,
    );

  await say("ana", "config.approved");
  await say("bo", "config.approved");
  const one = await gate("tune", ...asked);
  expect(one.code).toBe(1);
  expect(one.stdout).toContain("prod  waiting for approval, 1 of 2\n");
  expect(one.stdout).toContain(
    "  does not count: approval by slack:UANA\n    wrote or committed some of it\n",
  );
  await say("cy", "config.approved", environment?.digest, "https://git.example.com/shop/other.git");
  const elsewhere = await gate("tune", ...asked);
  expect(elsewhere.code).toBe(1);
  expect(elsewhere.stdout.replace(/\s+/g, " ")).toContain(
    "does not count: approval by slack:UCY it is of another repository that has the same files: https://git.example.com/shop/other.git",
  );
  await say("cy", "config.approved");
  expect(await report("tune", ...asked)).toMatchObject({ code: 0, verdicts: ["approved", "not-applicable"] });
  // These approvals are of that repository, whatever the same files are in now.
  expect(await gate("tune", ...asked, "--known-as", "https://git.example.com/shop/other.git")).toMatchObject({
    code: 1,
  });
  repository.git(["remote", "add", "origin", "git@git.example.com:shop/config.git"]);
  expect((await report("tune", ...asked)).code).toBe(0);
  repository.git(["remote", "set-url", "origin", "https://token@git.example.com/shop/other.git"]);
  const other = await gate("tune", ...asked);
  expect(other.code).toBe(2);
  expect(other.stderr.replace(/\s+/g, " ")).toContain(
    "comes from https://git.example.com/shop/other.git, and",
  );
  expect(await gate("tune", ...asked, "--known-as", ours)).toMatchObject({ code: 0 });
  repository.git(["remote", "remove", "origin"]);
  writeFileSync(
    join(folder, "nameless.yaml"),
    readFileSync(rules, "utf8").replace(/^configHistory.*\n.*\n/, ""),
  );
  const nameless = await gate("tune", ...asked, "--config", join(folder, "nameless.yaml"));
  expect(nameless.code).toBe(2);
  expect(nameless.stderr.replace(/\s+/g, " ")).toContain("Whose approvals count here?");
  cpSync(join(stateFolder, "audit"), join(folder, "older"), { recursive: true });
  // What was approved is not what this would leave.
  expect(await report("stranger", ...asked)).toMatchObject({
    code: 1,
    verdicts: ["waiting", "not-applicable"],
  });
  expect((await gate("stranger", ...asked)).stdout.replace(/\s+/g, " ")).toContain(
    "nobody of people commits as eve@example.com: whoever does may be an approver, so one approval more is needed",
  );
  await say("cy", "config.rejected");
  expect(await report("tune", ...asked)).toMatchObject({ code: 1, verdicts: ["rejected", "not-applicable"] });
  // The copy from before the rejection verifies; who saw a checkpoint since does not take it.
  const checkpoint = join(folder, "checkpoint");
  cpSync(join(stateFolder, "audit", "checkpoint"), checkpoint);
  const copy = ["--log", join(folder, "older"), "--key", log.verifier] as const;
  expect((await report("tune", ...copy)).code).toBe(0);
  for (const words of [
    ["--since", checkpoint],
    ["--min-size", "5"],
  ]) {
    const old = await gate("tune", ...copy, ...words);
    expect(old.code, words.join(" ")).toBe(3);
    expect(old.stdout.replace(/\s+/g, " ")).toContain(
      "nothing counts as approved: checkpoint has 4 entries, and",
    );
    expect(await gate("tune", ...asked, ...words)).toMatchObject({ code: 1 });
    expect(await gate("tune", ...words)).toMatchObject({ code: 2 });
  }
  expect(await gate("tune", ...asked, "--since", join(folder, "nowhere"))).toMatchObject({ code: 2 });
  repository.write({ checkpoint: readFileSync(checkpoint, "utf8") });
  const within = await gate("tune", ...asked, "--since", join(repository.folder, "checkpoint"));
  expect(within.stderr.replace(/\s+/g, " ")).toContain("Keep checkpoints elsewhere");
  repository.write({ checkpoint: undefined });
  await say("cy", "config.withdrawn");
  await say("cy", "config.approved");
  expect((await report("tune", ...asked)).code).toBe(0);
  await log.close();

  const missing = await gate("tune", "--log", join(folder, "nowhere"), "--key", log.verifier);
  expect(missing).toMatchObject({ code: 3 });
  expect(missing.stdout).toContain("cannot be relied on");
  const entries = join(stateFolder, "audit", "tile", "entries");
  const bundle =
    readdirSync(entries, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.p[/\\]\d+$/.test(name))
      .at(-1) ?? "";
  const bytes = readFileSync(join(entries, bundle));
  writeFileSync(
    join(entries, bundle),
    bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 1 : byte)),
  );
  const altered = await gate("tune", ...asked);
  expect(altered.code).toBe(3);
  expect(altered.stdout.replace(/\s+/g, " ")).toContain("cannot be relied on, so nothing counts as approved");
}, 120_000);

test("rules that the change could have altered are not taken, nor a log without its key (T20)", async () => {
  const inside = join(repository.folder, "gofire.yaml");
  repository.write({ "gofire.yaml": readFileSync(rules, "utf8") });
  const link = join(folder, "link.yaml");
  symlinkSync(inside, link);
  const below = ["--repository", join(repository.folder, "env", "prod")];
  for (const words of [
    ["--config", inside],
    ["--config", link],
    ["--config", inside, ...below],
  ]) {
    const { code, stderr } = await gate("tune", ...words);
    expect(code, words.join(" ")).toBe(2);
    expect(stderr.replace(/\s+/g, " ")).toContain("git show main:gofire.yaml");
  }
  expect(await gate("tune", ...below)).toMatchObject({ code: 3 });
  repository.write({ "gofire.yaml": undefined });
  expect(await gate("tune", "--log", folder)).toMatchObject({ code: 2 });
});

test("a name that whoever pushes a tag or branch could have stand for something else is not taken (T1)", async () => {
  const clone = join(folder, "clone");
  repository.git(["clone", "--quiet", repository.folder, clone]);
  const git = (...words: readonly string[]) => repository.git(["-C", clone, ...words]);
  const checked = async (base: string, head: string) =>
    await gofire([
      "config",
      "gate",
      "--repository",
      clone,
      "--base",
      base,
      "--head",
      head,
      "--config",
      rules,
    ]);
  git("checkout", "--quiet", "tune");
  const hash = git("rev-parse", "HEAD").trim();
  // Of a clone that has been made whole, origin/HEAD is the default branch.
  expect(git("rev-parse", "--symbolic-full-name", "origin/HEAD")).toBe("refs/remotes/origin/main\n");
  expect(await checked("origin/main", "HEAD")).toMatchObject({ code: 3 });
  expect(await checked("origin/main", "stranger")).toMatchObject({ code: 3 });
  git("update-ref", `refs/remotes/origin/${hash}`, "origin/main");
  expect(await checked("origin/main", hash)).toMatchObject({ code: 3 });
  git("tag", "origin/main", "tune");
  git("tag", "stranger", "origin/main");
  const base = await checked("origin/main", hash);
  expect(base).toMatchObject({ code: 2 });
  expect(base.stderr.replace(/\s+/g, " ")).toContain(
    '"origin/main" may be any of these, name one: refs/tags/origin/main, refs/remotes/origin/main',
  );
  const head = await checked("refs/remotes/origin/main", "stranger");
  expect(head).toMatchObject({ code: 2 });
  expect(head.stderr).toContain("refs/remotes/origin/stranger");
  expect(await checked("refs/remotes/origin/main", hash)).toMatchObject({ code: 3 });
});

async function lint(...words: readonly string[]) {
  return await gofire(["config", "lint", ...words]);
}

test("gofire config lint: files and folders, with the exit code", async () => {
  const within = join(folder, "lint");
  repository.git(["checkout", "--quiet", "doubtful"]);
  const bad = await lint(join(repository.folder, "env"));
  repository.git(["checkout", "--quiet", "main"]);
  expect(bad.code).toBe(1);
  expect(bad.stdout.replace(/\s+/g, " ")).toMatch(
    /^1 problem in 2 files .*env\/prod\/order\.yaml:2:15: no is false to some readers and text to others: write false, or "no"/,
  );
  expect(await lint(join(repository.folder, "env"))).toMatchObject({
    code: 0,
    stdout: "No problem in 2 files\n",
  });
  expect(await lint(within)).toMatchObject({ code: 3 });
  const json = await lint(rules, "--format", "json");
  expect(JSON.parse(json.stdout)).toEqual([{ file: rules, problems: [] }]);
});
