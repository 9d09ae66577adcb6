import { validateAttachments, validateMessageBlocks } from "../blocks/message.ts";
import { checkMetadata } from "../blocks/metadata.ts";
import { type Fields, fieldsOf, listOf } from "../fields.ts";
import {
  addMessage,
  deleteMessage,
  editMessage,
  findMessage,
  messageFields,
  repliesTo,
} from "../messages.ts";
import { tiers } from "../rate-limits.ts";
import { SlackError } from "../slack-error.ts";
import type { SlackMessage, Workspace } from "../workspace.ts";
import {
  knownMessage,
  type MethodSpec,
  requiredText,
  textArg,
  visibleChannel,
  writableChannel,
} from "./method.ts";

const bodyArguments = {
  text: "text",
  blocks: "json",
  attachments: "json",
  parse: "text",
  link_names: "flag",
} as const;
/** Longer text is cut by chat.postMessage (https://docs.slack.dev/reference/methods/chat.postMessage#truncating). */
const maxPostedText = 40_000;
/** chat.update refuses longer text: msg_too_long. */
const maxUpdatedText = 4_000;

interface CheckedBody {
  readonly text: string;
  readonly blocks?: readonly Fields[];
  readonly attachments?: readonly Fields[];
}

/** The parts that were given, checked as Slack checks them. */
export function checkedBody(workspace: Workspace, args: Fields): CheckedBody {
  const text = textArg(args, "text") ?? "";
  if (args.blocks !== undefined && !Array.isArray(args.blocks)) throw new SlackError("invalid_blocks_format");
  if (args.attachments !== undefined && !Array.isArray(args.attachments))
    throw new SlackError("invalid_attachments");
  if (args.blocks !== undefined) validateMessageBlocks(workspace, args.blocks);
  if (args.attachments !== undefined) validateAttachments(workspace, args.attachments);
  return {
    text,
    ...(args.blocks === undefined ? {} : { blocks: listOf(args.blocks) }),
    ...(args.attachments === undefined ? {} : { attachments: listOf(args.attachments) }),
  };
}

function demandContent(body: CheckedBody): void {
  if (body.text === "" && (body.blocks ?? []).length === 0 && (body.attachments ?? []).length === 0)
    throw new SlackError("no_text");
}

