import { capitalised } from "../domain/capitalised.ts";
import { type LintProblem, lintPlace } from "../domain/configuration/lint-problem.ts";
import { counted } from "../domain/units.ts";
import { code, inline } from "./markdown-words.ts";
import { printable, type Style } from "./style.ts";
import { hanging } from "./wrap.ts";

/** What readers of a file could take differently. */
export interface LintedFile {
  readonly file: string;
  /** Why it could not be looked at; absent where it was. */
  readonly unread?: string;
  readonly problems: readonly LintProblem[];
}

export function configLintText(files: readonly LintedFile[], style: Style, width: number): string {
  const rows = linesOf(files).flatMap(({ place, message }) =>
    hanging(printable(`${place}: ${message}`), 2, width),
  );
  return `${style.bold(headline(files))}\n${rows.map((row) => `${row}\n`).join("")}`;
}

export function configLintMarkdown(files: readonly LintedFile[]): string {
  const rows = linesOf(files).map(({ place, message }) => `- ${code(place)}: ${inline(message)}\n`);
  return `## ${headline(files)}\n\n${rows.join("")}`;
}

function headline(files: readonly LintedFile[]): string {
  const problems = files.flatMap((file) => file.problems);
  const unread = files.filter((file) => file.unread !== undefined);
  if (unread.length === files.length) return "Nothing was looked at";
  const looked = counted(files.length - unread.length, "file");
  const said = problems.length === 0 ? "no problem" : counted(problems.length, "problem");
  return `${capitalised(said)} in ${looked}${unread.length === 0 ? "" : `, ${unread.length} not looked at`}`;
}

function linesOf(
  files: readonly LintedFile[],
): readonly { readonly place: string; readonly message: string }[] {
  return files.flatMap(({ file, unread, problems }) => [
    ...(unread === undefined ? [] : [{ place: file, message: `not looked at: ${unread}` }]),
    ...problems.map((problem) => ({ place: lintPlace(file, problem), message: problem.message })),
  ]);
}
