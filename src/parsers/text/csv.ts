/** A record of a CSV file: its cells, and the line (1-based) on which it begins. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

export interface Csv {
  readonly records: readonly CsvRecord[];
  /** The line (1-based) on which a quoted cell begins that has no end. */
  readonly openQuote?: number;
}

/** What stands between cells: what the first line has most of. Spreadsheets write semicolons where a comma is decimal. */
function separatorOf(text: string): string {
  const [first = ""] = text.split("\n", 1);
  const counts = [",", ";", "\t"].map((mark) => ({ mark, count: first.split(mark).length }));
  return counts.reduce((most, one) => (one.count > most.count ? one : most)).mark;
}

/**
 * Reads CSV (RFC 4180), with line feeds within quoted cells, and lines that end in LF or CR LF. Records beyond `mostRecords`
 * are not read.
 */
export function readCsv(text: string, mostRecords = Number.POSITIVE_INFINITY): Csv {
  const separator = separatorOf(text);
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let at = 0;
  let line = 1;
  let begun = 1;
  let nextSeparator = indexOrEnd(text, separator, 0);
  while (at < text.length && records.length < mostRecords) {
    let cell: string;
    if (text.charAt(at) === '"') {
      const end = closingQuote(text, at);
      cell = text.slice(at + 1, end === -1 ? text.length : end).replaceAll('""', '"');
      if (end === -1)
        return { records: [...records, { cells: [...cells, cell], line: begun }], openQuote: line };
      for (let feed = text.indexOf("\n", at); feed !== -1 && feed < end; feed = text.indexOf("\n", feed + 1))
        line++;
      at = end + 1;
    } else cell = "";
    const lineEnd = indexOrEnd(text, "\n", at);
    // Looked for only when it is passed: a text without a separator would be searched to its end for every line.
    if (nextSeparator < at) nextSeparator = indexOrEnd(text, separator, at);
    const end = Math.min(nextSeparator, lineEnd);
    cells.push(cell + text.slice(at, end).replace(/\r$/, ""));
    at = end + 1;
    if (end === lineEnd) {
      line++;
      records.push({ cells, line: begun });
      cells = [];
      begun = line;
    }
  }
  return { records };
}

function indexOrEnd(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at;
}

/** The quotation mark that ends the cell that the one at `open` begins: two of them are one within it. -1 without one. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text.charAt(at + 1) !== '"') return at;
  }
  return -1;
}
