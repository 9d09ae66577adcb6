import type { Incident, IncidentDraft } from "../../domain/incidents/incident.ts";
import type { ChatPorts } from "./chat-command.ts";

/** As long as alerts have to wait by default: what was captured since then may say what the person wants to know. */
const latelyMs = 600_000;
/** Longer than a capture takes. */
const longestMs = 600_000;

/** The last capture of the process that a person is about to have captured; undefined when that is a while ago. */
export async function capturedBefore(
  { service, instance }: IncidentDraft,
  first: string | undefined,
  { incidents, clock }: Pick<ChatPorts, "incidents" | "clock">,
  signal: AbortSignal,
): Promise<Incident["capturedBefore"]> {
  const nowMs = clock.nowMs();
  const recent = await incidents.recent(
    {
      service,
      states: ["verdict", "failed", "resolved"],
      createdFromMs: nowMs - latelyMs - longestMs,
      limit: 50,
    },
    signal,
  );
  const before = recent
    .filter((other) => other.bundle !== undefined && (other.instance ?? first) === (instance ?? first))
    .map(({ id, steps }) => ({
      id,
      agoMs: nowMs - Math.max(0, ...steps.map((step) => step.startedAtMs ?? 0)),
    }))
    .filter(({ agoMs }) => agoMs < latelyMs)
    .sort((a, b) => a.agoMs - b.agoMs);
  return before[0] === undefined ? undefined : { ...before[0], agoMs: Math.max(0, before[0].agoMs) };
}
