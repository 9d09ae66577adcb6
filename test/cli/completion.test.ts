import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gofire } from "./gofire.ts";

const hasBash = spawnSync("bash", ["--version"]).status === 0;

describe.skipIf(!hasBash)("completion in bash", () => {
  let folder = "";
  let script = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gofire-completion-"));
    const program = join(folder, "gofire");
    writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${process.cwd()}/dist/cli.js "$@"\n`);
    chmodSync(program, 0o755);
    writeFileSync(
      join(folder, "gofire.yaml"),
      "services:\n  order:\n    targets: [{ url: http://localhost:6060 }]\n  ledger:\n    targets: [{ url: http://localhost:6061 }]\n",
    );
    script = (await gofire(["completion", "bash"])).stdout;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What bash offers for the last of these words. */
  function offered(...words: readonly string[]): string[] {
    const typed = ["gofire", ...words];
    const run = spawnSync(
      "bash",
      [
        "-c",
        `compopt() { :; }\n${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gofire; printf '%s\\n' "\${COMPREPLY[@]}"`,
        "_",
        ...typed,
      ],
      {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
      },
    );
    expect(run.stderr).toBe("");
    return run.stdout.split("\n").filter((word) => word !== "");
  }

  it.each([
    [["sna"], ["snapshot"]],
    [["analyze", "x", "--form"], ["--format"]],
    [["analyze", "x", "--format", "m"], ["markdown"]],
    [["analyze", "x", "--format", "=", "m"], ["markdown"]],
    [
      ["analyze", "x", "--format", "="],
      ["text", "json", "markdown"],
    ],
    [["analyze", "x", "-f", "m"], ["markdown"]],
    [["artifacts", "rem"], ["remove"]],
    [["rules", "explain", "goroutine/mutex"], ["goroutine/mutex-pileup"]],
    [["snapshot", "or"], ["order"]],
    [
      ["analyze", "x", "--service", ""],
      ["order", "ledger"],
    ],
    [["snapshot", "order", "--include", "goroutinel"], ["goroutineleak"]],
    [["snapshot", "order", "--exclude", "cpu,blo"], ["cpu,block"]],
    [
      ["snapshot", "order", "--rules", "goroutine/mutex-pileup,gc/pau"],
      ["goroutine/mutex-pileup,gc/pause-p99"],
    ],
  ] as const)("%j", (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  it("offers no services where gofire.yaml is missing or wrong", async () => {
    const elsewhere = mkdtempSync(join(folder, "none-"));
    expect(await gofire(["completion", "services"], { cwd: elsewhere })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    writeFileSync(join(elsewhere, "gofire.yaml"), "services: [");
    expect(await gofire(["completion", "services"], { cwd: elsewhere })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

describe.skipIf(spawnSync("zsh", ["--version"]).status !== 0)("completion in zsh", () => {
  it("makes itself known where it is sourced", async () => {
    const { stdout: script } = await gofire(["completion", "zsh"]);
    const run = spawnSync("zsh", ["-fc", `compdef() { print -r -- "$@" }\n${script}`], { encoding: "utf8" });
    expect(run).toMatchObject({ stdout: "_gofire gofire\n", stderr: "", status: 0 });
  });
});

it("zsh offers files behind the words of commands that take some", async () => {
  const { stdout } = await gofire(["completion", "zsh"]);
  expect(stdout).toMatch(/ config\) .* '1:word:\(schema lint diff gate\)' '\*:file:_files';;/);
  expect(stdout).toMatch(/ audit\) .* '1:word:\(verify show key\)' '\*:file:_files';;/);
  expect(stdout).toMatch(/ artifacts\) .* '\*:word:\(remove\)';;/);
});

describe.skipIf(spawnSync("fish", ["--version"]).status !== 0)("completion in fish", () => {
  it.each([
    ["gofire sna", ["snapshot"]],
    ["gofire analyze --format m", ["markdown"]],
    ["gofire analyze -f m", ["markdown"]],
    ["gofire snapshot order --exclude cpu,blo", ["cpu,block"]],
  ])("%s", async (line, expected) => {
    const { stdout: script } = await gofire(["completion", "fish"]);
    const asked = `${script}\ncomplete -C '${line}'`;
    const run = spawnSync("fish", ["--no-config", "-c", asked], { encoding: "utf8" });
    const words = run.stdout.split("\n").filter((word) => word !== "");
    expect(words.map((word) => word.split("\t", 1)[0])).toEqual(expected);
  });
});
