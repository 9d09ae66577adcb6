import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Every import fence is proven by files that break it: a fence that stops firing fails here. */
const rooms = readdirSync("test/fences");

function names(folder: string, kind: "folders" | "files"): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() === (kind === "folders"))
    .map((entry) => entry.name);
}

/** How many lines of the room's wrong files take something from elsewhere. */
function wrongImports(room: string): number {
  const texts = names(`test/fences/${room}`, "files").map((file) =>
    readFileSync(`test/fences/${room}/${file}`, "utf8"),
  );
  return texts.join("\n").match(/ from "/g)?.length ?? 0;
}

describe("import fences", () => {
  it("stand around every room of src/", () => {
    for (const room of names("src", "folders")) expect(rooms).toContain(room);
  });

  it("keep every room from what wires them all, and integrations from each other", () => {
    const fences = readFileSync(".oxlintrc.json", "utf8");
    const wiring = /\(\?:src\/\)\?\(\?:([a-z|-]+)\)/.exec(fences)?.[1]?.split("|");
    expect(wiring?.toSorted()).toEqual(
      names("src", "files")
        .map((file) => file.replace(/\.ts$/, ""))
        .toSorted(),
    );
    const siblings = /\(\?:src\/integrations\/\)\?\(\?:([a-z|-]+)\)/.exec(fences)?.[1]?.split("|");
    // What they all ask the web through, and are asked through, stands below them.
    const below = ["web-client", "web-server"];
    const integrations = names("src/integrations", "folders").filter((folder) => !below.includes(folder));
    expect(siblings).toEqual(integrations.toSorted());
  });

  it.each(rooms)("%s: each wrong import is reported", (room) => {
    const run = spawnSync("node_modules/.bin/oxlint", ["-f", "json", `test/fences/${room}`], {
      encoding: "utf8",
    });
    const report = JSON.parse(run.stdout) as { diagnostics: { code: string }[] };
    const reported = report.diagnostics.filter(({ code }) => code === "eslint(no-restricted-imports)");
    expect(wrongImports(room)).toBeGreaterThan(1);
    expect(reported).toHaveLength(wrongImports(room));
  });
});
