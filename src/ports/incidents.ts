import type { Incident, IncidentDraft, IncidentState } from "../domain/incidents/incident.ts";

export interface IncidentFilter {
  readonly service?: string;
  readonly channel?: string;
  readonly states?: readonly IncidentState[];
  /** Only those in shadow, or only the others; both when absent. */
  readonly shadow?: boolean;
  /** `pages`: only pages of storms. `told`: without those that only the digest of a storm tells of; all when absent. */
  readonly storm?: "pages" | "told";
  /** Milliseconds since the epoch: only what was created from then on. Bounds how far back is searched. */
  readonly createdFromMs?: number;
  /** At most so many, 1 to 2,000. */
  readonly limit: number;
}

/**
 * Every incident, by id. All methods throw PortError `unavailable` or `timeout` when the store cannot be reached, and
 * the signal's reason when it is aborted.
 */
export interface Incidents {
  /**
   * Creates an incident in state `queued`, or `failed` when the draft has a problem, or gives back the one that the same
   * `origin.intent` created before, whoever asks at the same time.
   */
  create(
    draft: IncidentDraft,
    signal: AbortSignal,
  ): Promise<{ readonly incident: Incident; readonly isNew: boolean }>;
  read(id: string, signal: AbortSignal): Promise<Incident | undefined>;
  /** The one that this `origin.intent` created. */
  ofIntent(intent: string, signal: AbortSignal): Promise<Incident | undefined>;
  /** The same for many, in one go: those that there are, by intent. */
  ofIntents(intents: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Incident>>;
  /**
   * Applies `change` to the newest version and saves the result as the next one; when somebody else was quicker,
   * `change` is called again with theirs, so it must have no effects. Returning the same object saves nothing.
   * `version`, `updatedAtMs`, `id` and `createdAtMs` are the store's; it notes changes of state in `record`. PortError `not-found`.
   */
  update(id: string, change: (incident: Incident) => Incident, signal: AbortSignal): Promise<Incident>;
  /** Newest first. */
  recent(filter: IncidentFilter, signal: AbortSignal): Promise<readonly Incident[]>;
  /**
   * Says that everything of `version` is shown in the chat and nothing is left to capture. False, and nothing
   * happens, when it changed since.
   */
  settle(id: string, version: number, signal: AbortSignal): Promise<boolean>;
  /** Ids of incidents that changed before `changedBeforeMs` and were not settled since; oldest first, at most 100. */
  unsettled(changedBeforeMs: number, signal: AbortSignal): Promise<readonly string[]>;
}
