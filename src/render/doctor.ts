import type { Style } from "./style.ts";
import { printable } from "./style.ts";
import { labelled } from "./wrap.ts";

export interface DoctorLine {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed";
  readonly detail: string;
  readonly next?: string;
}

/** What works, what does not, and what to do about it. */
export function doctorText(checks: readonly DoctorLine[], style: Style, width: number): string {
  const nameWidth = Math.max(...checks.map((check) => check.name.length)) + 2;
  const paint = { ok: style.green, warning: style.yellow, failed: style.red };
  const lines = checks.flatMap((check) => {
    const [first = "", ...rest] = check.detail
      .split("\n")
      .flatMap((line, at) => labelled(at === 0 ? check.name : "", printable(line), 9, nameWidth, width));
    const word = check.state.padEnd(7);
    return [
      `${paint[check.state](word)}  ${first.slice(9)}`,
      ...rest,
      ...(check.next === undefined ? [] : labelled("", `→ ${printable(check.next)}`, 9, nameWidth, width)),
    ];
  });
  const bad = checks.filter((check) => check.state === "failed").length;
  const summary = bad === 0 ? "Nothing stands in the way." : `${bad} of ${checks.length} checks failed.`;
  return `${lines.join("\n")}\n\n${style.bold(summary)}\n`;
}
