import type { Judgement } from "../../analyzers/run.ts";
import type { Mute } from "../../domain/alerts/mute.ts";

/** Do alerts begin no captures of the service? */
export function isServiceMuted(mutes: readonly Mute[], service: string): boolean {
  return mutes.some(({ subject }) => subject.kind === "service" && subject.service === service);
}

/** Rules that are left out of verdicts on the service, each with the mute of it that ends last. */
export function mutedRules(mutes: readonly Mute[], service: string): ReadonlyMap<string, Mute> {
  const muted = new Map<string, Mute>();
  for (const mute of mutes) {
    const { subject } = mute;
    if (subject.kind !== "rule" || (subject.service ?? service) !== service) continue;
    const other = muted.get(subject.rule);
    if (other === undefined || other.untilMs < mute.untilMs) muted.set(subject.rule, mute);
  }
  return muted;
}

/** The judgement of the other rules, with an entry for each that was left out: silence must not look like health. */
export function withMuted(judgement: Judgement, muted: ReadonlyMap<string, Mute>): Judgement {
  if (muted.size === 0) return judgement;
  const left = [...muted].map(([rule, { untilMs, reason }]) => ({
    rule,
    state: "skipped" as const,
    reason: `muted until ${new Date(untilMs).toISOString().slice(0, 16).replace("T", " ")} UTC${
      reason === undefined ? "" : `: ${reason}`
    }`,
  }));
  return { ...judgement, checks: [...judgement.checks, ...left] };
}
