import { type Analysis, openChecks } from "../../domain/findings/finding.ts";
import { counted } from "../../domain/units.ts";
import { isNothingCaptured } from "../quiet-verdict.ts";
import { printable } from "../style.ts";
import { hanging, labelled } from "../wrap.ts";
import { indent, labelWidth, shortList, type TerminalOptions } from "./layout.ts";

/** How many rules found something, and which could not be checked, by what they lack. */
export function checkLines(analysis: Analysis, { style, width, verbose }: TerminalOptions): string[] {
  const { captures, checks, findings, verdict } = analysis;
  if (checks.length === 0) return [];
  const open = openChecks(analysis);
  const finding = checks.filter(({ rule }) => findings.some((one) => one.rule === rule)).length;
  const clean = checks.length - finding - open.length;
  const summary = `${counted(checks.length, "rule")}: ${finding} with findings, ${clean} clean, ${open.length} not checked`;
  const lines = labelled("Checked", summary, 0, labelWidth, width).map((line) =>
    line.replace("Checked", style.bold("Checked")),
  );
  // What each of them lacks is everything.
  if (open.length === 0 || (isNothingCaptured(captures) && !verbose)) return lines;
  const byReason = new Map<string, string[]>();
  for (const check of open) {
    const reason = check.reason ?? check.state;
    byReason.set(reason, [...(byReason.get(reason) ?? []), check.rule]);
  }
  lines.push(style.bold("Not checked"));
  const reasons = [...byReason].toSorted((a, b) => b[1].length - a[1].length);
  // What is missing is the answer itself when the verdict is open.
  const shown = verbose || verdict === "inconclusive" ? reasons : reasons.slice(0, shortList.reasons);
  for (const [reason, rules] of shown) {
    const names = verbose || rules.length <= 2 ? rules.join(", ") : counted(rules.length, "rule");
    lines.push(...hanging(printable(`${reason}: ${names}`), indent, width));
  }
  const hidden = reasons.slice(shown.length).reduce((sum, [, rules]) => sum + rules.length, 0);
  if (hidden > 0) lines.push(style.dim(`  and ${counted(hidden, "more rule")}: --verbose shows why.`));
  return lines;
}
