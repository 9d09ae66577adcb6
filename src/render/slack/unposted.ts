import type { Incident, Reply } from "../../domain/incidents/incident.ts";

export const replyWords: Readonly<Record<Reply["kind"], string>> = {
  findings: "all findings",
  evidence: "the captured files",
  "flame-graph": "the flame graph",
  resolved: "that it is resolved",
  note: "a note",
  report: "the report",
};

const mostReasons = 3;

/** What the thread should have and the chat did not take, each reason once: nothing is missing without a word. */
export function unpostedOf({
  replies,
}: Incident): readonly { readonly what: string; readonly reason: string }[] {
  const byReason = new Map<string, Set<string>>();
  for (const { state, kind, problem } of replies) {
    if (state !== "given-up") continue;
    const reason = problem ?? "Slack refused it.";
    byReason.set(reason, (byReason.get(reason) ?? new Set()).add(replyWords[kind]));
  }
  return [...byReason]
    .slice(0, mostReasons)
    .map(([reason, kinds]) => ({ what: [...kinds].join(", "), reason }));
}
