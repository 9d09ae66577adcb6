import type { GateState, GateVerdict } from "../domain/configuration/gate.ts";
import type { Proposal } from "../domain/configuration/proposal.ts";
import { counted } from "../domain/units.ts";
import { changePlace, changeText } from "./config-words.ts";
import { code, inline } from "./markdown-words.ts";
import { printable, type Style } from "./style.ts";
import { wrap } from "./wrap.ts";

/** Where a proposal stands at the gate of each environment. */
export interface GateReport {
  readonly proposal: Proposal;
  readonly states: readonly GateState[];
}

const verdictWords: Readonly<Record<GateVerdict, string>> = {
  "not-applicable": "nothing of it changes",
  refused: "cannot be approved as it is",
  rejected: "rejected",
  waiting: "waiting for approval",
  approved: "approved",
};

export function configGateText({ proposal, states }: GateReport, style: Style, width: number): string {
  const blocks = states.map((state) => {
    const head = style.bold(printable(`${state.environment}: ${verdictWords[state.verdict]}`));
    const rows = linesOf(proposal, state).flatMap((line) => {
      const [first = "", ...more] = wrap(printable(line), width - 4);
      return [`  ${first}`, ...more.map((rest) => `    ${rest}`)];
    });
    return [head, ...rows].map((row) => `${row}\n`).join("");
  });
  return blocks.join("\n");
}

export function configGateMarkdown({ proposal, states }: GateReport): string {
  const blocks = states.map((state) => {
    const rows = linesOf(proposal, state, { place: code, text: inline }).map((line) => `- ${line}\n`);
    return `## ${inline(`${state.environment}: ${verdictWords[state.verdict]}`)}\n\n${rows.join("")}`;
  });
  return blocks.join("\n");
}

interface Written {
  readonly place: (text: string) => string;
  readonly text: (text: string) => string;
}

const plain: Written = { place: (text) => text, text: (text) => text };

function linesOf(proposal: Proposal, state: GateState, { place, text }: Written = plain): readonly string[] {
  const environment = proposal.environments.find(({ name }) => name === state.environment);
  const lines = state.reasons.map(text);
  if (environment === undefined) return lines;
  lines.push(
    ...environment.changes.map((change) => `${place(changePlace(change))}: ${changeText(change, text)}`),
  );
  if (environment.more > 0) lines.push(`and ${counted(environment.more, "more value")}`);
  lines.push(
    ...environment.uncompared.map(({ file, reason }) => `not compared: ${place(file)}: ${text(reason)}`),
  );
  if (environment.services.length > 0) lines.push(`configures ${environment.services.map(text).join(", ")}`);
  if (state.digest !== undefined) lines.push(`digest ${place(state.digest)}`);
  if (state.verdict !== "refused") {
    lines.push(`${state.approvals.length} of ${counted(state.needed, "approval")}`);
  }
  return lines;
}
