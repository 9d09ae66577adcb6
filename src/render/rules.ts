import type { EvidenceKey } from "../domain/evidence/evidence.ts";
import type { RuleMeta } from "../domain/findings/analyzer.ts";
import type { Style } from "./style.ts";
import { quantity } from "./words.ts";
import { labelled, wrap } from "./wrap.ts";

type Rule = RuleMeta<EvidenceKey, EvidenceKey, string>;

/** Titles in a narrower column are a word a line, and long words are cut. */
const narrowestTitles = 32;

/** All rules, one or two lines each; in a narrow window the title stands below the id. */
export function rulesText(rules: readonly Rule[], style: Style, width: number): string {
  const idWidth = Math.max(...rules.map((rule) => rule.id.length)) + 2;
  const lines = rules.flatMap(({ id, title, severity }) => {
    const text = `${title} (${severity})`;
    return width - idWidth < narrowestTitles
      ? [id, ...wrap(text, width - 2).map((line) => `  ${line}`)]
      : labelled(id, text, 0, idWidth, width);
  });
  const footer = `${rules.length} rules. gofire rules explain ID tells what one looks for, its limits and its sources.`;
  return `${[...lines, "", ...wrap(footer, width).map((line) => style.dim(line))].join("\n")}\n`;
}

/** One rule in full. */
export function ruleText(rule: Rule, style: Style, width: number): string {
  const section = (title: string, text: string) => [
    style.bold(title),
    ...wrap(text, width - 2).map((line) => `  ${line}`),
  ];
  const blocks: string[][] = [
    [`${style.bold(rule.id)} · ${rule.severity}`, ...wrap(rule.title, width)],
    section("What it looks for", rule.docs.what),
    section("Why it hurts", rule.docs.why),
    section("What to do", rule.docs.next),
    section("When it is wrong", rule.docs.falsePositives),
    section("Evidence", evidenceText(rule)),
  ];
  const thresholds = Object.entries(rule.thresholds);
  if (thresholds.length > 0) {
    blocks.push([
      style.bold("Limits (override in gofire.yaml: services.NAME.thresholds)"),
      ...thresholds.flatMap(([name, { default: value, unit, meaning, source }]) => [
        ...wrap(`${name} = ${quantity(value, unit)}: ${meaning}`, width - 2).map((line, i) =>
          i === 0 ? `  ${line}` : `    ${line}`,
        ),
        ...wrap(`source: ${source}`, width - 4).map((line) => style.dim(`    ${line}`)),
      ]),
    ]);
  }
  for (const { claim, fact, source } of rule.docs.corrections ?? []) {
    blocks.push([
      style.bold("Often said, and wrong"),
      ...wrap(`Said: ${claim}`, width - 2).map((line) => `  ${line}`),
      ...wrap(`In fact: ${fact}`, width - 2).map((line) => `  ${line}`),
      ...wrap(`source: ${source}`, width - 2).map((line) => style.dim(`  ${line}`)),
    ]);
  }
  blocks.push([style.bold("References"), ...rule.docs.references.map((reference) => `  ${reference}`)]);
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function evidenceText(rule: Rule): string {
  const uses = rule.uses.length > 0 ? `; sharper with ${rule.uses.join(", ")}` : "";
  return `needs ${rule.needs.length > 0 ? rule.needs.join(", ") : "nothing"}${uses}`;
}
