import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Every import fence is proven by a file that breaks it: a fence that stops firing fails here. */
const rooms = readdirSync("test/fences");

describe("import fences", () => {
  it("stand around every room of src/", () => {
    const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) expect(rooms).toContain(name);
  });

  it.each(rooms)("%s: a wrong import is reported", (room) => {
    const run = spawnSync("node_modules/.bin/oxlint", ["-f", "json", `test/fences/${room}`], {
      encoding: "utf8",
    });
    const report = JSON.parse(run.stdout) as { diagnostics: { code: string }[] };
    const codes = report.diagnostics.map((diagnostic) => diagnostic.code);
    expect(codes).toContain("eslint(no-restricted-imports)");
  });
});
