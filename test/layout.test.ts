import { existsSync, readdirSync } from "node:fs";
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

describe("tree", () => {
  it.each(["utils", "helpers", "types", "interfaces", "lib"])("has no src/%s", (name) => {
    expect(existsSync(`src/${name}`)).toBe(false);
  });
});
