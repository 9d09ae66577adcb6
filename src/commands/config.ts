import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import { freshness } from "./audit.ts";
import { defineCommand } from "./command.ts";

const words = ["schema", "lint", "diff", "gate"] as const;

export const config = defineCommand({
  name: "config",
  summary: "Lint and compare configuration, ask whether it is approved",
  usage: "schema | lint PATH... | diff | gate [options]",
  examples: [
    {
      line: "config schema",
      does: "save it, and begin gofire.yaml with: # yaml-language-server: $schema=FILE",
    },
    {
      line: "config lint env/prod",
      does: "what two readers of a file could take differently: exit code 1 if anything",
    },
    {
      line: "config diff --base v20240501-prod --head main env/prod",
      does: "which values changed: exit code 1 if any did, 3 if nobody can tell",
    },
    {
      line: "config gate --base origin/main --head HEAD --config $RULES",
      does: "what a change would do to each environment, and what it can mean",
    },
    {
      line: "config gate --base main --head HEAD --config $RULES --log $URL --key $K",
      does: "whether it may be released: exit code 0 if so, 1 if not, 3 if unknown",
    },
    {
      line: "config gate ... --log $URL --key $K --since checkpoint.last-hour",
      does: "the same, and not by an older copy of the log",
    },
  ],
  operands: { placeholder: "schema|lint|diff|gate", min: 1, max: 1_000, words, files: true },
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
      short: "c",
      summary: "the gate's rules and people: a gofire.yaml that the change cannot alter",
    },
    log: {
      kind: "text",
      placeholder: "FOLDER|URL",
      summary: "the audit log that says who approved; without it the gate only reports",
    },
    key: { kind: "text", placeholder: "VKEY", summary: "key that signed the log, NAME+HASH+BASE64" },
    "known-as": {
      kind: "text",
      placeholder: "ADDRESS",
      summary: "what approvals call the repository (default: configHistory.repository of --config)",
    },
    ...freshness,
    format: {
      kind: "choice",
      choices: ["text", "json", "markdown"],
      short: "f",
      summary: "how to print",
    },
  },
  async run(context, { operands: [word = "", ...others], ...options }, ports) {
    if (word === "diff") {
      return await (await import("./config/diff.ts")).configDiff(others, options, context, ports);
    }
    if (word === "lint") {
      return await (await import("./config/lint.ts")).configLint(others, context, ports);
    }
    const [extra] = others;
    if (word === "gate") {
      if (extra !== undefined) throw new UsageError(`"${extra}" is one word too many. gofire config --help`);
      return await (await import("./config/gate.ts")).configGate(options, context, ports);
    }
    if (word !== "schema") {
      const near = nearest(word, words);
      const hint = near === undefined ? "" : ` Did you mean gofire config ${near}?`;
      throw new UsageError(
        `"${word}" is not what gofire config can do.${hint} It can: ${words.join(", ")}. gofire config --help says more.`,
      );
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
