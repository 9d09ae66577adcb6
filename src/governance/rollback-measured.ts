import type { ExpectedGone, MeasuredAfter } from "../domain/configuration/rollback-request.ts";
import type { Analysis, Check, Finding } from "../domain/findings/finding.ts";

export interface MeasuredRollback {
  /** `unknown`: the capture could not see what it would have to. */
  readonly helped: "yes" | "no" | "unknown";
  readonly measured: readonly MeasuredAfter[];
}

/**
 * Whether a capture after a rollback shows that it helped. What was expected to go is gone only where its rule looked and
 * found nothing at warning or above: a rule that could not judge proves nothing. Where nothing in particular was expected, the
 * whole of the capture has to be free of such findings.
 */
export function measuredAfter(
  expected: readonly ExpectedGone[],
  { findings, checks, verdict }: Pick<Analysis, "findings" | "checks" | "verdict">,
): MeasuredRollback {
  const bad = findings.filter(({ severity }) => severity !== "info");
  if (expected.length === 0) {
    const still = bad.map((finding) => stillThere(finding));
    if (still.length > 0) return { helped: "no", measured: still };
    return { helped: verdict === "pass" ? "yes" : "unknown", measured: [] };
  }
  const measured = expected.map((before) =>
    one(
      before,
      bad.find(({ rule }) => rule === before.rule),
      checks.find(({ rule }) => rule === before.rule),
    ),
  );
  if (measured.some(({ state }) => state === "still")) return { helped: "no", measured };
  return { helped: measured.every(({ state }) => state === "gone") ? "yes" : "unknown", measured };
}

function one(before: ExpectedGone, now: Finding | undefined, check: Check | undefined): MeasuredAfter {
  if (now !== undefined) return stillThere(now, before);
  const { rule, title, measured } = before;
  const known = { rule, title, ...(measured === undefined ? {} : { before: measured }) };
  if (check?.state === "pass") return { ...known, state: "gone" };
  return { ...known, state: "unseen", reason: check?.reason ?? "its rule did not look" };
}

function stillThere({ rule, title, measured }: Finding, before?: ExpectedGone): MeasuredAfter {
  return {
    rule,
    title,
    state: "still",
    ...(before?.measured === undefined ? {} : { before: before.measured }),
    ...(measured === undefined ? {} : { after: measured }),
  };
}