const postMessage: MethodSpec = {
  name: "chat.postMessage",
  scope: "chat:write",
  limit: tiers.perChannel,
  limitKey: (args) => String(args.channel),
  required: { channel: "text" },
  optional: {
    ...bodyArguments,
    thread_ts: "text",
    reply_broadcast: "flag",
    unfurl_links: "flag",
    unfurl_media: "flag",
    mrkdwn: "flag",
    metadata: "json",
  },
  run({ args, workspace }) {
    const channel = writableChannel(workspace, requiredText(args, "channel"));
    const body = checkedBody(workspace, args);
    demandContent(body);
    const metadata = checkMetadata(args.metadata);
    const threadTs = textArg(args, "thread_ts");
    if (threadTs !== undefined) {
      const parent = findMessage(channel, threadTs);
      if (parent === undefined) throw new SlackError("thread_not_found");
      if (parent.threadTs !== undefined && parent.threadTs !== parent.ts)
        throw new SlackError("cannot_reply_to_message");
    }
    const { app } = workspace;
    const message = addMessage(workspace, channel, {
      ...body,
      text: body.text.slice(0, maxPostedText),
      user: app.botUserId,
      botId: app.botId,
      appId: app.id,
      ...(threadTs === undefined ? {} : { threadTs }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    return { channel: channel.id, ts: message.ts, message: messageFields(workspace, channel, message) };
  },
};

const update: MethodSpec = {
  name: "chat.update",
  scope: "chat:write",
  limit: tiers.tier3,
  required: { channel: "text", ts: "text" },
  optional: { ...bodyArguments, metadata: "json", reply_broadcast: "flag", file_ids: "json" },
  run({ args, workspace }) {
    const channel = visibleChannel(workspace, requiredText(args, "channel"));
    if (channel.isArchived === true) throw new SlackError("is_inactive");
    const message = ownMessage(
      workspace,
      knownMessage(channel, requiredText(args, "ts")),
      "cant_update_message",
    );
    const body = checkedBody(workspace, args);
    demandContent(body);
    if (body.text.length > maxUpdatedText) throw new SlackError("msg_too_long");
    const metadata = checkMetadata(args.metadata);
    // Text without blocks drops the old blocks; attachments go unless they are sent again.
    editMessage(workspace, channel, message, {
      text: body.text === "" ? message.text : body.text,
      blocks: body.blocks ?? (body.text === "" ? (message.blocks ?? []) : []),
      attachments: body.attachments ?? [],
      ...(metadata === undefined ? {} : { metadata }),
    });
    return {
      channel: channel.id,
      ts: message.ts,
      text: message.text,
      message: messageFields(workspace, channel, message),
    };
  },
};

function ownMessage(workspace: Workspace, message: SlackMessage, refusal: string): SlackMessage {
  if (message.botId !== workspace.app.botId) throw new SlackError(refusal);
  return message;
}

const postEphemeral: MethodSpec = {
  name: "chat.postEphemeral",
  scope: "chat:write",
  limit: tiers.tier4,
  required: { channel: "text", user: "text" },
  optional: { ...bodyArguments, thread_ts: "text" },
  run({ args, workspace }) {
    const channel = writableChannel(workspace, requiredText(args, "channel"));
    const userId = requiredText(args, "user");
    if (!channel.members.has(userId)) throw new SlackError("user_not_in_channel");
    const body = checkedBody(workspace, args);
    demandContent(body);
    const threadTs = textArg(args, "thread_ts");
    const { app } = workspace;
    // "Ephemeral messages in threads are only shown if there is already an active thread."
    // (https://docs.slack.dev/reference/methods/chat.postEphemeral)
    const isUnseen = threadTs !== undefined && repliesTo(channel, threadTs).length === 0;
    const message = addMessage(workspace, channel, {
      ...body,
      onlyFor: userId,
      ...(isUnseen ? { isUnseen: true as const } : {}),
      user: app.botUserId,
      botId: app.botId,
      ...(threadTs === undefined ? {} : { threadTs }),
    });
    return { message_ts: message.ts };
  },
};

const remove: MethodSpec = {
  name: "chat.delete",
  scope: "chat:write",
  limit: tiers.tier3,
  required: { channel: "text", ts: "text" },
  optional: {},
  run({ args, workspace }) {
    const channel = visibleChannel(workspace, requiredText(args, "channel"));
    const message = ownMessage(
      workspace,
      knownMessage(channel, requiredText(args, "ts")),
      "cant_delete_message",
    );
    deleteMessage(workspace, channel, message);
    return { channel: channel.id, ts: message.ts };
  },
};

const getPermalink: MethodSpec = {
  name: "chat.getPermalink",
  limit: tiers.special,
  required: { channel: "text", message_ts: "text" },
  optional: {},
  run({ args, workspace }) {
    const channel = visibleChannel(workspace, requiredText(args, "channel"));
    const message = knownMessage(channel, requiredText(args, "message_ts"));
    const path = `${workspace.baseUrl}/archives/${channel.id}/p${message.ts.replace(".", "")}`;
    const query = message.threadTs === undefined ? "" : `?thread_ts=${message.threadTs}&cid=${channel.id}`;
    return { channel: channel.id, permalink: path + query };
  },
};

export const chatMethods: readonly MethodSpec[] = [postMessage, update, postEphemeral, remove, getPermalink];

/** The id by which an app recognises a message as the one it meant to post. */
export function intentOf(message: SlackMessage): string | undefined {
  const metadata = fieldsOf(message.metadata);
  if (metadata.event_type === undefined) return undefined;
  return JSON.stringify([metadata.event_type, metadata.event_payload]);
}
