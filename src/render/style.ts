import type { Severity } from "../domain/findings/finding.ts";

/** How a terminal shows emphasis; the plain style leaves text as it is. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export const plainStyle: Style = {
  bold: same,
  dim: same,
  red: same,
  yellow: same,
  green: same,
  cyan: same,
};

/** SGR sequences that every terminal knows (ECMA-48 §8.3.117). */
export const colourStyle: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  yellow: sgr(33, 39),
  green: sgr(32, 39),
  cyan: sgr(36, 39),
};

/** How urgent something is, seen from afar. */
export function severityPaint(severity: Severity, style: Style): (text: string) => string {
  return severity === "critical" ? style.red : severity === "warning" ? style.yellow : style.cyan;
}

function same(text: string): string {
  return text;
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

// oxlint-disable-next-line no-control-regex -- control characters are exactly what must not reach the terminal
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text of a capture as it may be shown: a label or a symbol must not move the cursor, recolour the screen or
 * reverse the reading direction. Line feeds and tabs become spaces.
 */
export function printable(text: string): string {
  return text
    .replace(/[\n\t]/g, " ")
    .replace(unsafe, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The same for a text of several lines, such as an error message: its line feeds stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
