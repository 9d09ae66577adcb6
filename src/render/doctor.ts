import type { Style } from "./style.ts";
import { printable } from "./style.ts";
import { labelled } from "./wrap.ts";

export interface DoctorLine {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed";
  readonly detail: string;
  readonly next?: string;
}

const stateWidth = 9;
/** Of a line, at the most: the address of a target would leave a column of single words to what is wrong with it. */
const namesShare = 1 / 4;

/** What works, what does not, and what to do about it. */
export function doctorText(checks: readonly DoctorLine[], style: Style, width: number): string {
  const longest = Math.max(...checks.map((check) => check.name.length)) + 2;
  const nameWidth = Math.min(longest, Math.floor(width * namesShare));
  const paint = { ok: style.green, warning: style.yellow, failed: style.red };
  const lines = checks.flatMap(({ name, state, detail, next }) => {
    const standsAlone = name.length + 2 > nameWidth;
    const told = detail
      .split("\n")
      .flatMap((line, at) =>
        labelled(at === 0 && !standsAlone ? name : "", printable(line), stateWidth, nameWidth, width),
      );
    const [first = "", ...rest] = standsAlone ? [" ".repeat(stateWidth) + name, ...told] : told;
    return [
      paint[state](state.padEnd(7)) + first.slice(7),
      ...rest,
      ...(next === undefined ? [] : labelled("", `→ ${printable(next)}`, stateWidth, nameWidth, width)),
    ];
  });
  const bad = checks.filter((check) => check.state === "failed").length;
  const summary = bad === 0 ? "Nothing stands in the way." : `${bad} of ${checks.length} checks failed.`;
  return `${lines.join("\n")}\n\n${style.bold(summary)}\n`;
}
