import type { Analysis, Check, Finding, PublishedGroup } from "../../../src/domain/findings/finding.ts";

export function frame(symbol: string, line = 1) {
  return { function: symbol, file: "shop/ledger.go", line };
}

export function group(symbol: string, count: number, line = 1, state = "chan send"): PublishedGroup {
  return { state, count, stack: [frame("runtime.gopark"), frame(symbol, line)] };
}

export function finding(id: string, rule: string, change: Partial<Finding> = {}): Finding {
  return {
    id,
    rule,
    severity: "critical",
    confidence: "proven",
    title: `${rule} has something`,
    summary: "What it is.",
    where: [frame("shop/ledger.(*Store).Post", 88)],
    role: "root",
    evidence: [],
    next: [],
    ...change,
  };
}

export function analysis(change: Partial<Analysis> = {}): Analysis {
  const findings = change.findings ?? [];
  const found: Check[] = [...new Set(findings.map(({ rule }) => rule))].map((rule) => ({
    rule,
    state: "fail",
  }));
  return {
    schemaVersion: 1,
    target: { service: "order", instance: "order-1", goVersion: "go1.23.5" },
    verdict: findings.length === 0 ? "pass" : "fail",
    captures: [],
    findings,
    groups: [],
    ...change,
    checks: [...found, ...(change.checks ?? [])],
  };
}
