import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import { defineCommand } from "./command.ts";

/** What people may look for here, and what does it today. */
const elsewhere: Readonly<Record<string, string>> = {
  lint: "gofire doctor checks gofire.yaml and names each mistake as file:line:column",
  diff: "it is to compare configurations of services, which gofire does not read yet",
};

export const config = defineCommand({
  name: "config",
  summary: "Print the JSON Schema of gofire.yaml, for editors",
  usage: "schema",
  examples: [
    {
      line: "config schema",
      does: "save it, and begin gofire.yaml with: # yaml-language-server: $schema=FILE",
    },
  ],
  whoMayUse: "anyone",
  effect: "read",
  operands: { placeholder: "schema", min: 1, max: 10, words: ["schema"] },
  options: {},
  async run(_context, { operands: [word = "", extra] }) {
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
