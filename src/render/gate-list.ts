import type { ProposalReport } from "../domain/configuration/gate-card.ts";
import { proposedMarkdown } from "./config-gate.ts";
import { code, inline } from "./markdown-words.ts";

/** Everything that a proposal would change, value by value, as a Markdown file: what a card leaves out is in here. */
export function gateList(report: ProposalReport): string {
  const { name, repository, branch, subject, head, tip, addresses } = report.proposal;
  return [
    `# Config change ${inline(name)}: ${inline(subject)}`,
    "",
    `- ${code(head)} into ${branch === undefined ? "the checked-out branch" : code(branch)} (at ${code(tip)}) of ${inline(repository)}`,
    `- by ${addresses.map(inline).join(", ")}`,
    "",
    proposedMarkdown(report),
  ].join("\n");
}
