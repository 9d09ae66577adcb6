import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext, Ports } from "./context.ts";
import type { Reply } from "./reply.ts";
import { stateFolder } from "./state-folder.ts";

export const rules = defineCommand({
  name: "rules",
  summary: "List what gofire looks for, or explain one rule",
  usage: "[explain ID | --stats] [--format json|markdown]",
  examples: [
    { line: "rules", does: "every rule, one line each" },
    { line: "rules explain goroutine/mutex-pileup", does: "what it looks for, when it is wrong, what to do" },
    {
      line: "rules --stats",
      does: "how often each fired here, how often people called it right or wrong, why",
    },
  ],
  operands: { placeholder: "explain ID", min: 0, max: 2, words: ["explain"], names: "rule" },
  options: {
    stats: { kind: "flag", summary: "how rules did here: fired, right, wrong; from the bot's Redis" },
    format: {
      kind: "choice",
      choices: ["text", "json", "markdown"],
      short: "f",
      summary: "how to print; markdown is for --stats",
    },
  },
  async run(context, { operands, stats, format }, ports) {
    if (stats) {
      if (operands.length > 0) throw new UsageError(`--stats is of all rules: leave out "${operands[0]}".`);
      return await statsReply(context, ports);
    }
    if (format === "markdown") throw new UsageError("--format markdown goes with --stats.");
    const { analyzers } = await import("../analyzers/index.ts");
    const all = analyzers.map((analyzer) => analyzer.meta);
    const [first, second] = operands;
    if (first === undefined) return { kind: "rules", rules: all };
    const id = first === "explain" ? second : first;
    if (id === undefined)
      throw new UsageError("Which rule? For example: gofire rules explain goroutine/mutex-pileup");
    if (first !== "explain" && second !== undefined)
      throw new UsageError(`"${second}" is one word too many. Usage: gofire rules explain ID`);
    const rule = all.find((meta) => meta.id === id);
    if (rule === undefined) {
      const close = nearest(
        id,
        all.map((meta) => meta.id),
      );
      throw new UsageError(
        `There is no rule ${id}.${close === undefined ? "" : ` Did you mean ${close}?`} gofire rules lists all.`,
      );
    }
    return { kind: "rule", rule };
  },
});

async function statsReply(context: CommandContext, ports: Ports): Promise<Reply> {
  const host = await ports.host();
  const { records, comments, where } = await ports.ruleRecords(
    stateFolder(host),
    (line) => context.progress(line),
    context.signal,
  );
  const { ruleStats } = await import("../render/rule-stats.ts");
  return { kind: "rule-stats", stats: ruleStats(records, comments), where };
}
