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

/** Text from outside as a code span; the fence is longer than any run of backticks inside. */
export function code(text: string): string {
  const clean = printable(text).replace(/\|/g, "\\|");
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest > 0 ? `${fence} ${clean} ${fence}` : `${fence}${clean}${fence}`;
}
