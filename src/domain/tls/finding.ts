import { type Check, type Confidence, counts, type Measured, type Severity } from "../findings/finding.ts";
import type { TlsCertificate } from "./probe.ts";

/** One thing that is wrong with a TLS port, or worth knowing of it. */
export interface TlsFinding {
  /** `tls/expiry` */
  readonly rule: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** One line with the number in it. */
  readonly title: string;
  /** What, why it is read that way, what is inferred. */
  readonly summary: string;
  readonly measured?: Measured;
  /** What a Go client returns for it, as far as it is known beforehand. */
  readonly goSays?: string;
  /** What to do next, most useful first. */
  readonly next: readonly string[];
}

/** As a check writes it: which rule that is, is said once for all of them. */
export type TlsFindingDraft = Omit<TlsFinding, "rule">;

/** `says`: what was seen, in a line. */
export type TlsCheck = Check & { readonly says: string };

export interface TlsJudgement {
  readonly check: TlsCheck;
  readonly findings: readonly TlsFinding[];
}

/** Without findings that count a check passes with what it saw. */
export function judgement(
  rule: string,
  says: string,
  findings: readonly TlsFindingDraft[] = [],
): TlsJudgement {
  const state = findings.some((finding) => counts(finding)) ? "fail" : "pass";
  return { check: { rule, state, says }, findings: findings.map((finding) => ({ rule, ...finding })) };
}

export function inconclusive(
  rule: string,
  reason: string,
  findings: readonly TlsFindingDraft[] = [],
): TlsJudgement {
  const check = { rule, state: "inconclusive", says: reason, reason } as const;
  return { check, findings: findings.map((finding) => ({ rule, ...finding })) };
}

/** Why a check has no answer where no handshake came as far as that. */
export const nothingSeen = "no handshake came so far";

/** What people know a certificate by. */
export function certificateName({ commonName, dnsNames, ipAddresses, subject }: TlsCertificate): string {
  return commonName ?? dnsNames[0] ?? ipAddresses[0] ?? subject;
}
