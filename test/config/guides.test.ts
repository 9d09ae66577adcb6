import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { analyzers } from "../../src/analyzers/index.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { parseConfig } from "../../src/config/parse.ts";

const rules = analyzers.map((analyzer) => analyzer.meta);
const settings = Object.keys(
  (configJsonSchema(rules) as { readonly properties: Record<string, unknown> }).properties,
);

/** Pieces of YAML in the guides: of gofire.yaml, and of what belongs to others (Alertmanager, Kubernetes). */
const pieces = readdirSync("docs/guide").flatMap((name) => {
  const blocks = readFileSync(join("docs/guide", name), "utf8").matchAll(/^```yaml\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ""], at) => ({ name: `${name} ${at + 1}`, text }));
});

/** A piece that shows only what a service says about itself is given one. */
function whole(text: string): string | undefined {
  const first = Object.keys(parse(text) as object)[0] ?? "";
  if (first === "discover") return `services:\n  order:\n${text.replace(/^/gm, "    ")}`;
  return settings.includes(first) ? text : undefined;
}

describe("gofire.yaml in the guides", () => {
  const ours = pieces.flatMap(({ name, text }) => {
    const document = whole(text);
    return document === undefined ? [] : [[name, document] as const];
  });
  it("stands there", () => expect(ours.length).toBeGreaterThan(8));
  it.each(ours)("%s is one that gofire reads", (_, document) => {
    expect(parseConfig(document, "gofire.yaml", "/etc/gofire", rules).file).toBe("gofire.yaml");
  });
});
