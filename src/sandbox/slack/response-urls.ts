import { type Fields, textOf } from "./fields.ts";
import { addMessage, deleteMessage, editMessage, findMessage } from "./messages.ts";
import { checkedBody } from "./methods/chat.ts";
import { SlackError } from "./slack-error.ts";
import type { SlackChannel, Workspace } from "./workspace.ts";

const maxUses = 5;

interface Outcome {
  readonly status: number;
  readonly body: string;
}

/** A POST to a response_url: five times within half an hour, then 404 `used_url` or `expired_url`. */
export function useResponseUrl(workspace: Workspace, id: string, body: Fields): Outcome {
  const url = workspace.responseUrls.get(id);
  if (url === undefined) return { status: 404, body: "no_url" };
  if (url.expiresAtMs < workspace.clock.nowMs()) return { status: 404, body: "expired_url" };
  if (url.uses >= maxUses) return { status: 404, body: "used_url" };
  url.uses += 1;
  const channel = workspace.channels.get(url.channel);
  if (channel === undefined) return { status: 404, body: "channel_not_found" };
  try {
    return respond(workspace, channel, url, body);
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return { status: 400, body: error.code };
  }
}

function respond(
  workspace: Workspace,
  channel: SlackChannel,
  url: { readonly userId: string; readonly original?: { readonly ts: string }; readonly threadTs?: string },
  body: Fields,
): Outcome {
  const original = url.original === undefined ? undefined : findMessage(channel, url.original.ts);
  const ok = { status: 200, body: "ok" };
  if (body.delete_original === true) {
    if (original !== undefined) deleteMessage(workspace, channel, original);
    return ok;
  }
  const content = checkedBody(workspace, body);
  if (body.replace_original === true && original !== undefined) {
    editMessage(workspace, channel, original, { blocks: [], attachments: [], ...content });
    return ok;
  }
  answerUser(workspace, channel, url.userId, body, url.threadTs);
  return ok;
}

/** Shows an app's answer to a command: to that user alone unless it says `in_channel`. */
export function answerUser(
  workspace: Workspace,
  channel: SlackChannel,
  userId: string,
  body: Fields,
  threadTs?: string,
): void {
  const place = textOf(body.thread_ts) ?? threadTs;
  const { app } = workspace;
  addMessage(workspace, channel, {
    ...checkedBody(workspace, body),
    user: app.botUserId,
    botId: app.botId,
    appId: app.id,
    ...(place === undefined ? {} : { threadTs: place }),
    ...(body.response_type === "in_channel" ? {} : { onlyFor: userId }),
  });
}
