import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goPath, hasGo } from "../live/lab.ts";
import { gofire } from "./gofire.ts";

const scratch = mkdtempSync(join(tmpdir(), "gofire-audit-cli-"));
const state = join(scratch, "state");
const log = join(state, "audit");
const env = { GOFIRE_STATE: state };
const each = 12;
const names = ["a", "b", "c"];
const writer = fileURLToPath(new URL("../integrations/audit-writer.ts", import.meta.url));

let key = "";
/** What each writer was told, in the order of its words. */
const told: { readonly index: number; readonly id: string }[] = [];

function write(name: string): ChildProcess {
  const child = spawn(process.execPath, ["--import", "tsx", writer, state, name, String(each)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("nothing is heard of it");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [index, id = ""] = line.split(" ");
    told.push({ index: Number(index), id });
  });
  return child;
}

const checkpointSize = () =>
  existsSync(join(log, "checkpoint"))
    ? Number(readFileSync(join(log, "checkpoint"), "utf8").split("\n")[1])
    : 0;

/** Three processes add at once; two of them are killed on the way and begin anew. */
beforeAll(async () => {
  writeFileSync(join(scratch, "gofire.yaml"), "audit: { origin: gofire.shop.example/audit }\n");
  const sizes: number[] = [];
  const watching = new AbortController();
  const watched = (async () => {
    for (; !watching.signal.aborted; await sleep(1)) sizes.push(checkpointSize());
  })();
  await Promise.all(
    names.map(async (name, at) => {
      const first = write(name);
      const ended = once(first, "close");
      if (at > 0) {
        while (told.filter(({ id }) => id.startsWith(`${name}:`)).length < 3 * at && first.exitCode === null)
          await sleep(1);
        first.kill("SIGKILL");
      }
      await ended;
      if (at > 0) await once(write(name), "close");
    }),
  );
  watching.abort();
  key = (await run("key")).stdout.trim();
  await watched;
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function run(...words: string[]) {
  return gofire(["audit", ...words], { cwd: scratch, env });
}

test("what three processes added, two of them killed on the way, is there once each and where they were told", async () => {
  const { code, stdout } = await run("show", "--format", "json");
  expect(code).toBe(0);
  const { entries, problems } = JSON.parse(stdout) as {
    entries: { index: number; event: { id: string } }[];
    problems: unknown[];
  };
  expect(problems).toEqual([]);
  const ids = entries.map(({ event }) => event.id);
  const wanted = [...names, "shared"].flatMap((name) =>
    Array.from({ length: each }, (_, at) => `${name}:${at}`),
  );
  expect(ids.toSorted()).toEqual(wanted.toSorted());
  expect(told.length).toBeGreaterThanOrEqual(6 * each);
  for (const { index, id } of told) expect(ids[index]).toBe(id);
});

test("verify says with which key, and takes one that is named", async () => {
  const own = await run("verify");
  expect(own).toMatchObject({ code: 0, stderr: "" });
  expect(own.stdout).toMatch(
    /^Verified: 48 entries, each signed\n {2}\/.*\n {2}root .*=\n {2}with the key of this gofire:\n/,
  );
  expect(own.stdout).toContain(key);
  const named = await gofire(["audit", "verify", log, "--key", key], { cwd: tmpdir() });
  expect(named).toMatchObject({ code: 0, stderr: "" });
  expect(named.stdout).toContain("with the key:\n");
  const others = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const wrong = await gofire(["audit", "verify", log, "--key", others], { cwd: tmpdir() });
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toMatch(/^Does not verify\n.*checkpoint is not signed by PeterNeumann\+c74f20a3/s);
});

test("show fits 80 columns and says who did what, when, and to which content", async () => {
  const { code, stdout } = await run("show");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^ 0 {2}2026-05-28 20:26:40 UTC {2}slack:U024BE7LH approved 42 for prod\n {4}h1:Khu2En\+0gcYP… · 89abcdef0123 · /m,
  );
  const lines = stdout.split("\n").filter((line) => !line.includes("+AR") && !line.includes("/audit+"));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("what somebody changed is named, with exit code 1", async () => {
  const copy = join(scratch, "copy");
  cpSync(log, copy, { recursive: true });
  const bundle = join(copy, "tile/entries/000.p/48");
  writeFileSync(bundle, readFileSync(bundle, "latin1").replace('"sig":"', '"sig":"A'), "latin1");
  const { code, stdout } = await run("verify", copy, "--key", key);
  expect(code).toBe(1);
  expect(stdout).toContain("tile/entries/000.p/48");
});

test("a checkpoint of before is one that the log has grown from, or is missed", async () => {
  const since = join(scratch, "since");
  const shorter = join(scratch, "shorter");
  cpSync(join(log, "checkpoint"), since);
  expect(await run("verify", "--since", since)).toMatchObject({ code: 0 });
  const kept = join(scratch, "kept");
  expect(await run("verify", "--since", since, "--min-size", "48", "--save", kept)).toMatchObject({
    code: 0,
  });
  expect(readFileSync(kept)).toEqual(readFileSync(since));
  const small = await run("verify", "--min-size", "49", "--save", kept);
  expect(small.code).toBe(1);
  expect(small.stdout).toContain("checkpoint has 48 entries, and at least 49 were asked for");
  cpSync(log, shorter, { recursive: true });
  rmSync(join(shorter, "checkpoint"));
  expect((await run("verify", shorter, "--key", key)).stderr).toContain("it has no checkpoint");
});

test.each([
  [["verify", "--key", "nonsense"], 2, "--key: a key is NAME+8 hex digits+base64"],
  [["verfy"], 2, "is not what gofire audit can do"],
  [["key", "there"], 2, "one word too many"],
  [
    [
      "verify",
      "http://127.0.0.1:1/audit",
      "--key",
      "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
    3,
    "127.0.0.1:1",
  ],
  [
    ["verify", "/nowhere", "--key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
    3,
    "There is no audit log at /nowhere",
  ],
  [["verify", "--since", "/nowhere"], 2, "Cannot read /nowhere"],
  [["verify", "--min-size", "some"], 2, '--min-size: "some" is no number of entries'],
  [["verify", "--save", "/dev/null/x"], 2, "Cannot write /dev/null/x"],
])("%j ends with %i", async (words, code, said) => {
  const done = await run(...words);
  expect(done.code).toBe(code);
  expect(done.stderr).toContain(said);
});

test("without a log of its own it asks for a key", async () => {
  const done = await gofire(["audit", "verify"], {
    cwd: tmpdir(),
    env: { GOFIRE_STATE: join(scratch, "none") },
  });
  expect(done).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("gofire.yaml has no audit section"),
  });
});

describe.skipIf(!hasGo)("in Go's own words (needs Go)", () => {
  test("golang.org/x/mod verifies the checkpoint, every tile and every entry, and sees what was changed", async () => {
    const folder = fileURLToPath(new URL("../integrations/audit-peer", import.meta.url));
    const peer = join(scratch, "audit-peer");
    const built = spawnSync("go", ["build", "-o", peer, "."], { cwd: folder, encoding: "utf8" });
    if (built.status !== 0) throw new Error(built.stderr);
    expect(spawnSync(peer, [log, key], { encoding: "utf8" })).toMatchObject({
      stdout: "48\n",
      stderr: "",
      status: 0,
    });
    const copy = join(scratch, "for-go");
    cpSync(log, copy, { recursive: true });
    const tile = readFileSync(join(copy, "tile/0/000.p/48"));
    writeFileSync(join(copy, "tile/0/000.p/48"), tile.with(700, (tile[700] ?? 0) ^ 1));
    expect(spawnSync(peer, [copy, key]).status).toBe(1);
  });

  const fsck = join(goPath(), "bin/fsck");
  test.skipIf(!existsSync(fsck))(
    "Tessera's fsck verifies it (needs go install of cmd/fsck@v1.0.4)",
    async () => {
      const vkey = join(scratch, "vkey");
      writeFileSync(vkey, key);
      const words = ["--ui=false", `--public_key=${vkey}`, `--storage_url=file://${log}/`];
      const { stderr, status } = spawnSync(fsck, words, { encoding: "utf8" });
      expect(stderr).toContain("Successfully fsck'd log with size 48");
      expect(status).toBe(0);
    },
  );
});
