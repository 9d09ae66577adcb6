import type { Check, Verdict } from "../domain/findings/finding.ts";
import { certificateName, nothingSeen, type TlsFinding } from "../domain/tls/finding.ts";
import { type TlsHandshake, type TlsProbe, type TlsQuestion, usualHandshake } from "../domain/tls/probe.ts";
import type { TlsReport } from "../domain/tls/report.ts";
import { tlsTargetText } from "../domain/tls/target.ts";
import { outcomeText } from "../domain/tls/words.ts";
import { counted, durationText } from "../domain/units.ts";
import { nextLines } from "./next-lines.ts";
import { printable, severityPaint } from "./style.ts";
import type { TerminalOptions } from "./terminal/layout.ts";
import { limitText, quantity } from "./words.ts";
import { labelled, wrap } from "./wrap.ts";

export const tlsVerdictWords: Readonly<Record<Verdict, string>> = {
  pass: "PASS",
  fail: "FAIL",
  inconclusive: "INCONCLUSIVE",
};

export const tlsQuestionWords: Readonly<Record<TlsQuestion, string>> = {
  usual: "as usual",
  "no-name": "without SNI",
  h2: "ALPN h2 only",
  "http/1.1": "ALPN http/1.1 only",
  "no-alpn": "without ALPN",
  "tls1.2": "TLS 1.2 at most",
  old: "TLS 1.1 at most",
};

const indent = 2;

/** What a look at a TLS port brought, as a person reads it: what is wrong, what was seen, what was done for it. */
export function tlsText(report: TlsReport, options: TerminalOptions): string {
  const { style, width, verbose } = options;
  const blocks = [
    headline(report, options),
    ...report.findings.map((finding) => findingLines(finding, options)),
    [style.bold("Looked at"), ...seenChecks(report.checks).flatMap((check) => checkLines(check, options))],
    ...(verbose
      ? [
          [style.bold("Handshakes"), ...report.probe.handshakes.flatMap((one) => handshakeLines(one, width))],
          certificateLines(report.probe, options),
        ]
      : []),
    wrap(printable(doneText(report)), width).map((line) => style.dim(line)),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headline({ verdict, probe, using }: TlsReport, { style, width }: TerminalOptions): string[] {
  const paint = verdict === "fail" ? style.red : verdict === "pass" ? style.green : style.yellow;
  const name = probe.serverName === probe.host ? "" : ` as ${probe.serverName}`;
  const where = printable(`${tlsTargetText(probe)}${name}`);
  return [
    `${style.bold(paint(tlsVerdictWords[verdict]))}  ${style.bold(where)}`,
    ...(using === undefined ? [] : wrap(printable(`With ${using}.`), width)),
  ];
}

function findingLines(finding: TlsFinding, { style, width }: TerminalOptions): string[] {
  const { severity, confidence, rule, title, summary, measured, goSays, next } = finding;
  const row = (label: string, text: string) =>
    labelled(label, printable(text), indent, 10, width).map((line, at) =>
      at === 0 && label !== "" ? line.replace(label, style.dim(label)) : line,
    );
  return [
    `${style.bold(severityPaint(severity, style)(severity.toUpperCase()))} ${confidence} · ${rule}`,
    ...wrap(printable(title), width - indent).map((line) => `  ${style.bold(line)}`),
    ...wrap(printable(summary), width - indent).map((line) => `  ${line}`),
    ...(measured === undefined
      ? []
      : row(
          "measured",
          `${quantity(measured.value, measured.unit)} (limit ${limitText(measured.limit, measured.unit)})`,
        )),
    ...(goSays === undefined ? [] : row("Go says", goSays)),
    ...nextLines(next, { indent, labelWidth: 10, width, style }),
  ];
}

export interface SeenCheck {
  readonly name: string;
  readonly state: Check["state"];
  readonly says: string;
}

function named({ rule, state, says }: TlsReport["checks"][number]): SeenCheck {
  return { name: rule.replace("tls/", ""), state, says };
}

/** Those that nothing is known of for one and the same reason become one line. */
export function seenChecks(checks: TlsReport["checks"]): readonly SeenCheck[] {
  const open = checks.filter(({ reason }) => reason === nothingSeen);
  if (open.length < 2) return checks.map(named);
  const names = open.map((check) => named(check).name).join(", ");
  return [
    ...checks.filter(({ reason }) => reason !== nothingSeen).map(named),
    { name: "the rest", state: "inconclusive", says: `${nothingSeen}: ${names}` },
  ];
}

const stateWords: Readonly<Record<Check["state"], string>> = {
  pass: "ok",
  fail: "FAIL",
  inconclusive: "?",
  skipped: "skipped",
};

function checkLines({ name, state, says }: SeenCheck, options: TerminalOptions): string[] {
  const { style, width } = options;
  const paint = state === "fail" ? style.red : state === "pass" ? style.green : style.yellow;
  const [first = "", ...more] = labelled(name, printable(says), 8, 20, width);
  return [`  ${paint(stateWords[state].padEnd(6))}${first.slice(8)}`, ...more];
}

function handshakeLines({ question, address, outcome, handshakeMs }: TlsHandshake, width: number): string[] {
  const took = handshakeMs === undefined ? "" : ` in ${durationText(handshakeMs)}`;
  return labelled(
    tlsQuestionWords[question],
    printable(`${address}: ${outcomeText(outcome)}${took}`),
    indent,
    20,
    width,
  );
}

function certificateLines(probe: TlsProbe, { style, width }: TerminalOptions): string[] {
  const outcome = usualHandshake(probe)?.outcome;
  if (outcome?.kind !== "done") return [];
  return [
    style.bold("Certificates, as sent"),
    ...outcome.chain.sent.flatMap((certificate, at) =>
      labelled(
        `${at + 1}.`,
        printable(
          `${certificateName(certificate)} · issued by ${certificate.issuer} · ${certificate.validFrom.slice(0, 10)} to ${certificate.validTo.slice(0, 10)} · ${certificate.key.type}${certificate.key.bits === undefined ? "" : ` ${certificate.key.bits}`}, ${certificate.signature} · SHA-256 ${certificate.fingerprint}`,
        ),
        indent,
        4,
        width,
      ),
    ),
  ];
}

/** What was done to the target, and against what it was held. */
export function doneText({ probe }: Pick<TlsReport, "probe">): string {
  const { handshakes, lookupMs, tookMs, trust } = probe;
  const made = handshakes.filter(({ outcome }) => outcome.kind !== "not-asked").length;
  const lookup = lookupMs === undefined ? "" : `Name lookup in ${durationText(lookupMs)}. `;
  return `${lookup}${counted(made, "connection")}, one after the other, nothing sent after a handshake; ${durationText(tookMs)} of at most 15 s. Trusted: ${trust.source} (${counted(trust.authorities, "authority", "authorities")}).`;
}
