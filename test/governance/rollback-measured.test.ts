import { expect, test } from "vitest";
import type { ExpectedGone } from "../../src/domain/configuration/rollback-request.ts";
import type { Check, Finding } from "../../src/domain/findings/finding.ts";
import { measuredAfter } from "../../src/governance/rollback-measured.ts";
import { finding } from "../commands/chat/analyses.ts";

const expected: ExpectedGone = {
  id: "f1",
  rule: "pool/exhausted",
  title: "37 wait",
  measured: { value: 37, limit: 10, unit: "goroutines" },
};
const check = (state: Check["state"], reason?: string): Check => ({
  rule: expected.rule,
  state,
  ...(reason === undefined ? {} : { reason }),
});
const found = (change: Partial<Finding>): Finding => ({ ...finding("f1", expected.rule), ...change });

test("what was expected to go is gone only where its rule looked and found nothing", () => {
  const pass = measuredAfter([expected], { findings: [], checks: [check("pass")], verdict: "pass" });
  expect(pass).toEqual({
    helped: "yes",
    measured: [{ rule: expected.rule, title: "37 wait", state: "gone", before: expected.measured }],
  });
  for (const state of ["inconclusive", "skipped"] as const) {
    const unseen = measuredAfter([expected], {
      findings: [],
      checks: [check(state, "no second profile")],
      verdict: "pass",
    });
    expect(unseen).toMatchObject({
      helped: "unknown",
      measured: [{ state: "unseen", reason: "no second profile" }],
    });
  }
  // Its rule is muted, or of another version.
  expect(measuredAfter([expected], { findings: [], checks: [], verdict: "pass" }).helped).toBe("unknown");
});

test("at warning or above it is still there, with both numbers; what is only information is not", () => {
  const measured = { value: 12, limit: 10, unit: "goroutines" } as const;
  const still = { findings: [found({ severity: "warning", measured })], verdict: "fail" } as const;
  expect(measuredAfter([expected], { ...still, checks: [check("fail")] })).toMatchObject({
    helped: "no",
    measured: [{ state: "still", before: expected.measured, after: measured }],
  });
  const known = {
    findings: [found({ severity: "info" })],
    checks: [check("pass")],
    verdict: "pass",
  } as const;
  expect(measuredAfter([expected], known).helped).toBe("yes");
  // One of two that is not seen leaves it open; one that is still there decides.
  const other = { ...expected, id: "f2", rule: "goroutine/count" };
  expect(measuredAfter([expected, other], { ...known, findings: [] }).helped).toBe("unknown");
  expect(measuredAfter([other, expected], { ...still, checks: [] }).helped).toBe("no");
});

test("where nothing in particular was expected, the whole capture has to be free of it, and whole", () => {
  expect(measuredAfter([], { findings: [], checks: [], verdict: "pass" }).helped).toBe("yes");
  expect(measuredAfter([], { findings: [], checks: [], verdict: "inconclusive" }).helped).toBe("unknown");
  const bad = { findings: [found({ severity: "warning" })], checks: [], verdict: "inconclusive" } as const;
  expect(measuredAfter([], bad).helped).toBe("no");
  const info = { findings: [found({ severity: "info" })], checks: [], verdict: "pass" } as const;
  expect(measuredAfter([], info).helped).toBe("yes");
});
