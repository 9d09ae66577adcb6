import type { EvidenceKey } from "../domain/evidence/evidence.ts";
import type { RuleMeta } from "../domain/findings/analyzer.ts";
import type { Analysis, Severity } from "../domain/findings/finding.ts";
import type { TlsReport } from "../domain/tls/report.ts";
import type { AuditReport } from "../render/audit.ts";
import type { ConfigDiff } from "../render/config-diff.ts";
import type { GateReport } from "../render/config-gate.ts";
import type { LintedFile } from "../render/config-lint.ts";
import type { RuleStats } from "../render/rule-stats.ts";

export type Rule = RuleMeta<EvidenceKey, EvidenceKey, string>;

/** One thing `gofire doctor` looked at. */
export interface DoctorCheck {
  readonly name: string;
  readonly state: "ok" | "warning" | "failed";
  readonly detail: string;
  /** What to do about it; present unless `ok`. */
  readonly next?: string;
}

/** What a command answers: data, rendered for the place it was asked from. */
export type Reply =
  | {
      readonly kind: "analysis";
      readonly analysis: Analysis;
      /** Exit code 1 from this severity on; `never` where findings are the point and no failure. */
      readonly severity: Severity | "never";
      /** Folder of the capture bundle that was written. */
      readonly bundle?: string;
      /** Its manifest found no room in it, so that it is judged again as loose files. */
      readonly bundleIsLoose?: true;
      /** The bundle that all of it was read from: findings call its files by their names in there. */
      readonly folder?: string;
      /** What could not be read, or not whole, in words. */
      readonly problems: readonly string[];
      /** How many inputs gave nothing at all: with any, the absence of findings is no answer. */
      readonly unread: number;
    }
  | { readonly kind: "rules"; readonly rules: readonly Rule[] }
  | { readonly kind: "rule"; readonly rule: Rule }
  /** `where`: whose records these are, in words. */
  | { readonly kind: "rule-stats"; readonly stats: readonly RuleStats[]; readonly where: string }
  | { readonly kind: "doctor"; readonly checks: readonly DoctorCheck[] }
  | { readonly kind: "tls"; readonly report: TlsReport }
  | { readonly kind: "config-diff"; readonly diff: ConfigDiff }
  | { readonly kind: "config-lint"; readonly files: readonly LintedFile[] }
  | { readonly kind: "config-gate"; readonly report: GateReport }
  | { readonly kind: "audit"; readonly report: AuditReport }
  | { readonly kind: "text"; readonly text: string }
  /** What a program reads, such as a shell or an editor: the same bytes on every terminal. */
  | { readonly kind: "file"; readonly text: string };

/** How a reply is wanted in the terminal. */
export type Format = "text" | "json" | "markdown";
