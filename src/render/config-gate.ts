import type { GateState } from "../domain/configuration/gate.ts";
import type { Proposal } from "../domain/configuration/proposal.ts";
import { shortRevision } from "../domain/configuration/short-revision.ts";
import { counted } from "../domain/units.ts";
import { changePlace, changeText } from "./config-words.ts";
import { gateVerdictText, impactText, uncountedWords, unknownText } from "./gate-words.ts";
import { code, inline } from "./markdown-words.ts";
import { printable, type Style } from "./style.ts";
import { stamp } from "./words.ts";
import { hanging, wrap } from "./wrap.ts";

/** Where a proposal stands at the gate of each environment. */
export interface GateReport {
  readonly proposal: Proposal;
  readonly states: readonly GateState[];
  /** The audit log that was read; absent where nobody had to be asked, or none was named. */
  readonly log?: {
    /** A folder, or an address. */
    readonly where: string;
    /** Entries of the signed tree; absent where it does not verify. */
    readonly size?: number;
    /** Why nothing that it says counts, one sentence each; empty where it verifies. */
    readonly problems: readonly string[];
  };
}

/** How a medium writes what is from outside. */
interface Written {
  readonly place: (text: string) => string;
  readonly text: (text: string) => string;
}

/** A line, and what is said below it. */
interface Line {
  readonly text: string;
  readonly below?: string;
}

const plain: Written = { place: (text) => text, text: (text) => text };
const marked: Written = { place: code, text: inline };

export function configGateText(report: GateReport, style: Style, width: number): string {
  const paint = { approved: style.green, "not-applicable": style.green, waiting: style.yellow };
  const blocks = report.states.map((state) => {
    const colour = state.verdict in paint ? paint[state.verdict as keyof typeof paint] : style.red;
    const title = `${style.bold(printable(state.environment))}  ${colour(gateVerdictText(state))}`;
    return [title, ...linesOf(report.proposal, state, plain).flatMap((line) => textRows(line, width))];
  });
  const ending = endingOf(report).flatMap((line) => wrap(printable(line), width).map(style.dim));
  const parts = [headRows(report.proposal, style, width), ...blocks, ending].filter(
    ({ length }) => length > 0,
  );
  return `${parts.map((rows) => rows.join("\n")).join("\n\n")}\n`;
}

export function configGateMarkdown(report: GateReport): string {
  const { proposal } = report;
  const blocks = report.states.map((state) => {
    const rows = linesOf(proposal, state, marked).map(markdownRow);
    const title = `### ${inline(state.environment)}: ${gateVerdictText(state)}`;
    return rows.length === 0 ? `${title}\n` : `${title}\n\n${rows.join("")}`;
  });
  const head = `## gofire config gate: ${code(proposal.name)}\n\n${inline(proposal.subject)}\n`;
  const ending = endingOf(report).map((line) => `${inline(line)}\n`);
  return [head, ...blocks, ...ending].join("\n");
}

/** What a proposal would change of each environment, and why it cannot be approved; nothing of who did. */
export function proposedMarkdown({ proposal, states }: Pick<GateReport, "proposal" | "states">): string {
  return states
    .map((state) => {
      const rows = changeLines(proposal, state, marked).map(markdownRow);
      return `## ${inline(state.environment)}\n\n${rows.join("")}`;
    })
    .join("\n");
}

function markdownRow({ text, below }: Line): string {
  return `- ${text}\n${below === undefined ? "" : `  - ${below}\n`}`;
}

function headRows({ name, subject, head, branch }: Proposal, style: Style, width: number): readonly string[] {
  const what = `${name} (${shortRevision(head)}) into ${branch ?? "the branch"}`;
  return [
    ...wrap(printable(what), width).map(style.bold),
    ...wrap(printable(subject), width - 2).map((row) => `  ${row}`),
  ];
}

function textRows({ text, below }: Line, width: number): readonly string[] {
  const rows = (said: string, indent: number) => hanging(printable(said), indent, width);
  return [...rows(text, 2), ...(below === undefined ? [] : rows(below, 4))];
}

function linesOf(proposal: Proposal, state: GateState, written: Written): readonly Line[] {
  const isKnown = proposal.environments.some(({ name }) => name === state.environment);
  return [...changeLines(proposal, state, written), ...(isKnown ? decisionLines(state, written.text) : [])];
}

function changeLines(proposal: Proposal, state: GateState, { place, text }: Written): readonly Line[] {
  const reasons = state.reasons.map((reason) => ({ text: text(reason) }));
  const environment = proposal.environments.find(({ name }) => name === state.environment);
  if (environment === undefined) return reasons;
  const { changes, more, uncompared, services, warnings, was } = environment;
  const told: Line[] = changes.map((change) => {
    const impact = impactText(change);
    const line = { text: `${place(changePlace(change))}: ${changeText(change, text)}` };
    return impact === "" ? line : { ...line, below: text(impact) };
  });
  if (more > 0) told.push({ text: `and ${counted(more, "more value")}` });
  if (state.digest !== undefined && changes.length + uncompared.length === 0)
    told.push({ text: "no value changes, only how files are written" });
  told.push(
    ...uncompared.map(({ file, reason }) => ({
      text: `not compared, look at it yourself: ${place(file)}`,
      below: text(reason),
    })),
    ...warnings.map((warning) => ({ text: `was so before: ${text(warning)}` })),
  );
  if (services.length > 0) told.push({ text: `services: ${services.map(text).join(", ")}` });
  if (state.digest !== undefined)
    told.push({ text: `digest ${place(state.digest)}`, below: `now ${place(was)}` });
  return [...reasons, ...told];
}

function decisionLines(state: GateState, text: Written["text"]): readonly Line[] {
  if (state.verdict === "refused") return [];
  const unknown = unknownText(state);
  return [
    ...state.rejections.map(({ actor, atMs, expiresAtMs }) => ({
      text: `rejected by ${text(actor)}, ${stamp(atMs)} UTC, until it is withdrawn or ${stamp(expiresAtMs)} UTC`,
    })),
    ...state.approvals.map(({ actor, atMs, expiresAtMs }) => ({
      text: `approved by ${text(actor)}, ${stamp(atMs)} UTC, until ${stamp(expiresAtMs)} UTC`,
    })),
    ...state.uncounted.map(({ actor, kind, why, repository }) => ({
      text: `does not count: ${kind} by ${text(actor)}`,
      below: `${uncountedWords[why]}${repository === undefined ? "" : `: ${text(repository)}`}`,
    })),
    ...(unknown === "" ? [] : [{ text: text(unknown) }]),
  ];
}

/** What was asked of whom, and what to do next. */
function endingOf({ states, log, proposal }: GateReport): readonly string[] {
  if (log !== undefined && log.problems.length > 0) {
    return [
      `The audit log at ${log.where} cannot be relied on, so nothing counts as approved:`,
      ...log.problems,
    ];
  }
  const isOpen = states.some(({ verdict }) => verdict === "waiting" || verdict === "rejected");
  if (log === undefined) {
    return isOpen ? ["Who approved is not known: name the audit log with --log and its key with --key."] : [];
  }
  const said = `The audit log at ${log.where} verifies, ${counted(log.size ?? 0, "entry", "entries")}.`;
  return isOpen
    ? [
        said,
        `To approve, in Slack: /approve-config ${/^\d+$/.test(proposal.name) ? proposal.name : "NUMBER"}`,
      ]
    : [said];
}
