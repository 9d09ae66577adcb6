import { storedAttachments, storedBlocks, storedText } from "./echo.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { fileFields } from "./files.ts";
import { nextTs, type SlackChannel, type SlackMessage, type Workspace } from "./workspace.ts";

export interface MessageDraft {
  readonly text: string;
  readonly threadTs?: string;
  readonly user?: string;
  readonly botId?: string;
  readonly appId?: string;
  readonly username?: string;
  /** Name of the app, where it posts under its own. */
  readonly botName?: string;
  readonly subtype?: string;
  readonly blocks?: readonly Fields[];
  readonly attachments?: readonly Fields[];
  readonly metadata?: Fields;
  readonly files?: readonly string[];
  readonly onlyFor?: string;
  readonly isUnseen?: true;
}

/** Stores a message as Slack would, tells the page, and the app when it subscribes to the channel. */
export function addMessage(workspace: Workspace, channel: SlackChannel, draft: MessageDraft): SlackMessage {
  const newId = () => workspace.newId("b");
  const { blocks, attachments, ...rest } = draft;
  const message: SlackMessage = {
    ...rest,
    text: storedText(draft.text),
    ts: nextTs(workspace, channel),
    reactions: [],
    ...(blocks === undefined ? {} : { blocks: storedBlocks(blocks, newId) }),
    ...(attachments === undefined ? {} : { attachments: storedAttachments(attachments, newId) }),
  };
  channel.messages.push(message);
  workspace.changed({ kind: "message", channel: channel.id, ts: message.ts });
  if (message.onlyFor === undefined) tellApp(workspace, channel, messageFields(workspace, channel, message));
  return message;
}

/** Changes a message in place. Left-out parts stay; the caller decides what a missing argument means. */
export function editMessage(
  workspace: Workspace,
  channel: SlackChannel,
  message: SlackMessage,
  change: Partial<Pick<SlackMessage, "text" | "blocks" | "attachments" | "metadata" | "files">>,
): void {
  const newId = () => workspace.newId("b");
  const before = messageFields(workspace, channel, message);
  if (change.text !== undefined) message.text = storedText(change.text);
  if (change.blocks !== undefined) message.blocks = storedBlocks(change.blocks, newId);
  if (change.attachments !== undefined) message.attachments = storedAttachments(change.attachments, newId);
  if (change.metadata !== undefined) message.metadata = change.metadata;
  if (change.files !== undefined) message.files = change.files;
  const ts = nextTs(workspace, channel);
  message.editedTs = ts;
  workspace.changed({ kind: "message", channel: channel.id, ts: message.ts });
  if (message.onlyFor !== undefined) return;
  const event = { subtype: "message_changed", hidden: true, ts, event_ts: ts, previous_message: before };
  tellApp(workspace, channel, { ...event, message: messageFields(workspace, channel, message) });
}

export function deleteMessage(workspace: Workspace, channel: SlackChannel, message: SlackMessage): void {
  channel.messages.splice(channel.messages.indexOf(message), 1);
  workspace.changed({ kind: "channel", channel: channel.id });
  if (message.onlyFor !== undefined) return;
  const ts = nextTs(workspace, channel);
  const event = { subtype: "message_deleted", hidden: true, ts, event_ts: ts, deleted_ts: message.ts };
  tellApp(workspace, channel, { ...event, previous_message: messageFields(workspace, channel, message) });
}

function tellApp(workspace: Workspace, channel: SlackChannel, fields: Fields): void {
  if (!channel.members.has(workspace.app.botUserId)) return;
  const place = { channel: channel.id, channel_type: channel.isPrivate === true ? "group" : "channel" };
  workspace.event({ type: "message", event_ts: fields.ts, ...fields, ...place });
}

export function findMessage(channel: SlackChannel, ts: string): SlackMessage | undefined {
  return channel.messages.find((message) => message.ts === ts);
}

/** The replies under a message, oldest first. */
export function repliesTo(channel: SlackChannel, ts: string): readonly SlackMessage[] {
  return channel.messages.filter(
    (message) => message.threadTs === ts && message.ts !== ts && message.onlyFor === undefined,
  );
}

/** A message as the Web API and events show it. */
export function messageFields(workspace: Workspace, channel: SlackChannel, message: SlackMessage): Fields {
  const replies = repliesTo(channel, message.ts);
  const isOurs = message.botId === workspace.app.botId;
  return {
    type: "message",
    ...given("subtype", message.subtype),
    ...given("user", message.user),
    ...given("bot_id", message.botId),
    ...given("app_id", message.appId),
    ...given("username", message.username),
    ...(isOurs ? { bot_profile: botProfile(workspace) } : {}),
    ...(message.botName === undefined
      ? {}
      : { bot_profile: { id: message.botId, app_id: message.appId, name: message.botName, deleted: false } }),
    team: workspace.team.id,
    text: message.text,
    ts: message.ts,
    ...given("thread_ts", message.threadTs ?? (replies.length > 0 ? message.ts : undefined)),
    ...given("blocks", message.blocks),
    ...given("attachments", message.attachments),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    ...(message.files === undefined
      ? {}
      : { files: message.files.flatMap((id) => fileFields(workspace, workspace.files.get(id))) }),
    ...(message.editedTs === undefined ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map(({ name, users }) => ({ name, users, count: users.length })) }),
    ...(replies.length === 0
      ? {}
      : {
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          latest_reply: replies.at(-1)?.ts,
        }),
  };
}

/** As conversations.history shows it: without metadata unless it is asked for. */
export function historyFields(
  workspace: Workspace,
  channel: SlackChannel,
  message: SlackMessage,
  withMetadata: boolean,
): Fields {
  const { metadata, ...fields } = messageFields(workspace, channel, message);
  if (metadata === undefined) return fields;
  return { ...fields, metadata: withMetadata ? metadata : { event_type: fieldsOf(metadata).event_type } };
}

function botProfile(workspace: Workspace): Fields {
  const { app, team, manifest } = workspace;
  return {
    id: app.botId,
    app_id: app.id,
    user_id: app.botUserId,
    name: manifest.name,
    team_id: team.id,
    deleted: false,
  };
}

function given(name: string, value: unknown): Fields {
  return value === undefined ? {} : { [name]: value };
}
