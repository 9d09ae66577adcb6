/** What alerts are silent about for a while. People can capture and judge all the same. */
export type MuteSubject =
  /** Alerts begin no captures of the service. */
  | { readonly kind: "service"; readonly service: string }
  /** The rule is left out of verdicts: `skipped`, with who muted it and until when. */
  | { readonly kind: "rule"; readonly rule: string; readonly service?: string };

/** A silence with an end. */
export interface Mute {
  readonly subject: MuteSubject;
  /** Who muted it. */
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Milliseconds since the epoch at which it ends by itself. */
  readonly untilMs: number;
  /** Why, as the person wrote it. */
  readonly reason?: string;
}

/** What is silent, in raw words: an alert's captures, or a rule. */
export function subjectWords(subject: MuteSubject): string {
  if (subject.kind === "service") return `alerts about ${subject.service}`;
  const where = subject.service === undefined ? "" : ` on ${subject.service}`;
  return `the rule ${subject.rule}${where}`;
}
