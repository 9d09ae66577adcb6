import { UsageError } from "../domain/errors.ts";

/** Something wrong at a place in the configuration file; line and column are 1-based. */
export interface ConfigMistake {
  readonly line: number;
  readonly column: number;
  /** One sentence; never quotes a value, because it may be a secret. */
  readonly message: string;
}

/** More than this many lines help nobody. */
const mostPrinted = 20;

/** The configuration cannot be used. One line `file:line:column: sentence` for each mistake, in the file's order. */
export class ConfigError extends UsageError {
  readonly mistakes: readonly ConfigMistake[];

  constructor(file: string, mistakes: readonly ConfigMistake[]) {
    const ordered = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const lines = ordered
      .slice(0, mostPrinted)
      .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
    const left = ordered.length - lines.length;
    if (left > 0) lines.push(`and ${left} more`);
    super(lines.join("\n"));
    this.mistakes = ordered;
  }
}
