import * as z from "zod/mini";
import { PortError } from "../../domain/errors.ts";
import { remembered } from "../../domain/remembered.ts";
import type { Clock } from "../../ports/clock.ts";
import type { People, Person } from "../../ports/people.ts";
import type { CallOptions, SlackClient } from "./client.ts";
import { isRefusal } from "./refusals.ts";
import { soon } from "./soon.ts";

const flag = z.optional(z.boolean());

const userAnswer = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.optional(z.string()),
    name: z.optional(z.string()),
    real_name: z.optional(z.string()),
    deleted: flag,
    is_bot: flag,
    is_restricted: flag,
    is_ultra_restricted: flag,
    is_stranger: flag,
    /** On Enterprise Grid people belong to several workspaces. */
    enterprise_user: z.optional(z.object({ teams: z.optional(z.array(z.string())) })),
  }),
});

const groupAnswer = z.object({ users: z.array(z.string()) });

/** usergroups.users.list is asked at most 20 times a minute (https://docs.slack.dev/apis/web-api/rate-limits). */
const ages = {
  /** For answers that people wait for. Whoever leaves a group while Slack cannot be asked keeps its rights for `staleMs`. */
  lately: { freshMs: 300_000, staleMs: 3_600_000 },
  /** For what cannot be taken back: a person who clicks twice is asked about once, and nothing from before stands in. */
  now: { freshMs: 5_000, staleMs: 0 },
};

/** Who people are, as the workspace `teamId` sees them. */
export function slackPeople(
  client: SlackClient,
  teamId: string,
  clock: Clock,
  age: keyof typeof ages = "lately",
): People {
  const memory = { ...ages[age], nowMs: () => clock.monotonicMs() };
  const options = { patienceMs: 300 };

  const person = remembered<Person>(
    async (user, signal) => {
      const answer = await client.call("users.info", { user }, userAnswer, signal, options);
      return { id: user, name: answer.user.name ?? user, standing: standingOf(answer.user, teamId) };
    },
    { ...memory, most: 5_000 },
  );

  const members = remembered<ReadonlySet<string>>(
    async (usergroup, signal) => {
      try {
        return await membersOf(client, usergroup, signal, options);
      } catch (error) {
        if (isRefusal(error, "no_such_subteam")) return new Set();
        throw error;
      }
    },
    { ...memory, most: 500 },
  );

  return {
    person: async (userId, signal) =>
      (await soon(signal, tooSlow, (bounded) => person.recall(userId, bounded))).value,
    isInGroup: async (userId, groupId, signal) =>
      (await soon(signal, tooSlow, (bounded) => members.recall(groupId, bounded))).value.has(userId),
  };
}

/** Throws PortError, of Slack's refusal `no_such_subteam` for a group that there is not. */
export async function membersOf(
  client: SlackClient,
  usergroup: string,
  signal: AbortSignal,
  options?: CallOptions,
): Promise<ReadonlySet<string>> {
  const answer = await client.call("usergroups.users.list", { usergroup }, groupAnswer, signal, options);
  return new Set(answer.users);
}

function tooSlow(): PortError {
  return new PortError("timeout", "Slack", "Slack does not tell who you are at the moment.");
}

function standingOf(user: z.infer<typeof userAnswer>["user"], teamId: string): Person["standing"] {
  if (user.deleted === true) return "deactivated";
  if (user.is_bot === true || user.id === "USLACKBOT") return "bot";
  const isOurs = user.team_id === teamId || user.enterprise_user?.teams?.includes(teamId) === true;
  if (user.is_stranger === true || !isOurs) return "stranger";
  if (user.is_restricted === true || user.is_ultra_restricted === true) return "guest";
  return "member";
}
