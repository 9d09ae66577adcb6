import type { FaultEffect } from "../faults.ts";
import type { Fields } from "../fields.ts";
import { findMessage } from "../messages.ts";
import type { RateLimit } from "../rate-limits.ts";
import { SlackError } from "../slack-error.ts";
import type { SlackChannel, SlackMessage, Workspace } from "../workspace.ts";

/** How an argument is written on the wire: `json` is an array or object, as JSON text in forms. */
export type ArgumentKind = "text" | "json" | "number" | "flag";

export interface MethodCall {
  readonly args: Fields;
  readonly workspace: Workspace;
  /** A fault that the method itself has to act out. */
  readonly fault?: FaultEffect;
}

/** A Web API method: what it takes and demands, and what it does. Source: https://docs.slack.dev/reference/methods */
export interface MethodSpec {
  readonly name: string;
  /** Default `bot`. */
  readonly token?: "bot" | "app";
  /** Bot scope without which the call is refused with `missing_scope`. */
  readonly scope?: string;
  readonly limit: RateLimit;
  /** Calls with the same key share a limit. Default: all calls of the method. */
  limitKey?(args: Fields): string;
  readonly required: Readonly<Record<string, ArgumentKind>>;
  readonly optional: Readonly<Record<string, ArgumentKind>>;
  /** Throws SlackError for refusals. */
  run(call: MethodCall): Fields;
}

export function textArg(args: Fields, name: string): string | undefined {
  const value = args[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function requiredText(args: Fields, name: string): string {
  const value = textArg(args, name);
  if (value === undefined)
    throw new SlackError("invalid_arguments", {
      response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
    });
  return value;
}

/** Refuses as Slack does when the manifest does not grant a scope. */
export function demandScope(workspace: Workspace, scope: string): void {
  if (workspace.manifest.botScopes.has(scope)) return;
  throw new SlackError("missing_scope", {
    needed: scope,
    provided: [...workspace.manifest.botScopes].join(","),
  });
}

/** A channel the bot can see: private ones only when it is a member. */
export function visibleChannel(workspace: Workspace, id: string): SlackChannel {
  const channel = workspace.channels.get(id);
  if (channel === undefined || (channel.isPrivate === true && !isMember(workspace, channel)))
    throw new SlackError("channel_not_found");
  return channel;
}

export function isMember(workspace: Workspace, channel: SlackChannel): boolean {
  return channel.members.has(workspace.app.botUserId);
}

/** A channel the bot may write to: as a member, or in public ones with chat:write.public. */
export function writableChannel(workspace: Workspace, id: string): SlackChannel {
  const channel = visibleChannel(workspace, id);
  if (channel.isArchived === true) throw new SlackError("is_archived");
  const isOpen = channel.isPrivate !== true && workspace.manifest.botScopes.has("chat:write.public");
  if (!isMember(workspace, channel) && !isOpen) throw new SlackError("not_in_channel");
  return channel;
}

export function knownMessage(channel: SlackChannel, ts: string): SlackMessage {
  const message = findMessage(channel, ts);
  if (message === undefined || message.onlyFor !== undefined) throw new SlackError("message_not_found");
  return message;
}

const cursorPrefix = "offset:";

/** One page of a list and the cursor to the next, as `response_metadata`. */
export function pageOf<T>(
  items: readonly T[],
  args: Fields,
  standard: number,
): { readonly page: readonly T[]; readonly more: Fields } {
  const limit = typeof args.limit === "number" ? args.limit : standard;
  if (limit < 1 || limit > 1_000) throw new SlackError("invalid_limit");
  const cursor = textArg(args, "cursor");
  const offset =
    cursor === undefined ? 0 : Number(Buffer.from(cursor, "base64").toString().slice(cursorPrefix.length));
  if (!Number.isInteger(offset)) throw new SlackError("invalid_cursor");
  const end = offset + limit;
  const next = end < items.length ? Buffer.from(`${cursorPrefix}${end}`).toString("base64") : "";
  return {
    page: items.slice(offset, end),
    more: { has_more: next !== "", response_metadata: { next_cursor: next } },
  };
}
