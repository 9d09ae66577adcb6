import type { Deliveries } from "../deliveries/deliveries.ts";
import type { DeliveryResult } from "../deliveries/outlet.ts";
import { escapeTyped } from "../echo.ts";
import { textOf } from "../fields.ts";
import { addMessage, messageFields } from "../messages.ts";
import { answerUser } from "../response-urls.ts";
import { newResponseUrl, newTrigger, type SlackChannel, type Workspace } from "../workspace.ts";
import type { People } from "./people.ts";
import { channelOf } from "./places.ts";

/** What people type: messages, mentions and slash commands. */
export function typing(workspace: Workspace, deliveries: Deliveries): Pick<People, "type"> {
  const { app, team, manifest } = workspace;

  async function command(userId: string, channel: SlackChannel, text: string): Promise<DeliveryResult> {
    const [name = "", ...rest] = text.trim().split(/\s+/);
    const tellUser = (words: string) => {
      addMessage(workspace, channel, {
        text: words,
        user: "USLACKBOT",
        username: "Slackbot",
        onlyFor: userId,
      });
    };
    if (!manifest.commands.some((known) => known.command === name)) {
      tellUser(`${name} is not a valid command. Messages that begin with a slash are read as commands.`);
      return { isAcked: false, reason: "unknown_command" };
    }
    const words = text.trim().slice(name.length).trim();
    const result = await deliveries.once("slash_commands", {
      token: "sandbox",
      team_id: team.id,
      team_domain: team.domain,
      channel_id: channel.id,
      channel_name: channel.isPrivate === true ? "privategroup" : channel.name,
      user_id: userId,
      user_name: workspace.users.get(userId)?.name ?? "",
      command: name,
      text: manifest.shouldEscape ? withIds(workspace, words) : rest.join(" "),
      api_app_id: app.id,
      is_enterprise_install: "false",
      response_url: newResponseUrl(workspace, { channel: channel.id, userId }),
      trigger_id: newTrigger(workspace, userId),
    });
    if (!result.isAcked) tellUser(`${name} failed with the error "${failureOf(result.reason)}"`);
    else if (textOf(result.body.text) !== undefined || Array.isArray(result.body.blocks))
      answerUser(workspace, channel, userId, result.body);
    return result;
  }

  return {
    async type(userId, channelId, text, threadTs) {
      const channel = channelOf(workspace, channelId, userId);
      if (text.startsWith("/") && threadTs === undefined) return command(userId, channel, text);
      if (text.startsWith("/")) throw new Error("Slack does not run slash commands in threads.");
      const words = withIds(workspace, escapeTyped(text));
      const thread = threadTs === undefined ? {} : { threadTs };
      const message = addMessage(workspace, channel, { text: words, user: userId, ...thread });
      if (words.includes(`<@${app.botUserId}>`) && channel.members.has(app.botUserId)) {
        const place = { channel: channel.id, event_ts: message.ts };
        workspace.event({ ...messageFields(workspace, channel, message), type: "app_mention", ...place });
      }
      return undefined;
    },
  };
}

function failureOf(reason: string): string {
  if (reason === "connection_failed") return "dispatch_failed";
  return reason === "http_error" ? "dispatch_unknown_error" : "operation_timeout";
}

/** @name and #name become ids, as Slack's composer makes them. */
function withIds(workspace: Workspace, text: string): string {
  const users = [...workspace.users.values()];
  const channels = [...workspace.channels.values()];
  return text
    .replaceAll(/(^|\s)@([a-z0-9._-]+)/g, (whole, gap: string, name: string) => {
      const user = users.find((candidate) => candidate.name === name);
      const group = workspace.usergroups.find((candidate) => candidate.handle === name);
      if (user !== undefined) return `${gap}<@${user.id}>`;
      return group === undefined ? whole : `${gap}<!subteam^${group.id}>`;
    })
    .replaceAll(/(^|\s)#([a-z0-9_-]+)/g, (whole, gap: string, name: string) => {
      const channel = channels.find((candidate) => candidate.name === name);
      return channel === undefined ? whole : `${gap}<#${channel.id}>`;
    });
}
