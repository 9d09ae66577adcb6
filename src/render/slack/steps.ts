import { isOfProcess } from "../../domain/evidence/capture.ts";
import type { CaptureStep } from "../../domain/incidents/incident.ts";
import { countText, durationText } from "../../domain/units.ts";
import { timeOfDay, words } from "./escape.ts";
import { kindWords } from "./kinds.ts";

/** So many captures that went wrong are listed with their reasons. */
const mostReasons = 4;
const reasonCharacters = 160;

/** The address of everything else is no evidence: nobody looks for it on a card. */
function listed(steps: readonly CaptureStep[]): readonly CaptureStep[] {
  return steps.filter(({ kind, state }) => kind !== "index" || state === "failed" || state === "partial");
}

/** `capturing, 2 of 7 done`: how far it is with what is asked of the process. */
export function progressWords(steps: readonly CaptureStep[]): string {
  const asked = steps.filter((step) => isOfProcess(step.kind) && !isOptIn(step));
  const over = asked.filter(({ state }) => state !== "planned" && state !== "running").length;
  if (asked.length === 0) return "asking what can be captured";
  if (over === asked.length) return "judging what was captured";
  return `capturing, ${countText(over)} of ${countText(asked.length)} done`;
}

/** What is captured of the process at the moment. Others are asked beside it all the while: that is no news until it ends. */
export function runningOf(steps: readonly CaptureStep[]): readonly CaptureStep[] {
  return steps.filter(({ kind, state }) => state === "running" && isOfProcess(kind));
}

/** What was, is being and will be captured, and what was not and why; one line each. */
export function stepLines(steps: readonly CaptureStep[]): readonly string[] {
  const present = listed(steps);
  const whole = present.filter(({ state }) => state === "ok");
  const planned = present.filter(({ state }) => state === "planned");
  return [
    whole.length === 0 ? "" : `✅ ${kindNames(whole)}`,
    ...remarksOf(present).map(({ kind, remark }) => `ℹ️ ${kind}: ${words(remark, reasonCharacters)}`),
    ...runningOf(steps).map(runningLine),
    planned.length === 0 ? "" : `🔜 ${kindNames(planned, whole)}`,
    ...troubleLines(present),
  ].filter((line) => line !== "");
}

/** What there is to know of captures that are whole: over which time they go, what they lack. */
export function remarksOf(
  steps: readonly CaptureStep[],
): readonly { readonly kind: string; readonly remark: string }[] {
  return steps.flatMap(({ kind, state, reason }) =>
    state === "ok" && reason !== undefined && kind !== "index"
      ? [{ kind: kindWords[kind], remark: reason }]
      : [],
  );
}

/** A step that takes its time says until when, so that no edit is needed to show that it goes on. */
function runningLine({ kind, startedAtMs, expectedMs }: CaptureStep): string {
  const name = `⏳ ${kindWords[kind]}`;
  if (expectedMs === undefined || expectedMs <= 0) return name;
  const takes = `${name} takes ${words(durationText(expectedMs), 20)}`;
  return startedAtMs === undefined
    ? takes
    : `${takes}, until ${timeOfDay(startedAtMs + expectedMs, "{time_secs}")}`;
}

type TroubleState = "failed" | "partial" | "skipped";

const marks: Readonly<Record<TroubleState, string>> = { partial: "⚠️", skipped: "⏭️", failed: "❌" };
const stateWords: Readonly<Record<TroubleState, string>> = {
  partial: "in part",
  skipped: "skipped",
  failed: "failed",
};

/** Captures that went wrong, or were left out, for the same reason. */
export interface Trouble {
  readonly state: TroubleState;
  readonly words: string;
  readonly reason: string;
  readonly same: readonly CaptureStep[];
}

/** What was not captured whole and why, failures first; not what nobody asked for. */
export function troubleOf(steps: readonly CaptureStep[]): readonly Trouble[] {
  return (["failed", "partial", "skipped"] as const).flatMap((state) => {
    const byReason = new Map<string, CaptureStep[]>();
    for (const step of steps) {
      if (step.state !== state || isOptIn(step)) continue;
      // The state says already that it was not taken.
      const reason = (step.reason ?? "no reason given").replace(/^not taken: /, "");
      byReason.set(reason, [...(byReason.get(reason) ?? []), step]);
    }
    return [...byReason].map(([reason, same]) => ({ state, words: stateWords[state], reason, same }));
  });
}

function troubleLines(steps: readonly CaptureStep[]): readonly string[] {
  const whole = steps.filter(({ state }) => state === "ok");
  const lines = troubleOf(steps).map(
    ({ state, words: how, reason, same }) =>
      `${marks[state]} ${kindNames(same, whole)} ${how}: ${words(reason, reasonCharacters)}`,
  );
  const rest = lines.length - mostReasons;
  if (rest <= 0) return lines;
  return [...lines.slice(0, mostReasons), `… and ${countText(rest)} more: see the findings in the thread`];
}

/** Left out because nobody asked for it, not because a limit forbade it. */
function isOptIn({ state, reason }: CaptureStep): boolean {
  return state === "skipped" && (reason?.startsWith("not asked for") ?? false);
}

/** Each kind once, in the order in which they were captured; apart those of which `before` has one already. */
export function kindNames(steps: readonly CaptureStep[], before: readonly CaptureStep[] = []): string {
  const known = new Set(before.map(({ kind }) => kind));
  const first = steps.filter(({ kind }) => !known.has(kind));
  const again = steps.filter(({ kind }) => known.has(kind));
  const once = listOf(first);
  if (again.length === 0) return once;
  return `${once === "" ? "" : `${once}; `}once more: ${listOf(again)}`;
}

function listOf(steps: readonly CaptureStep[]): string {
  return [...new Set(steps.map(({ kind }) => kindWords[kind]))].join(", ");
}
