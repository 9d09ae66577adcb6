import { UsageError } from "../domain/errors.ts";
import { defineCommand } from "./command.ts";

const words = ["verify", "show", "key"] as const;

/** What keeps an older copy of a log, which verifies as well, from being taken for the log. */
export const freshness = {
  since: {
    kind: "text",
    placeholder: "FILE",
    summary: "checkpoint of before: the log must have grown from it",
  },
  "min-size": {
    kind: "text",
    placeholder: "N",
    summary: "how many entries the log must have at least",
  },
} as const;

export const audit = defineCommand({
  name: "audit",
  summary: "Verify or list who approved and rolled back what",
  usage: "verify | show [FOLDER|URL] [options] | key",
  examples: [
    { line: "audit verify", does: "every entry, the tree and the signature of this gofire's log" },
    {
      line: "audit verify https://gofire.shop.example/audit --key $KEY",
      does: "somebody else's, with the key that they gave you",
    },
    {
      line: "audit verify --since checkpoint.last-week",
      does: "besides, that nothing of then was changed or taken away",
    },
    {
      line: "audit verify $URL --key $KEY --since checkpoint --save checkpoint",
      does: "the same every hour, each time from where it was",
    },
    { line: "audit show", does: "who did what and when, oldest first" },
    { line: "audit key", does: "what others check this gofire's log with" },
  ],
  operands: { placeholder: "verify|show|key", min: 1, max: 2, words, files: true },
  options: {
    key: {
      kind: "text",
      placeholder: "VKEY",
      short: "k",
      summary: "key that signed the log, NAME+HASH+BASE64 (default: this gofire's)",
    },
    ...freshness,
    save: {
      kind: "text",
      placeholder: "FILE",
      summary: "where to keep the checkpoint, if the log verifies: the --since of next time",
    },
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "configuration instead of ./gofire.yaml",
    },
    format: { kind: "choice", choices: ["text", "json"], short: "f", summary: "how to print" },
  },
  async run(context, { operands: [word = "", where], ...options }, ports) {
    const act = words.find((known) => known === word);
    if (act === undefined) {
      throw new UsageError(`"${word}" is not what gofire audit can do: ${words.join(", ")}.`);
    }
    if (act === "key" && where !== undefined) {
      throw new UsageError(`"${where}" is one word too many. Usage: gofire audit key`);
    }
    const { auditKey, auditReport } = await import("./audit/report.ts");
    if (act === "key") return { kind: "file", text: `${await auditKey(options.config, ports)}\n` };
    const { entries, note, ...verdict } = await auditReport(where, options, context, ports);
    const { save } = options;
    if (save !== undefined && note !== undefined && verdict.problems.length === 0) {
      await (await ports.host()).replaceText(save, note);
    }
    return { kind: "audit", report: act === "show" ? { ...verdict, entries } : verdict };
  },
});
