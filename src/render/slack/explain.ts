import type { ChatReply, ExplainedFinding } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { type Analysis, openChecks } from "../../domain/findings/finding.ts";
import { counted, countText } from "../../domain/units.ts";
import { type Block, context, divider, header, section } from "./blocks.ts";
import { bold, code, prose, stepProse, words } from "./escape.ts";
import {
  againstLimit,
  confidenceWords,
  firstSentences,
  furtherLine,
  placeCode,
  wherePlain,
} from "./finding-lines.ts";
import { replyBody } from "./reply-body.ts";
import { shadowPlace } from "./shadow.ts";
import { verdictMarks } from "./verdict-words.ts";

type Explanation = Extract<ChatReply, { kind: "explain" }>;

const mostInFull = 4;
const mostFrames = 3;
const mostExcerpts = 2;
const mostReasons = 4;

/** Findings in full: what, why it is read that way, where, the evidence, what to do, when it is wrong. */
export function explainBody({ incident, analysis, findings }: Explanation): MessageBody {
  const { verdict } = analysis;
  const serious = findings.filter(({ finding }) => finding.severity !== "info");
  const full = serious.slice(0, mostInFull);
  const others = findings.filter((entry) => !full.includes(entry));
  return replyBody(
    [
      `${verdict.toUpperCase()}: ${incident.service}, ${incident.id}, ${counted(findings.length, "finding")}.`,
      ...full.map(findingSentences),
      ...others.map(({ finding }) => `${finding.title}, ${confidenceWords[finding.confidence]}.`),
      ...openLines(analysis).map((line) => `${line}.`),
    ],
    [
      header(
        `${verdictMarks[verdict]} ${verdict.toUpperCase()} · ${incident.service} · ${incident.id} explained`,
      ),
      ...(findings.length === 0 ? section(["No findings."]) : []),
      ...full.flatMap((entry, index) => [...(index === 0 ? [] : [divider]), ...findingBlocks(entry)]),
      ...(others.length === 0
        ? []
        : [
            divider,
            ...section(["*Also, for context*", ...others.map(({ finding }) => furtherLine(finding))]),
          ]),
      ...context([
        ...openLines(analysis).map((line) => words(line, 300)),
        incident.shadow === true
          ? `In shadow: nothing of it was posted. Its card ${shadowPlace(incident)}.`
          : "",
      ]),
    ],
    incident.shadow === true
      ? `… and more: \`/gofire report ${words(incident.id, 40)}\` has it all.`
      : "… and more: the findings file in the card's thread has it all.",
  );
}

function findingBlocks({ finding, docs }: ExplainedFinding): readonly Block[] {
  const { id, title, severity, confidence, measured, causedBy, summary, where, evidence, next } = finding;
  const facts = [
    measured === undefined ? "" : bold(againstLimit(measured), 80),
    severity,
    confidenceWords[confidence],
    causedBy === undefined ? "" : `follows from ${words(causedBy, 20)}`,
  ];
  return [
    ...section([
      bold(`${id}: ${title}`, 220),
      facts.filter((fact) => fact !== "").join(" · "),
      prose(summary, 900),
      ...where
        .slice(0, mostFrames)
        .map((frame, index) => `${index === 0 ? "📍" : "      ←"} ${placeCode(frame)}`),
    ]),
    ...section(next.map((step, index) => `${index + 1}. ${stepProse(step, 400)}`)),
    ...context([
      ...evidence
        .slice(0, mostExcerpts)
        .map(({ artifact, excerpt }) => `${code(artifact, 60)} ${prose(firstLine(excerpt), 200)}`),
      docs === undefined ? "" : `Why it hurts: ${prose(firstSentences(docs.why, 300), 400)}`,
      docs === undefined ? "" : `When this is wrong: ${prose(firstSentences(docs.falsePositives, 300), 400)}`,
      words(finding.rule, 60),
    ]),
  ];
}

function firstLine(excerpt: string): string {
  return excerpt.split("\n", 1)[0] ?? "";
}

function findingSentences({ finding }: ExplainedFinding): string {
  const { id, title, confidence, measured, summary, where, next } = finding;
  return [
    `${id}: ${title}, ${confidenceWords[confidence]}.`,
    measured === undefined ? "" : `Measured ${againstLimit(measured)}.`,
    wherePlain(where),
    summary,
    next[0] === undefined ? "" : `Next: ${next[0]}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** What was looked at, and why the rest was not; raw. */
function openLines(analysis: Analysis): readonly string[] {
  const { checks } = analysis;
  const open = openChecks(analysis);
  const byReason = new Map<string, number>();
  for (const { reason, state } of open)
    byReason.set(reason ?? state, (byReason.get(reason ?? state) ?? 0) + 1);
  const reasons = [...byReason].toSorted((a, b) => b[1] - a[1]);
  const rest = reasons.length - mostReasons;
  return [
    `${counted(checks.length, "rule")}: ${countText(checks.length - open.length)} looked, ${countText(open.length)} could not`,
    ...reasons
      .slice(0, mostReasons)
      .map(([reason, rules]) => `Not checked by ${counted(rules, "rule")}: ${reason}`),
    ...(rest > 0 ? [`and ${counted(rest, "more reason")} in the findings file`] : []),
  ];
}
