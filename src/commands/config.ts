import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import { defineCommand } from "./command.ts";

/** What people may look for here, and what does it today. */
const elsewhere: Readonly<Record<string, string>> = {
  lint: "gofire doctor checks gofire.yaml and names each mistake as file:line:column",
};

export const config = defineCommand({
  name: "config",
  summary:
    "Compare configuration in Git, ask whether a change is approved, or print gofire.yaml's JSON Schema",
  usage: "schema | diff --base REV --head REV [PATH...] | gate --base REV --head REV --config FILE [options]",
  examples: [
    {
      line: "config schema",
      does: "save it, and begin gofire.yaml with: # yaml-language-server: $schema=FILE",
    },
    {
      line: "config diff --base v20240501-prod --head main env/prod",
      does: "which values changed: exit code 1 if any did, 3 if nobody can tell",
    },
    {
      line: "config gate --base origin/main --head HEAD --config /etc/gofire/gofire.yaml",
      does: "what a change would do to each environment, and whether it may be released",
    },
  ],
  whoMayUse: "anyone",
  effect: "read",
  operands: { placeholder: "schema|diff|gate", min: 1, max: 100, words: ["schema", "diff", "gate"] },
  options: {
    base: {
      kind: "text",
      placeholder: "REV",
      summary: "tag, branch or commit before, or how its name begins",
    },
    head: { kind: "text", placeholder: "REV", summary: "the same, after" },
    repository: { kind: "text", placeholder: "DIR", summary: "repository to read (default: here)" },
    environment: {
      kind: "text",
      placeholder: "NAME",
      summary: "the gate of this environment alone (default: all of them)",
    },
    config: {
      kind: "text",
      placeholder: "FILE",
      summary: "the gate's rules and people: a gofire.yaml that the change cannot alter",
    },
    format: {
      kind: "choice",
      choices: ["text", "json", "markdown"],
      short: "f",
      summary: "how to print the comparison",
    },
  },
  async run(context, { operands: [word = "", ...others], ...options }, ports) {
    if (word === "diff") {
      return await (await import("./config-diff.ts")).configDiff(others, options, context, ports);
    }
    const [extra] = others;
    if (word === "gate") {
      if (extra !== undefined) throw new UsageError(`"${extra}" is one word too many. gofire config --help`);
      return await (await import("./config-gate.ts")).configGate(options, context, ports);
    }
    const instead = elsewhere[word];
    if (instead !== undefined) throw new UsageError(`There is no gofire config ${word} yet: ${instead}.`);
    if (word !== "schema") {
      const hint = nearest(word, ["schema"]) === undefined ? "" : " Did you mean gofire config schema?";
      throw new UsageError(`"${word}" is not what gofire config can do.${hint} Usage: gofire config schema`);
    }
    if (extra !== undefined)
      throw new UsageError(`"${extra}" is one word too many. Usage: gofire config schema`);
    // The schema library takes longer to load than anything else that a terminal asks for.
    const [{ configJsonSchema }, { analyzers }] = await Promise.all([
      import("../config/json-schema.ts"),
      import("../analyzers/index.ts"),
    ]);
    const rules = analyzers.map((analyzer) => analyzer.meta);
    return { kind: "file", text: `${JSON.stringify(configJsonSchema(rules), undefined, 2)}\n` };
  },
});
