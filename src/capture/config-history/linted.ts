import { type LintProblem, lintPlace } from "../../domain/configuration/lint-problem.ts";
import { isDocumentName } from "../../governance/document.ts";
import { lintDocument } from "../../governance/lint.ts";
import type { TouchedFile } from "../../ports/config-history.ts";

/** What a proposal makes wrong in the files that it touches, and what was wrong there before; with `file:line:column`. */
export function lintedFiles(files: readonly TouchedFile[]): {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
} {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const { path, before, after } of files) {
    if (after === "absent" || !isDocumentName(path)) continue;
    if ("unread" in after) {
      problems.push(`${path}: ${after.unread}`);
      continue;
    }
    const old = new Map<string, number>();
    if (before instanceof Uint8Array) {
      for (const { key } of lintDocument(path, before)) old.set(key, (old.get(key) ?? 0) + 1);
    }
    for (const problem of lintDocument(path, after)) {
      (isOld(problem, old) ? warnings : problems).push(`${lintPlace(path, problem)}: ${problem.message}`);
    }
  }
  return { problems, warnings };
}

/** A value that was as ambiguous before. Where a file cannot be told at all, nobody knows what the proposal does there. */
function isOld({ kind, key }: LintProblem, old: Map<string, number>): boolean {
  const left = old.get(key) ?? 0;
  if (kind !== "ambiguous" || left === 0) return false;
  old.set(key, left - 1);
  return true;
}
