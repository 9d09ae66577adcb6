import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { analyzers } from "../src/analyzers/index.ts";

const folders = readdirSync("src/analyzers", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe("analyzers", () => {
  it("are listed exactly once each, sorted by id", () => {
    const ids = analyzers.map((analyzer) => analyzer.meta.id);
    expect(ids.map((id) => id.replace("/", "-"))).toEqual(folders.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(analyzers.map(({ meta }) => [meta.id, meta] as const))(
    "%s is documented, sourced and has cases",
    (id, meta) => {
      expect(meta.title).toMatch(/^[A-Z].*[^.]$/);
      for (const [name, threshold] of Object.entries<(typeof meta.thresholds)[string]>(meta.thresholds)) {
        expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
        expect(threshold.unit, `${name} needs a unit`).not.toBe("");
        expect(threshold.source, `${name} needs a source`).toMatch(
          /https?:\/\/|docs\/decisions\/\d{4}-|[a-z0-9_]+\.go\b|github\.com\//,
        );
        expect(threshold.meaning).not.toBe("");
      }
      for (const text of [meta.docs.what, meta.docs.why, meta.docs.next, meta.docs.falsePositives])
        expect(text.length).toBeGreaterThan(20);
      expect(meta.docs.references.length).toBeGreaterThan(0);
      for (const rule of meta.symptomOf)
        expect(analyzers.map((analyzer) => analyzer.meta.id)).toContain(rule);
      const cases = readdirSync(`src/analyzers/${id.replace("/", "-")}/fixtures`);
      expect(cases.some((name) => name.startsWith("fires-"))).toBe(true);
      expect(cases.some((name) => name.startsWith("quiet-"))).toBe(true);
      for (const name of cases) {
        expect(name).toMatch(/^(fires|quiet)-[a-z0-9-]+$/);
        expect(
          readdirSync(`src/analyzers/${id.replace("/", "-")}/fixtures/${name}`).length,
          `${name} is empty`,
        ).toBeGreaterThan(0);
      }
    },
  );
});

describe("npm run new:analyzer", () => {
  it("makes an analyzer of imports that there are, and lists it", () => {
    const tree = mkdtempSync(join(tmpdir(), "gofire-analyzer-"));
    try {
      mkdirSync(join(tree, "src/analyzers"), { recursive: true });
      copyFileSync("src/analyzers/index.ts", join(tree, "src/analyzers/index.ts"));
      const script = resolve("scripts/new-analyzer.ts");
      execFileSync(resolve("node_modules/.bin/tsx"), [script, "heap/of-a-test"], { cwd: tree });
      const made = readFileSync(join(tree, "src/analyzers/heap-of-a-test/index.ts"), "utf8");
      const imports = [...made.matchAll(/ from "(.+)";/g)].map(([, path = ""]) => path);
      expect(imports.length).toBeGreaterThan(0);
      for (const path of imports) {
        expect(existsSync(join("src/analyzers/heap-of-a-test", path)), path).toBe(true);
      }
      const list = readFileSync(join(tree, "src/analyzers/index.ts"), "utf8");
      expect(list).toContain('import { heapOfATest } from "./heap-of-a-test/index.ts";');
      expect(list).toMatch(/\[[^\]]*\n {2}heapOfATest,\n/);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
});

describe("tree", () => {
  it.each(["utils", "helpers", "types", "interfaces", "lib"])("has no src/%s", (name) => {
    expect(existsSync(`src/${name}`)).toBe(false);
  });
});

/** Folders that somebody's machine has and a reader's has not: the home of root, a workspace. */
const machineFolder = /(?<![\w.-])\/(?:root|work)\//;

function captureFiles(): string[] {
  const files = ["src/analyzers", "test", "lab/captures"].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return files.filter((file) => file.startsWith("lab") || file.split(/[\\/]/).includes("fixtures"));
}

describe("recorded captures", () => {
  it("name no folder of the machine that they were taken on", () => {
    const files = captureFiles();
    expect(files.length).toBeGreaterThan(1000);
    const naming = files.filter((file) => {
      const bytes = readFileSync(file);
      const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
      return machineFolder.test((isPacked ? unpacked(bytes) : bytes).toString("latin1"));
    });
    expect(naming).toEqual([]);
  });
});

/** As much as there is: some cases are damaged on purpose. */
function unpacked(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    return bytes;
  }
}

/** In `.dockerignore` the last line that fits decides; none of ours has a wildcard. */
it("gives Docker what the Dockerfile copies", () => {
  const rules = readFileSync(".dockerignore", "utf8").trim().split("\n");
  const copied = readFileSync("Dockerfile", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
    .flatMap((line) => line.split(" ").slice(1, -1));
  expect(copied).toContain("src");
  for (const path of copied) {
    const fits = (rule: string) => `${path}/`.startsWith(`${rule.replace(/^!|\/$/g, "")}/`);
    expect(existsSync(path), path).toBe(true);
    expect(rules.findLast(fits) ?? "!", path).toMatch(/^!/);
  }
});
