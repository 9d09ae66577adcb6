import type { TlsReport } from "../domain/tls/report.ts";
import { tlsTargetText } from "../domain/tls/target.ts";
import { outcomeText } from "../domain/tls/words.ts";
import { durationText } from "../domain/units.ts";
import { code, inline, stepText } from "./markdown-words.ts";
import { doneText, tlsQuestionWords, tlsVerdictWords } from "./tls.ts";

/** The whole of what a look at a TLS port brought, as a report. */
export function tlsMarkdown(report: TlsReport): string {
  const { verdict, findings, checks, probe, using } = report;
  const name = probe.serverName === probe.host ? "" : ` as ${code(probe.serverName)}`;
  const lines = [
    `# ${tlsVerdictWords[verdict]}: TLS of ${code(tlsTargetText(probe))}${name}`,
    "",
    ...(using === undefined ? [] : [`With ${inline(using)}.`, ""]),
  ];
  for (const { severity, confidence, rule, title, summary, goSays, next } of findings) {
    lines.push(
      `## ${inline(title)}`,
      "",
      `**${severity}**, ${confidence} (${code(rule)})`,
      "",
      inline(summary),
      "",
    );
    if (goSays !== undefined) lines.push(`A Go client says: ${code(goSays)}`, "");
    lines.push(...next.map((step, at) => `${at + 1}. ${stepText(step)}`), "");
  }
  lines.push("## Looked at", "", "| what | | seen |", "| --- | --- | --- |");
  for (const { rule, state, says } of checks) lines.push(`| ${code(rule)} | ${state} | ${inline(says)} |`);
  lines.push("", "## Handshakes", "", "| address | how | came to | took |", "| --- | --- | --- | --- |");
  for (const { address, question, outcome, handshakeMs } of probe.handshakes) {
    const took = handshakeMs === undefined ? "" : durationText(handshakeMs);
    lines.push(
      `| ${code(address)} | ${tlsQuestionWords[question]} | ${inline(outcomeText(outcome))} | ${took} |`,
    );
  }
  lines.push("", inline(doneText(report)), "");
  return lines.join("\n");
}
