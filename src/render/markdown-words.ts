import { nextStep } from "../domain/findings/next-step.ts";
import { printable } from "./style.ts";

/**
 * Text from outside inside a paragraph or table cell: nothing in it may become Markdown or HTML, or call somebody where it is
 * posted as a comment. No backslash keeps a forge from reading `@name`; a character of no width behind the sign does.
 */
export function inline(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]<>|~]/g, (c) => `\\${c}`)
    .replace(/(?<!\w)@(?=\w)/g, "@\u2060");
}

/** What to do next, with its command as a code span. */
export function stepText(step: string): string {
  const { words, command } = nextStep(step);
  return command === undefined ? inline(words) : `${inline(words)} ${code(command)}`;
}

/** `code` in a table, where a bar would end the cell, in code, too. */
export function cellCode(text: string): string {
  return code(text).replace(/\|/g, "\\|");
}

/** Text from outside as a code span; the fence is longer than any run of backticks inside. */
export function code(text: string): string {
  const clean = printable(text);
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest > 0 ? `${fence} ${clean} ${fence}` : `${fence}${clean}${fence}`;
}
