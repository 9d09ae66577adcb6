import { reasonOf } from "../../domain/errors.ts";
import type { SlackClient } from "./client.ts";
import { membersOf } from "./people.ts";
import { isRefusal } from "./refusals.ts";

/** A user group that the configuration gives rights to. */
export interface NamedGroup {
  readonly id: string;
  /** Where it is named, e.g. `access.snapshot.groups`. */
  readonly setting: string;
}

/**
 * What keeps people out who are to have rights through these user groups, a line each, in words for who installs gofire;
 * each group is asked for once. What Slack does not tell is said to be unknown. Throws the signal's reason and nothing
 * else.
 */
export async function groupTrouble(
  client: SlackClient,
  named: readonly NamedGroup[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const id of new Set(named.map((group) => group.id))) {
    const where = settingsOf(named.filter((group) => group.id === id));
    try {
      const members = await membersOf(client, id, signal);
      if (members.size > 0) continue;
      lines.push(`The user group ${id}, named by ${where}, has no members: nobody gets in by it.`);
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error, "missing_scope")) {
        const all = [...new Set(named.map((group) => group.id))].join(", ");
        return [
          `Nobody gets in by the user groups that gofire.yaml names (${all} in ${settingsOf(named)}) before gofire has the ` +
            "scope usergroups:read.",
        ];
      }
      lines.push(
        isRefusal(error, "no_such_subteam")
          ? `There is no user group ${id}, named by ${where}: nobody gets in by it. What belongs there is its id, S and more letters.`
          : `Who is in the user group ${id}, named by ${where}, could not be found out: ${reasonOf(error)}`,
      );
    }
  }
  return lines;
}

function settingsOf(groups: readonly NamedGroup[]): string {
  return [...new Set(groups.map(({ setting }) => setting))].join(", ");
}
