import { LineCutter } from "../text/line-cutter.ts";
import { lineFeedsIn, SourceLines } from "../text/source-lines.ts";
import { runtimeDumpCapBytes } from "./limits.ts";

/** The header of a goroutine within a string of a log line, e.g. `msg="...\ngoroutine 1 [running]:\nmain.main()...`. */
const escapedHeader = /goroutine \d+ \[[^\]"\\]{1,100}\]:(?=\\n)/;

/** True when a traceback stands in this line of a log, its line feeds written as `\n`. */
export function holdsEscapedTraceback(line: string): boolean {
  return escapedHeader.test(line);
}

/** Hands on a log with the tracebacks that stand within its lines written out. All other lines stay as they are. */
export class EscapedTextRestorer {
  /** The line of the log that each line comes from that is handed on. */
  readonly sources = new SourceLines();
  /** The line (1-based) of the log in which a text broke off before its closing quotation mark. */
  brokenOffIn: number | undefined;

  readonly #lines: LineCutter;
  #next: number;

  /** A line may be a whole dump, so it may be as long as one. The log begins with line `first`. */
  constructor(first: number, sink: (chunk: Uint8Array) => void) {
    this.#next = first;
    this.#lines = new LineCutter(runtimeDumpCapBytes, (bytes, start, end, line, shape) => {
      const { text, open } = writtenOut(bytes.toString("utf8", start, end));
      const source = first + line - 1;
      const count = lineFeedsIn(text) + 1;
      this.sources.add(this.#next, source, count);
      this.#next += count;
      if (open) this.brokenOffIn ??= source;
      sink(Buffer.from(`${text}${shape === "unterminated" ? "" : "\n"}`));
    });
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
  }
}

/** The line with its traceback written out; `open` when the traceback stands between quotation marks that are not closed. */
function writtenOut(line: string): { readonly text: string; readonly open: boolean } {
  const header = escapedHeader.exec(line);
  if (header === null) return { text: line, open: false };
  const before = line.slice(0, header.index);
  const quoted = before.replaceAll(/\\./g, "").split('"').length % 2 === 0;
  const parts = [before, "\n"];
  let at = header.index;
  for (;;) {
    const slash = line.indexOf("\\", at);
    const end = slash === -1 ? line.length : slash;
    const quote = line.slice(at, end).indexOf('"');
    if (quote !== -1) {
      parts.push(line.slice(at, at + quote), "\n", line.slice(at + quote + 1));
      return { text: parts.join(""), open: false };
    }
    parts.push(line.slice(at, end));
    if (slash === -1) return { text: parts.join(""), open: quoted };
    const code = /^u[0-9a-fA-F]{4}/.exec(line.slice(slash + 1, slash + 6))?.[0];
    const letter = line.charAt(slash + 1);
    parts.push(
      code === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(parseInt(code.slice(1), 16)),
    );
    at = slash + 2 + (code === undefined ? 0 : 4);
  }
}

/** As strconv.Quote and encoding/json write them. Any other letter stands for itself. */
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
