import { actorOf } from "../domain/audit/actor.ts";
import type { People } from "../domain/configuration/gate.ts";
import type { GateSection, PeopleSection } from "./gate-schema.ts";
import type { GateConfig } from "./gofire-config.ts";

const hourMs = 3_600_000;

export function gateOf({ environments, expiresAfter = "7d" }: GateSection): GateConfig {
  const hours = Number(expiresAfter.slice(0, -1)) * (expiresAfter.endsWith("d") ? 24 : 1);
  return {
    environments: Object.entries(environments).map(([environment, { paths, approvals = 2 }]) => ({
      environment,
      paths,
      approvals,
      expiresAfterMs: hours * hourMs,
    })),
  };
}

export function peopleOf(people: PeopleSection = {}): People {
  return new Map(
    Object.entries(people).map(([id, { git }]) => [actorOf(id), git.map((address) => address.toLowerCase())]),
  );
}
