import type { Analysis } from "../domain/findings/finding.ts";

/** It was tried, and no rule has anything to look at. */
export function isNothingCaptured(captures: Analysis["captures"]): boolean {
  return captures.length > 0 && captures.every(({ status }) => status === "failed" || status === "skipped");
}

/** What a verdict says that is no FAIL. */
export function quietVerdictText(analysis: Analysis): string {
  return analysis.verdict === "pass"
    ? "Nothing at or above a warning, and the evidence to say so is there."
    : openVerdictText(analysis);
}

/** Why a verdict is open and what settles it, in one sentence (docs/decisions/0004-when-a-verdict-is-pass.md). */
function openVerdictText({ findings, checks, captures, groups }: Analysis): string {
  if (findings.some(({ severity }) => severity !== "info")) {
    return "Something may be wrong, and the evidence does not settle it: capture again in a minute.";
  }
  if (isNothingCaptured(captures)) {
    return "Nothing could be captured, so nothing was judged: see below why, and capture again when that is mended.";
  }
  if (
    captures.some(
      ({ kind, status }) => kind.startsWith("goroutine") && (status === "failed" || status === "partial"),
    )
  ) {
    return "Nothing found, but what a verdict rests on, the goroutines, could not be had whole: see below why, and capture them again.";
  }
  // Of chosen rules alone it is they that must be able to look.
  const growth = checks.find(({ rule }) => rule === "goroutine/growth");
  if (growth?.state !== "inconclusive") {
    return "Nothing found, but evidence for a verdict is missing: see what was not read or not checked.";
  }
  return groups.length === 0
    ? "Nothing found, but a verdict rests on goroutines, and there are none in what was read: gofire snapshot URL captures them and the rest."
    : "Nothing found, but one look at goroutines does not show what is stuck or grows: capture them once more, at least 15 s later, and hand over both. gofire snapshot URL does all of it.";
}
