import type { GofireConfig } from "../../config/gofire-config.ts";
import { actorOf } from "../../domain/audit/actor.ts";
import { counted } from "../../domain/units.ts";
import type { DoctorCheck } from "../reply.ts";

const name = "gate";

/** Whether anybody could approve a change of configuration by what gofire.yaml says. Asks nobody. */
export function gateChecks(config: GofireConfig | undefined): readonly DoctorCheck[] {
  if (config?.gate === undefined) return [];
  const { gate, people, audit, configHistory, access } = config;
  if (configHistory === undefined) {
    const next = "Name the Git repository under configHistory.";
    return [{ name, state: "failed", detail: "there is no repository that proposals are in", next }];
  }
  if (audit === undefined) {
    const detail = "nothing can be approved: there is no audit log that keeps who approved";
    return [{ name, state: "failed", detail, next: "Add a section audit with an origin." }];
  }
  const short = gate.environments.map(({ environment, approvals }) => {
    const has = counted(people.size, "person", "people");
    const detail = `${environment} takes ${counted(approvals, "approval")}; people names ${has}`;
    if (people.size > approvals) return { name, state: "ok", detail } as const;
    const next =
      people.size === approvals
        ? "Whoever writes a change does not approve it: with one of them as the author, nobody can. Add people."
        : "Nobody can ever approve a change of it. Add people, with the addresses that they commit with.";
    return { name, state: people.size < approvals ? "failed" : "warning", detail, next } as const;
  });
  const unlinked = (access.rights.approve?.users ?? []).filter((user) => !people.has(actorOf(user)));
  if (unlinked.length === 0) return short;
  const detail = `${unlinked.join(", ")} may approve by access.approve and cannot: people does not say who they are`;
  const next = "Add them to people, with the addresses that they commit with.";
  return [...short, { name, state: "warning", detail, next }];
}
