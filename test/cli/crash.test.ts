import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

it("a program that fails itself ends with 3, not with the code of findings, and says what to do", () => {
  const copy = mkdtempSync(join(tmpdir(), "gofire-crash-"));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync("dist", copy, { recursive: true });
  const rules = readdirSync(join(copy, "chunks")).filter((name) => /^analyzers-\w+\.js$/.test(name));
  expect(rules).toHaveLength(1);
  for (const name of rules) rmSync(join(copy, "chunks", name));

  const capture = "lab/captures/go1.26.8/mutex-io";
  const run = spawnSync(process.execPath, [join(copy, "cli.js"), "replay", capture], { encoding: "utf8" });
  expect(run).toMatchObject({ status: 3, stdout: "" });
  expect(run.stderr).toMatch(
    /^gofire failed, and has no answer\. .* please report it .*\nError: ENOENT: .*analyzers-\w+\.js/,
  );
});
