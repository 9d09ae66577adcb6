/**
 * - `unreadable`: nobody can tell for sure which values the file has. - `ambiguous`: readers do not agree on one value.
 */
export type LintKind = "unreadable" | "ambiguous";

/** Why two readers of a configuration file could take it differently. */
export interface LintProblem {
  readonly kind: LintKind;
  /** 1-based, the column in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** What is wrong and what to write instead, one sentence; no value that may be a secret. */
  readonly message: string;
  /** Path and spelling of an ambiguous value, to tell an old one from a new one; empty for the others. */
  readonly key: string;
}

/** `env/prod/order.yaml:3:5`, as editors and terminals make links of it. */
export function lintPlace(file: string, { line, column }: Pick<LintProblem, "line" | "column">): string {
  return `${file}:${line}:${column}`;
}
