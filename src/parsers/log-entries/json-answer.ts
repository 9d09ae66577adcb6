import { readJsonValues } from "../../domain/json-values.ts";
import { lineError } from "../text/line-error.ts";
import { lineNumbers } from "../text/line-numbers.ts";
import { type LogEntry, logEntries } from "./log-entry.ts";
import type { LogFormat } from "./whole-log.ts";

/** JSON that is not one object a line: what a log store answers to a query, or several such answers behind each other. */
export const jsonAnswer: LogFormat = {
  what: "JSON",
  toText:
    "jq -r '.. | .message? | strings' FILE | gofire analyze - (with the name that its lines have there)",
  looksLike: (head) => /^\s*(?:\{\s*"|\[\s*[[{])/.test(Buffer.from(head).toString("latin1")),
  find(text) {
    const { values, at, brokenAt } = readJsonValues(text);
    const lineAt = lineNumbers(text);
    const found = {
      entries: values.flatMap((value) => logEntries(value, true)),
      lineOf: ({ of }: LogEntry) => lineAt(at(of)),
    };
    if (brokenAt === undefined) return found;
    const message = brokenAt === text.length ? "The JSON breaks off here." : "What stands here is no JSON.";
    const [rest = ""] = text.slice(brokenAt, brokenAt + 200).split("\n", 1);
    return { ...found, damage: lineError("damaged", message, lineAt(brokenAt), rest) };
  },
};
