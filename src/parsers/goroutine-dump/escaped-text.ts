import { LineCutter } from "../text/line-cutter.ts";
import { runtimeDumpCapBytes } from "./limits.ts";

/** The header of a goroutine within a string of a log line, e.g. `msg="...\ngoroutine 1 [running]:\nmain.main()...`. */
const escapedHeader = /goroutine \d+ \[[^\]"\\]{1,100}\]:(?=\\n)/;

/** True when a traceback stands in this line of a log, its line feeds written as `\n`. */
export function holdsEscapedTraceback(line: string): boolean {
  return escapedHeader.test(line);
}

/** Hands on a log with the tracebacks that stand within its lines written out. All other lines stay as they are. */
export class EscapedTextRestorer {
  readonly #lines: LineCutter;

  /** A line may be a whole dump, so it may be as long as one. */
  constructor(sink: (chunk: Uint8Array) => void) {
    this.#lines = new LineCutter(runtimeDumpCapBytes, (bytes, start, end, _line, shape) => {
      const text = bytes.toString("utf8", start, end);
      sink(Buffer.from(`${writtenOut(text)}${shape === "unterminated" ? "" : "\n"}`));
    });
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
  }
}

function writtenOut(line: string): string {
  const header = escapedHeader.exec(line);
  if (header === null) return line;
  const parts = [line.slice(0, header.index), "\n"];
  let at = header.index;
  for (;;) {
    const slash = line.indexOf("\\", at);
    const end = slash === -1 ? line.length : slash;
    const quote = line.slice(at, end).indexOf('"');
    if (quote !== -1) {
      parts.push(line.slice(at, at + quote), "\n", line.slice(at + quote + 1));
      return parts.join("");
    }
    parts.push(line.slice(at, end));
    if (slash === -1) return parts.join("");
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
