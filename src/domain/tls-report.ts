import { counts, severityRank, type Verdict } from "./finding.ts";
import { chainCheck, expiryCheck, nameCheck } from "./tls-certificate-checks.ts";
import type { TlsCheck, TlsFinding } from "./tls-finding.ts";
import { addressesCheck, clientCertificateCheck, handshakeCheck } from "./tls-handshake-checks.ts";
import { keysCheck } from "./tls-key-checks.ts";
import { alpnCheck, serverNameCheck, versionsCheck } from "./tls-negotiation-checks.ts";
import type { TlsProbe } from "./tls-probe.ts";

/** The document of `gofire tls --format json`. */
export interface TlsReport {
  readonly schemaVersion: 1;
  readonly verdict: Verdict;
  /** Worst first. */
  readonly findings: readonly TlsFinding[];
  /** One entry for each thing that was looked at, or could not be. */
  readonly checks: readonly TlsCheck[];
  readonly probe: TlsProbe;
  /** Whose settings were used, and where they stand. */
  readonly using?: string;
}

const checks = [
  handshakeCheck,
  chainCheck,
  expiryCheck,
  nameCheck,
  keysCheck,
  clientCertificateCheck,
  addressesCheck,
  serverNameCheck,
  alpnCheck,
  versionsCheck,
];

/** Explains what a look at a TLS port brought: what is wrong, in which words a Go client says so, what to do. */
export function judgeTls(probe: TlsProbe): TlsReport {
  const judged = checks.map((check) => check(probe));
  const findings = judged
    .flatMap(({ findings }) => findings)
    .toSorted((a, b) => severityRank[a.severity] - severityRank[b.severity]);
  const all = judged.map(({ check }) => check);
  const isOpen = all.some(({ state }) => state === "inconclusive");
  return {
    schemaVersion: 1,
    verdict: findings.some((finding) => counts(finding)) ? "fail" : isOpen ? "inconclusive" : "pass",
    findings,
    checks: all,
    probe,
  };
}
