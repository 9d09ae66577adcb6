import type { Fields } from "../fields.ts";
import { historyFields, repliesTo } from "../messages.ts";
import { tiers } from "../rate-limits.ts";
import { SlackError } from "../slack-error.ts";
import type { SlackChannel, SlackMessage, Workspace } from "../workspace.ts";
import { demandScope, isMember, type MethodSpec, pageOf, requiredText, visibleChannel } from "./method.ts";

const paging = { cursor: "text", limit: "number" } as const;
const span = { oldest: "text", latest: "text", inclusive: "flag", include_all_metadata: "flag" } as const;

function channelFields(workspace: Workspace, channel: SlackChannel): Fields {
  return {
    id: channel.id,
    name: channel.name,
    is_channel: channel.isPrivate !== true,
    is_group: channel.isPrivate === true,
    is_private: channel.isPrivate === true,
    is_archived: channel.isArchived === true,
    is_ext_shared: channel.isShared === true,
    is_member: isMember(workspace, channel),
    topic: { value: channel.topic ?? "" },
    num_members: channel.members.size,
  };
}

function demandReadScope(workspace: Workspace, channel: SlackChannel, what: "history" | "read"): void {
  demandScope(workspace, channel.isPrivate === true ? `groups:${what}` : `channels:${what}`);
}

function readableChannel({ args, workspace }: { args: Fields; workspace: Workspace }): SlackChannel {
  const channel = visibleChannel(workspace, requiredText(args, "channel"));
  demandReadScope(workspace, channel, "history");
  if (!isMember(workspace, channel)) throw new SlackError("not_in_channel");
  return channel;
}

function within(args: Fields): (message: SlackMessage) => boolean {
  const oldest = Number(args.oldest ?? 0);
  const latest = Number(args.latest ?? Number.MAX_SAFE_INTEGER);
  const bounds = args.inclusive === true;
  return ({ ts }) =>
    bounds ? Number(ts) >= oldest && Number(ts) <= latest : Number(ts) > oldest && Number(ts) < latest;
}

const scopesOfTypes: Readonly<Record<string, string>> = {
  public_channel: "channels:read",
  private_channel: "groups:read",
  mpim: "mpim:read",
  im: "im:read",
};

function scopeOfType(type: string): string {
  const scope = scopesOfTypes[type];
  if (scope === undefined) throw new SlackError("invalid_types");
  return scope;
}

export const conversationMethods: readonly MethodSpec[] = [
  {
    name: "conversations.join",
    scope: "channels:join",
    limit: tiers.tier3,
    required: { channel: "text" },
    optional: {},
    run({ args, workspace }) {
      const channel = visibleChannel(workspace, requiredText(args, "channel"));
      if (channel.isPrivate === true) throw new SlackError("method_not_supported_for_channel_type");
      if (channel.isArchived === true) throw new SlackError("is_archived");
      const wasMember = isMember(workspace, channel);
      channel.members.add(workspace.app.botUserId);
      workspace.changed({ kind: "channel", channel: channel.id });
      return {
        channel: channelFields(workspace, channel),
        ...(wasMember ? { warning: "already_in_channel" } : {}),
      };
    },
  },
  {
    name: "conversations.history",
    limit: tiers.tier3,
    required: { channel: "text" },
    optional: { ...paging, ...span },
    run({ args, workspace }) {
      const channel = readableChannel({ args, workspace });
      const shown = channel.messages
        .filter((message) => message.onlyFor === undefined && (message.threadTs ?? message.ts) === message.ts)
        .filter(within(args))
        .toReversed();
      const { page, more } = pageOf(shown, args, 100);
      const withMetadata = args.include_all_metadata === true;
      return {
        messages: page.map((message) => historyFields(workspace, channel, message, withMetadata)),
        ...more,
      };
    },
  },
  {
    name: "conversations.replies",
    limit: tiers.tier3,
    required: { channel: "text", ts: "text" },
    optional: { ...paging, ...span },
    run({ args, workspace }) {
      const channel = readableChannel({ args, workspace });
      const ts = requiredText(args, "ts");
      const parent = channel.messages.find((message) => message.ts === ts && message.onlyFor === undefined);
      if (parent === undefined) throw new SlackError("thread_not_found");
      const { page, more } = pageOf([parent, ...repliesTo(channel, ts).filter(within(args))], args, 1_000);
      const withMetadata = args.include_all_metadata === true;
      return {
        messages: page.map((message) => historyFields(workspace, channel, message, withMetadata)),
        ...more,
      };
    },
  },
  {
    name: "conversations.info",
    limit: tiers.tier3,
    required: { channel: "text" },
    optional: { include_num_members: "flag", include_locale: "flag" },
    run({ args, workspace }) {
      const channel = visibleChannel(workspace, requiredText(args, "channel"));
      demandReadScope(workspace, channel, "read");
      return { channel: channelFields(workspace, channel) };
    },
  },
  {
    name: "conversations.list",
    scope: "channels:read",
    limit: tiers.tier2,
    required: {},
    optional: { ...paging, types: "text", exclude_archived: "flag" },
    run({ args, workspace }) {
      const types = typeof args.types === "string" ? args.types.split(",") : ["public_channel"];
      if (types.includes("private_channel")) demandScope(workspace, "groups:read");
      const shown = [...workspace.channels.values()]
        .filter((channel) =>
          types.includes(channel.isPrivate === true ? "private_channel" : "public_channel"),
        )
        .filter((channel) => channel.isPrivate !== true || isMember(workspace, channel))
        .filter((channel) => args.exclude_archived !== true || channel.isArchived !== true);
      const { page, more } = pageOf(shown, args, 100);
      return { channels: page.map((channel) => channelFields(workspace, channel)), ...more };
    },
  },
  {
    name: "conversations.members",
    limit: tiers.tier4,
    required: { channel: "text" },
    optional: paging,
    run({ args, workspace }) {
      const channel = visibleChannel(workspace, requiredText(args, "channel"));
      demandReadScope(workspace, channel, "read");
      const { page, more } = pageOf([...channel.members], args, 100);
      return { members: page, ...more };
    },
  },
  {
    name: "users.conversations",
    limit: tiers.tier3,
    required: {},
    optional: { ...paging, user: "text", types: "text", exclude_archived: "flag" },
    run({ args, workspace }) {
      const types = typeof args.types === "string" ? args.types.split(",") : ["public_channel"];
      for (const type of types) demandScope(workspace, scopeOfType(type));
      if (Number(args.limit ?? 1) > 999) throw new SlackError("invalid_limit");
      const user = typeof args.user === "string" ? args.user : workspace.app.botUserId;
      const shown = [...workspace.channels.values()]
        .filter(({ isPrivate }) => types.includes(isPrivate === true ? "private_channel" : "public_channel"))
        .filter(({ members }) => members.has(user))
        // "Non-public channels are restricted to those where the calling user shares membership."
        .filter((channel) => channel.isPrivate !== true || isMember(workspace, channel))
        .filter((channel) => args.exclude_archived !== true || channel.isArchived !== true);
      const { page, more } = pageOf(shown, args, 100);
      return { channels: page.map((channel) => channelFields(workspace, channel)), ...more };
    },
  },
];
