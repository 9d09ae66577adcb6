import type { MessageBody } from "../../domain/chat/message.ts";
import type { TlsFinding } from "../../domain/tls/finding.ts";
import type { TlsAnswer } from "../../domain/tls/look.ts";
import type { TlsTarget } from "../../domain/tls/probe.ts";
import type { TlsReport } from "../../domain/tls/report.ts";
import { tlsTargetText } from "../../domain/tls/target.ts";
import { counted } from "../../domain/units.ts";
import { doneText, seenChecks, tlsVerdictWords } from "../tls.ts";
import { type Block, context, header, section } from "./blocks.ts";
import { bold, code, stepProse, words } from "./escape.ts";
import { confidenceWords } from "./finding-lines.ts";
import { replyBody } from "./reply-body.ts";
import { verdictMarks } from "./verdict-words.ts";

const mostInFull = 3;
const mostNamed = 5;

/** What a look at a TLS port brought: what is wrong, in which words Go says so, what to do; then what was seen. */
export function tlsBody(answer: TlsAnswer): MessageBody {
  return "report" in answer ? reportBody(answer.report) : problemBody(answer);
}

function problemBody({
  target,
  problem,
}: {
  readonly target: TlsTarget;
  readonly problem: string;
}): MessageBody {
  const name = tlsTargetText(target);
  return replyBody(
    [`${name} could not be looked at.`, problem],
    section([`🟡 ${code(name, 280)} could not be looked at`, words(problem, 1_000)]),
  );
}

function reportBody(report: TlsReport): MessageBody {
  const { verdict, findings, checks, probe, using } = report;
  const as = probe.serverName === probe.host ? "" : ` as ${probe.serverName}`;
  const title = `${tlsVerdictWords[verdict]} · TLS of ${tlsTargetText(probe)}${as}`;
  const full = findings.slice(0, mostInFull);
  const others = findings.slice(mostInFull);
  return replyBody(
    [`${title}.`, ...findings.map(({ title, goSays }) => sentence(title, goSays))],
    [
      header(`${verdictMarks[verdict]} ${title}`),
      ...full.flatMap(findingBlocks),
      ...section([
        ...others.slice(0, mostNamed).map((finding) => `• ${words(finding.title, 200)} · ${facts(finding)}`),
        others.length > mostNamed
          ? `… and ${counted(others.length - mostNamed, "more finding")} in the file below`
          : "",
      ]),
      ...section(
        seenChecks(checks).map(
          ({ name, state, says }) => `${stateMarks[state]} ${bold(name, 40)} ${words(says, 250)}`,
        ),
      ),
      ...context([using === undefined ? "" : words(`With ${using}.`, 200), words(doneText(report), 500)]),
    ],
  );
}

function sentence(title: string, goSays: string | undefined): string {
  return `${title}.${goSays === undefined ? "" : ` A Go client says: ${goSays}.`}`;
}

const stateMarks: Readonly<Record<TlsReport["checks"][number]["state"], string>> = {
  pass: "✓",
  fail: "✗",
  inconclusive: "?",
  skipped: "–",
};

function facts({ severity, confidence }: TlsFinding): string {
  return `${severity} · ${confidenceWords[confidence]}`;
}

function findingBlocks(finding: TlsFinding): readonly Block[] {
  const { title, summary, goSays, next } = finding;
  return section([
    bold(title, 250),
    facts(finding),
    words(summary, 700),
    goSays === undefined ? "" : `Go says: ${code(goSays, 400)}`,
    ...next.map((step, at) => `${at + 1}. ${stepProse(step, 300)}`),
  ]);
}

/** For who waits for it. */
export function lookingBody(target: TlsTarget, isOutOfReach: boolean): MessageBody {
  const name = tlsTargetText(target);
  const rest = isOutOfReach
    ? "gofire cannot post here, so you will not see what comes of it: invite it (/invite @gofire) and ask again."
    : "What comes of it is posted here, in 15 s at most once a worker is free.";
  return replyBody(
    [`Looking at ${name}.`, rest],
    section([`⏳ Looking at ${code(name, 280)}`, words(rest, 300)]),
  );
}
