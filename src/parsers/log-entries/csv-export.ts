import { type CsvRecord, readCsv } from "../text/csv.ts";
import { lineError } from "../text/line-error.ts";
import { isTextField, type LogEntry, logEntries } from "./log-entry.ts";
import type { LogFormat } from "./whole-log.ts";

/** A log as a table with a line of names above it: what log viewers export. */
export const csvExport: LogFormat = {
  what: "CSV",
  toText: "give gofire the column that has them",
  looksLike: (head) => {
    const [names] = readCsv(Buffer.from(head).toString("utf8"), 1).records;
    return names?.cells.some(isTextField) ?? false;
  },
  find(text) {
    const { records, openQuote } = readCsv(text);
    const [names, ...rows] = records;
    const lines = new Map<object, number>();
    const entries = rows.flatMap((record) => {
      const row = rowOf(names?.cells ?? [], record);
      lines.set(row, record.line);
      return logEntries(row, true);
    });
    const found = { entries, lineOf: ({ of }: LogEntry) => lines.get(of) ?? 1 };
    if (openQuote === undefined) return found;
    const message = "The quotation mark in this line has no other that ends its text.";
    return { ...found, damage: lineError("damaged", message, openQuote) };
  },
};

function rowOf(names: readonly string[], { cells }: CsvRecord): object {
  return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ""]));
}
