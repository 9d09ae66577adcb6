import { type Incident, isWorkOver } from "../../domain/incidents/incident.ts";
import { bytesText, counted } from "../../domain/units.ts";
import type { Artifacts, StoredArtifact } from "../../ports/artifacts.ts";
import type { CaptureLock } from "../../ports/capture-lock.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Incidents } from "../../ports/incidents.ts";

/** How long artifacts are kept. */
export interface Keep {
  /** Artifacts of an incident whose newest one is older go. */
  readonly ageMs: number;
  /** Most bytes of all artifacts; the oldest incidents go first. */
  readonly totalBytes: number;
}

export interface RetentionPorts {
  readonly artifacts: Artifacts;
  readonly incidents: Pick<Incidents, "read">;
  readonly lock: CaptureLock;
  readonly clock: Clock;
  /** One line for who looks after gofire. */
  readonly tell: (line: string) => void;
}

/** Whoever stored something so lately may be about to store more, whatever the incidents say. */
const leaveAloneMs = 3_600_000;
/** A worker that takes longer than this has died. */
const longestMs = 600_000;
const dayMs = 86_400_000;
const incidentsPrefix = "incidents/";

/** The artifacts of one incident. */
interface Kept {
  readonly id: string;
  readonly bytes: number;
  readonly newestMs: number;
}

/**
 * Deletes what is older than `keep` says and then, oldest incident first, what is too much. Never touches artifacts of
 * an incident that is open or has replies to post, nor what was stored within the last hour. One worker at a time does
 * it; doing it twice does no harm.
 */
export async function retire(keep: Keep, ports: RetentionPorts, jobSignal: AbortSignal): Promise<void> {
  const { artifacts, incidents, lock, clock, tell } = ports;
  const attempt = await lock.acquire("artifact retention", clock.nowMs() + longestMs, jobSignal);
  if (!attempt.held) return;
  try {
    const signal = attempt.lost === undefined ? jobSignal : AbortSignal.any([jobSignal, attempt.lost]);
    const all = byIncident(await artifacts.list(incidentsPrefix, signal));
    let totalBytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    let removed = 0;
    let removedBytes = 0;
    for (const { id, bytes, newestMs } of all) {
      const ageMs = clock.nowMs() - newestMs;
      if (ageMs <= keep.ageMs && totalBytes <= keep.totalBytes) continue;
      if (ageMs < leaveAloneMs || isOpen(await incidents.read(id, signal))) continue;
      await removeArtifacts(id, artifacts, signal);
      totalBytes -= bytes;
      removedBytes += bytes;
      removed++;
    }
    if (removed > 0) {
      tell(
        `Deleted the artifacts of ${counted(removed, "incident")} (${bytesText(removedBytes)}): ${limitsText(keep)}.`,
      );
    }
    if (totalBytes > keep.totalBytes) {
      tell(
        `Artifacts take ${bytesText(totalBytes)}, ${limitsText(keep)}: the rest is of open incidents or of the last hour.`,
      );
    }
  } finally {
    await attempt.release();
  }
}

/** Deletes everything that is kept for an incident and tells how many artifacts that were. */
export function removeArtifacts(id: string, artifacts: Artifacts, signal: AbortSignal): Promise<number> {
  return artifacts.remove(`${incidentsPrefix}${id}/`, signal);
}

/** Oldest first. */
function byIncident(stored: readonly StoredArtifact[]): readonly Kept[] {
  const found = new Map<string, Kept>();
  for (const { key, bytes, storedAtMs } of stored) {
    const [, id = ""] = key.split("/");
    const before = found.get(id);
    found.set(id, {
      id,
      bytes: (before?.bytes ?? 0) + bytes,
      newestMs: Math.max(before?.newestMs ?? 0, storedAtMs),
    });
  }
  return [...found.values()].toSorted((a, b) => a.newestMs - b.newestMs);
}

/** An incident that nobody remembers is over. */
function isOpen(incident: Incident | undefined): boolean {
  if (incident === undefined) return false;
  return (
    !isWorkOver(incident) || incident.replies.some(({ state }) => state === "pending" || state === "posting")
  );
}

function limitsText({ ageMs, totalBytes }: Keep): string {
  return `artifacts.keep allows ${counted(Math.round(ageMs / dayMs), "day")} and ${bytesText(totalBytes)}`;
}
