import type { WriteStream } from "node:tty";

/** What the terminal can do. */
export interface Screen {
  /** Columns to wrap at: the window's, at most 100; 80 when it is not a terminal. */
  readonly width: number;
  readonly colour: boolean;
}

/** Longer lines are hard to read, however wide the window. */
const widestLine = 100;

/** Colour when it is a terminal that wants it: https://no-color.org, and FORCE_COLOR as Node itself reads it. */
export function screenOf(stream: WriteStream | NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  const forced = environment["FORCE_COLOR"] !== undefined && environment["FORCE_COLOR"] !== "0";
  const refused = (environment["NO_COLOR"] ?? "") !== "" || isDumb(environment);
  const columns = stream.isTTY ? stream.columns : Number(environment["COLUMNS"] ?? 80);
  return {
    width: Math.max(40, Math.min(widestLine, columns > 0 ? columns : 80)),
    colour: forced || (stream.isTTY && !refused),
  };
}

/**
 * Whether text beyond ASCII can be read there (POSIX.1-2017, 8.2 Internationalization Variables). Where nothing is set, as in
 * most containers, the terminal itself is elsewhere and nearly always UTF-8.
 */
export function isUtf8(environment: NodeJS.ProcessEnv): boolean {
  const locale = ["LC_ALL", "LC_CTYPE", "LANG"]
    .map((name) => environment[name] ?? "")
    .find((value) => value !== "");
  return locale === undefined || /utf-?8/i.test(locale);
}

/** A terminal without control sequences, such as an editor's shell: it would show them as text. */
function isDumb(environment: NodeJS.ProcessEnv): boolean {
  return environment["TERM"] === "dumb";
}

/** One line that says what is going on: rewritten in place on a terminal that can, a line per step elsewhere. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #rewrites: boolean;
  readonly #ellipsis: string;
  readonly #wrapped: (text: string) => readonly string[];
  #shown = "";

  /** `wrapped` breaks a text into lines for a log. */
  constructor(
    stream: NodeJS.WriteStream,
    environment: NodeJS.ProcessEnv,
    wrapped: (text: string) => readonly string[],
  ) {
    this.#stream = stream;
    this.#rewrites = stream.isTTY && !isDumb(environment);
    this.#ellipsis = isUtf8(environment) ? "…" : "...";
    this.#wrapped = wrapped;
  }

  show(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    if (!this.#rewrites) {
      this.#write(text);
      return;
    }
    const width = Math.max(20, this.#stream.columns - 1);
    const cut = text.length > width ? text.slice(0, width - this.#ellipsis.length) + this.#ellipsis : text;
    this.#stream.write(`\r\u001b[2K${cut}`);
  }

  /** A line that stays above what is going on; never cut, so that addresses can be copied. */
  log(text: string): void {
    const stands = !this.#rewrites && text === this.#shown;
    this.clear();
    if (!stands) this.#write(text);
  }

  /** Removes the line, so that the answer starts in the first column. */
  clear(): void {
    if (this.#rewrites && this.#shown !== "") this.#stream.write("\r\u001b[2K");
    this.#shown = "";
  }

  #write(text: string): void {
    this.#stream.write(`${this.#wrapped(text).join("\n  ")}\n`);
  }
}
