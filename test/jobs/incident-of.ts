import type { Incident } from "../../src/domain/incidents/incident.ts";
import { draftFor } from "./bot.ts";

/** An incident of `order` as it stands in a store, with a verdict unless `change` says otherwise. */
export function incidentOf(id: string, change: Partial<Incident>): Incident {
  return {
    ...draftFor("order", id),
    id,
    version: 1,
    state: "verdict",
    createdAtMs: 0,
    updatedAtMs: 0,
    runs: 1,
    steps: [],
    repeats: 0,
    replies: [],
    ...change,
  };
}
