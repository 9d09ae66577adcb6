import { counts, severityRank, type Verdict } from "../findings/finding.ts";
import { chainCheck, expiryCheck, nameCheck } from "./certificate-checks.ts";
import type { TlsCheck, TlsFinding } from "./finding.ts";
import { addressesCheck, clientCertificateCheck, handshakeCheck } from "./handshake-checks.ts";
import { keysCheck } from "./key-checks.ts";
import { alpnCheck, serverNameCheck, versionsCheck } from "./negotiation-checks.ts";
import type { TlsProbe } from "./probe.ts";

/** The document of `gofire tls --format json` (docs/reference/tls-report.schema.json). */
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
