import type { Fields } from "../fields.ts";
import { messageFields } from "../messages.ts";
import { tiers } from "../rate-limits.ts";
import { SlackError } from "../slack-error.ts";
import type { SlackChannel, SlackMessage, SlackUser, Workspace } from "../workspace.ts";
import { conversationMethods } from "./conversations.ts";
import { knownMessage, type MethodSpec, requiredText, visibleChannel } from "./method.ts";

function userFields(workspace: Workspace, user: SlackUser): Fields {
  return {
    id: user.id,
    team_id: user.teamId,
    name: user.name,
    real_name: user.realName,
    deleted: user.kind === "deactivated",
    is_bot: user.kind === "bot",
    is_restricted: user.kind === "guest",
    is_ultra_restricted: user.kind === "guest",
    is_stranger: user.kind === "stranger",
    ...(user.kind === "of-two"
      ? { enterprise_user: { id: user.id, teams: [user.teamId, workspace.team.id] } }
      : {}),
    tz: "Etc/UTC",
    profile: {
      real_name: user.realName,
      display_name: user.name,
      ...(workspace.manifest.botScopes.has("users:read.email") ? { email: user.email } : {}),
    },
  };
}

const people: readonly MethodSpec[] = [
  {
    name: "users.info",
    scope: "users:read",
    limit: tiers.tier4,
    required: { user: "text" },
    optional: { include_locale: "flag" },
    run({ args, workspace }) {
      const user = workspace.users.get(requiredText(args, "user"));
      if (user === undefined) throw new SlackError("user_not_found");
      return { user: userFields(workspace, user) };
    },
  },
  {
    name: "users.lookupByEmail",
    scope: "users:read.email",
    limit: tiers.tier3,
    required: { email: "text" },
    optional: {},
    run({ args, workspace }) {
      const user = [...workspace.users.values()].find(({ email }) => email !== "" && email === args.email);
      if (user === undefined) throw new SlackError("users_not_found");
      return { user: userFields(workspace, user) };
    },
  },
  {
    name: "usergroups.list",
    scope: "usergroups:read",
    limit: tiers.tier2,
    required: {},
    optional: { include_count: "flag", include_disabled: "flag", include_users: "flag" },
    run: ({ args, workspace }) => ({
      usergroups: workspace.usergroups.map(({ users, ...group }) => ({
        ...group,
        team_id: workspace.team.id,
        is_usergroup: true,
        user_count: users.length,
        ...(args.include_users === true ? { users } : {}),
      })),
    }),
  },
  {
    name: "usergroups.users.list",
    scope: "usergroups:read",
    limit: tiers.tier2,
    required: { usergroup: "text" },
    optional: { include_disabled: "flag" },
    run({ args, workspace }) {
      const group = workspace.usergroups.find(({ id }) => id === args.usergroup);
      if (group === undefined) throw new SlackError("no_such_subteam");
      return { users: group.users };
    },
  },
];

function reactionMethod(action: "add" | "remove"): MethodSpec {
  return {
    name: `reactions.${action}`,
    scope: "reactions:write",
    limit: action === "add" ? tiers.tier3 : tiers.tier2,
    required: { channel: "text", timestamp: "text", name: "text" },
    optional: {},
    run({ args, workspace }) {
      const channel = visibleChannel(workspace, requiredText(args, "channel"));
      const message = knownMessage(channel, requiredText(args, "timestamp"));
      const name = requiredText(args, "name");
      if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new SlackError("invalid_name");
      setReaction(workspace, channel, message, name, workspace.app.botUserId, action);
      return {};
    },
  };
}

/** Adds or takes away one user's reaction; throws the refusal when there is nothing to do. */
export function setReaction(
  workspace: Workspace,
  channel: SlackChannel,
  message: SlackMessage,
  name: string,
  userId: string,
  action: "add" | "remove",
): void {
  const reaction = message.reactions.find((other) => other.name === name);
  const has = reaction?.users.includes(userId) === true;
  if (action === "add") {
    if (has) throw new SlackError("already_reacted");
    if (reaction === undefined && message.reactions.length >= 23) throw new SlackError("too_many_emoji");
    if (reaction === undefined) message.reactions.push({ name, users: [userId] });
    else reaction.users.push(userId);
  } else {
    if (reaction === undefined || !has) throw new SlackError("no_reaction");
    reaction.users.splice(reaction.users.indexOf(userId), 1);
    message.reactions = message.reactions.filter(({ users }) => users.length > 0);
  }
  workspace.changed({ kind: "message", channel: channel.id, ts: message.ts });
  if (!channel.members.has(workspace.app.botUserId)) return;
  const item = { type: "message", channel: channel.id, ts: message.ts };
  const type = action === "add" ? "reaction_added" : "reaction_removed";
  const itemUser = messageFields(workspace, channel, message).user;
  workspace.event({ type, user: userId, reaction: name, item, item_user: itemUser, event_ts: message.ts });
}

const identity: readonly MethodSpec[] = [
  {
    name: "auth.test",
    limit: tiers.special,
    required: {},
    optional: {},
    run: ({ workspace: { app, team, manifest, baseUrl } }) => ({
      url: `${baseUrl}/`,
      team: team.name,
      user: manifest.botName.toLowerCase(),
      team_id: team.id,
      user_id: app.botUserId,
      bot_id: app.botId,
      is_enterprise_install: false,
    }),
  },
  {
    name: "team.info",
    scope: "team:read",
    limit: tiers.tier3,
    required: {},
    optional: { team: "text" },
    run: ({ workspace: { team } }) => ({ team }),
  },
  {
    name: "bots.info",
    scope: "users:read",
    limit: tiers.tier3,
    required: {},
    optional: { bot: "text" },
    run({ args, workspace: { app, manifest } }) {
      if (args.bot !== app.botId) throw new SlackError("bot_not_found");
      return {
        bot: { id: app.botId, app_id: app.id, user_id: app.botUserId, name: manifest.name, deleted: false },
      };
    },
  },
];

export const workspaceMethods: readonly MethodSpec[] = [
  ...conversationMethods,
  ...people,
  ...identity,
  reactionMethod("add"),
  reactionMethod("remove"),
];
