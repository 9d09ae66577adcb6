import { type RuleComment, type RuleRecord, rightRatio } from "../domain/findings/feedback.ts";
import { counted, countText, percentText } from "../domain/units.ts";
import { code, inline } from "./markdown-words.ts";
import { printable, type Style } from "./style.ts";
import { stamp } from "./words.ts";
import { wrap } from "./wrap.ts";

/** How one rule did, over all confidences and by each. */
export interface RuleStats {
  readonly rule: string;
  /** Findings in verdicts since it is counted. */
  readonly fired: number;
  readonly right: number;
  readonly wrong: number;
  /** Share of the voices that say right, 0 to 1; absent without any. */
  readonly rightRatio?: number;
  readonly byConfidence: readonly (RuleRecord & { readonly rightRatio?: number })[];
  /** What people said with it, newest first. */
  readonly comments: readonly Omit<RuleComment, "rule">[];
}

const confidences = ["proven", "likely", "possible"] as const;

/** By rule; the one that most people called wrong comes first, then the one that fired most. */
export function ruleStats(
  records: readonly RuleRecord[],
  comments: readonly RuleComment[],
): readonly RuleStats[] {
  const rules = [...new Set(records.map(({ rule }) => rule))];
  return rules
    .map((rule) => {
      const own = records.filter((record) => record.rule === rule);
      const total = {
        rule,
        fired: sum(own.map(({ fired }) => fired)),
        right: sum(own.map(({ right }) => right)),
        wrong: sum(own.map(({ wrong }) => wrong)),
      };
      const byConfidence = confidences.flatMap((confidence) =>
        own.filter((record) => record.confidence === confidence).map(withRatio),
      );
      const said = comments
        .filter((comment) => comment.rule === rule)
        .map(({ rule: _rule, ...comment }) => comment);
      return { ...withRatio(total), byConfidence, comments: said };
    })
    .toSorted((a, b) => b.wrong - a.wrong || b.fired - a.fired || (a.rule < b.rule ? -1 : 1));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function withRatio<Counts extends { readonly right: number; readonly wrong: number }>(counts: Counts) {
  const ratio = rightRatio(counts);
  return ratio === undefined ? counts : { ...counts, rightRatio: ratio };
}

const columns = ["fired", "right", "wrong", "share"] as const;
const columnWidth = 8;

/** A table for the terminal; `where` says whose records these are. */
export function ruleStatsText(
  stats: readonly RuleStats[],
  where: string,
  style: Style,
  width: number,
): string {
  const note = (text: string) => wrap(text, width).map((line) => style.dim(line));
  if (stats.length === 0) {
    const none = `Nothing is counted yet in ${where}. Findings count from the first verdict of gofire serve on; people judge them with the buttons of a card, or /gofire feedback.`;
    return `${wrap(none, width).join("\n")}\n`;
  }
  const longest = Math.max(...stats.map(({ rule }) => rule.length)) + 2;
  const nameWidth = Math.max(12, Math.min(longest, width - columns.length * columnWidth));
  const lines = stats.flatMap((rule) => [
    ...row(rule.rule, rule, nameWidth),
    ...(rule.byConfidence.length < 2 && rule.byConfidence[0]?.confidence === "proven"
      ? []
      : rule.byConfidence.flatMap((one) =>
          row(`  ${one.confidence}`, one, nameWidth).map((line) => style.dim(line)),
        )),
    ...commentLines(rule, width).map((line) => style.dim(line)),
  ]);
  const heading = `${"rule".padEnd(nameWidth)}${columns.map((name) => name.padStart(columnWidth)).join("")}`;
  const all = { right: sum(stats.map(({ right }) => right)), wrong: sum(stats.map(({ wrong }) => wrong)) };
  return `${[
    style.bold(heading),
    ...lines,
    "",
    ...note(
      `fired: findings in verdicts. right, wrong: what people said, one voice each; ${counted(all.right + all.wrong, "voice")} in all. share: of the voices that say right. Few voices say little. Read from ${where}.`,
    ),
  ].join("\n")}\n`;
}

/** Of each rule; all of them are in the other formats. */
const mostComments = 3;

function commentLines({ comments }: RuleStats, width: number): readonly string[] {
  const rest = comments.length - mostComments;
  return [
    ...comments
      .slice(0, mostComments)
      .flatMap((comment) =>
        wrap(`“${printable(comment.comment)}” ${aboutComment(comment)}`, width - 4).map(
          (line) => `    ${line}`,
        ),
      ),
    ...(rest > 0 ? [`    and ${counted(rest, "comment")} before: --format markdown has them`] : []),
  ];
}

function aboutComment({ says, incidentId, finding, atMs }: RuleStats["comments"][number]): string {
  return `(${says}, ${incidentId} ${finding}, ${stamp(atMs).slice(0, 10)})`;
}

/** The same as a Markdown document, with every comment that is at hand. */
export function ruleStatsMarkdown(stats: readonly RuleStats[], where: string): string {
  const rows = stats.flatMap((rule) => [
    tableRow(code(rule.rule), rule),
    ...rule.byConfidence.map((one) => tableRow(`&nbsp;&nbsp;${one.confidence}`, one)),
  ]);
  const said = stats
    .filter(({ comments }) => comments.length > 0)
    .map(({ rule, comments }) =>
      [
        `### ${code(rule)}`,
        comments.map((comment) => `- ${inline(comment.comment)} ${inline(aboutComment(comment))}`).join("\n"),
      ].join("\n\n"),
    );
  return `${[
    "# How rules did",
    stats.length === 0
      ? "Nothing is counted yet."
      : ["| rule | fired | right | wrong | share |", "| --- | ---: | ---: | ---: | ---: |", ...rows].join(
          "\n",
        ),
    `Fired: findings in verdicts. Right, wrong: what people said, one voice each. Share: of the voices that say right. Few voices say little. Read from ${inline(where)}.`,
    ...(said.length === 0 ? [] : ["## Why", ...said]),
  ].join("\n\n")}\n`;
}

function tableRow(
  name: string,
  { fired, right, wrong, rightRatio: ratio }: Omit<RuleStats, "rule" | "byConfidence" | "comments">,
): string {
  const share = ratio === undefined ? "-" : percentText(ratio);
  return `| ${name} | ${countText(fired)} | ${countText(right)} | ${countText(wrong)} | ${share} |`;
}

/** A name that is too long has a line of its own. */
function row(
  name: string,
  { fired, right, wrong, rightRatio: ratio }: Omit<RuleStats, "rule" | "byConfidence" | "comments">,
  nameWidth: number,
): readonly string[] {
  const figures = [
    countText(fired),
    countText(right),
    countText(wrong),
    ratio === undefined ? "-" : percentText(ratio),
  ]
    .map((figure) => figure.padStart(columnWidth))
    .join("");
  return name.length < nameWidth
    ? [`${name.padEnd(nameWidth)}${figures}`]
    : [name, `${"".padEnd(nameWidth)}${figures}`];
}
