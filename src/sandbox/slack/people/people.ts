import { validateView } from "../blocks/view.ts";
import type { Deliveries } from "../deliveries/deliveries.ts";
import type { DeliveryResult } from "../deliveries/outlet.ts";
import { escapeTyped } from "../echo.ts";
import { type Fields, fieldsOf, listOf, textOf } from "../fields.ts";
import { addMessage, editMessage, findMessage, messageFields } from "../messages.ts";
import { checkedBody } from "../methods/chat.ts";
import { changeView, stackView, viewFields } from "../methods/views.ts";
import { setReaction } from "../methods/workspace-methods.ts";
import { answerUser } from "../response-urls.ts";
import {
  newResponseUrl,
  newTrigger,
  type SlackChannel,
  type SlackMessage,
  type SlackView,
  type Workspace,
} from "../workspace.ts";
import { channelOf, elementBy, elementIn, messageOf, userBlock, viewOf } from "./places.ts";

/** What a click is aimed at: the element's action_id, and the option it chooses for selects and overflow menus. */
export interface Aim {
  readonly actionId: string;
  readonly blockId?: string;
  /** Chosen option's value, or the text typed. */
  readonly value?: string;
}

/** Input values of a modal: block_id → action_id → value as Slack shapes it, e.g. `{type, value}`. */
export type ViewValues = Readonly<Record<string, Readonly<Record<string, Fields>>>>;

/** People in the workspace: what they do reaches the app as Slack would deliver it. Throws when Slack's screen would not let them. */
export interface People {
  /** Types into a channel's composer or a thread. Slash commands are delivered as such, outside threads only. */
  type(
    userId: string,
    channelId: string,
    text: string,
    threadTs?: string,
  ): Promise<DeliveryResult | undefined>;
  /** Clicks a button or chooses an option in a message. */
  click(userId: string, channelId: string, ts: string, aim: Aim): Promise<DeliveryResult>;
  clickInHome(userId: string, aim: Aim): Promise<DeliveryResult>;
  clickInModal(userId: string, aim: Aim, values?: ViewValues): Promise<DeliveryResult>;
  submit(userId: string, values: ViewValues): Promise<DeliveryResult>;
  closeModal(userId: string): Promise<DeliveryResult | undefined>;
  messageShortcut(userId: string, callbackId: string, channelId: string, ts: string): Promise<DeliveryResult>;
  globalShortcut(userId: string, callbackId: string): Promise<DeliveryResult>;
  openHome(userId: string): void;
  react(userId: string, channelId: string, ts: string, emoji: string): void;
  /** Another app (a pager) posts; returns the timestamp. Refused like any app's message when malformed. */
  page(channelId: string, page: PagerMessage): string;
  /** The pager edits what it posted, as Alertmanager does with `update_message`. */
  editPage(channelId: string, ts: string, page: PagerMessage): void;
  invite(channelId: string, userId: string): void;
  kick(channelId: string, userId: string): void;
}

export interface PagerMessage {
  readonly text?: string;
  readonly username?: string;
  readonly attachments?: readonly Fields[];
  readonly blocks?: readonly Fields[];
  /** Another bot than the usual pager. */
  readonly botId?: string;
  /**
   * - `webhook`, the default: an incoming webhook, or an app under another name: subtype bot_message, no user.
   * - `app`: an app under its own name, with chat.postMessage: no subtype, but a bot user and a profile.
   */
  readonly by?: "webhook" | "app";
  /** In the thread of this message. */
  readonly threadTs?: string;
}

const pager = { botId: "B0PAGER001", appId: "A0PAGER001" } as const;

export function createPeople(workspace: Workspace, deliveries: Deliveries): People {
  const { app, team, manifest } = workspace;

  function common(userId: string): Fields {
    return {
      token: "sandbox",
      api_app_id: app.id,
      team: { id: team.id, domain: team.domain },
      enterprise: null,
      is_enterprise_install: false,
      user: userBlock(workspace, userId),
    };
  }

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

  function act(payload: Fields): Promise<DeliveryResult> {
    return deliveries.once("interactive", payload);
  }

  function actionOf(element: Fields, blockId: unknown, aim: Aim): Fields {
    const options = [
      ...listOf(element.options),
      ...listOf(element.option_groups).flatMap((group) => listOf(group.options)),
    ];
    const chosen = options.find((option) => option.value === aim.value);
    const { confirm: _confirm, options: _options, option_groups: _groups, ...shown } = element;
    return {
      ...shown,
      block_id: blockId,
      action_ts: (workspace.clock.nowMs() / 1_000).toFixed(6),
      ...(chosen === undefined ? {} : { selected_option: chosen }),
      ...(element.type === "users_select" ? { selected_user: aim.value } : {}),
      ...(element.type === "plain_text_input" ? { value: aim.value } : {}),
    };
  }

  function clickMessage(
    userId: string,
    channel: SlackChannel,
    message: SlackMessage,
    aim: Aim,
  ): Promise<DeliveryResult> {
    const found = elementIn(message, aim);
    const isEphemeral = message.onlyFor !== undefined;
    const original = { ts: message.ts, isEphemeral };
    const thread = message.threadTs === undefined ? {} : { threadTs: message.threadTs };
    return act({
      ...common(userId),
      type: "block_actions",
      trigger_id: newTrigger(workspace, userId),
      response_url: newResponseUrl(workspace, { channel: channel.id, userId, original, ...thread }),
      container: {
        type: found.attachmentId === undefined ? "message" : "message_attachment",
        message_ts: message.ts,
        channel_id: channel.id,
        is_ephemeral: isEphemeral,
        ...(found.attachmentId === undefined
          ? {}
          : { attachment_id: found.attachmentId, is_app_unfurl: false }),
        ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
      },
      channel: { id: channel.id, name: channel.name },
      ...(isEphemeral ? {} : { message: messageFields(workspace, channel, message) }),
      state: { values: {} },
      actions: [actionOf(found.element, found.blockId, aim)],
    });
  }

  function clickView(
    userId: string,
    view: SlackView,
    aim: Aim,
    values: ViewValues = {},
  ): Promise<DeliveryResult> {
    const { element, blockId } = elementBy(listOf(view.view.blocks), aim);
    return act({
      ...common(userId),
      type: "block_actions",
      trigger_id: newTrigger(workspace, userId, view.id),
      container: { type: "view", view_id: view.id },
      view: viewFields(workspace, view, values),
      state: { values },
      actions: [actionOf(element, blockId, aim)],
    });
  }

  function pop(userId: string, all = false): void {
    const stack = workspace.modals.get(userId) ?? [];
    workspace.modals.set(userId, all ? [] : stack.slice(0, -1));
    workspace.changed({ kind: "view", userId });
  }

  async function submit(userId: string, values: ViewValues): Promise<DeliveryResult> {
    const view = viewOf(workspace, userId);
    const trigger_id = newTrigger(workspace, userId, view.id);
    const shown = viewFields(workspace, view, values);
    const result = await act({
      ...common(userId),
      type: "view_submission",
      trigger_id,
      view: shown,
      response_urls: [],
    });
    if (!result.isAcked) return result;
    const { response_action: action, view: next } = result.body;
    if (action === undefined) pop(userId);
    else if (action === "clear") pop(userId, true);
    else if (action === "update") changeView(workspace, view, validateView(workspace, next, "modal"));
    else if (action === "push") stackView(workspace, userId, validateView(workspace, next, "modal"));
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
    async click(userId, channelId, ts, aim) {
      const channel = channelOf(workspace, channelId, userId);
      return clickMessage(userId, channel, messageOf(channel, ts, userId), aim);
    },
    async clickInHome(userId, aim) {
      const home = workspace.homes.get(userId);
      if (home === undefined) throw new Error("The app has published no Home for this user.");
      return clickView(userId, home, aim);
    },
    clickInModal: async (userId, aim, values) => clickView(userId, viewOf(workspace, userId), aim, values),
    submit,
    async closeModal(userId) {
      const view = viewOf(workspace, userId);
      pop(userId);
      if (view.view.notify_on_close !== true) return undefined;
      const shown = viewFields(workspace, view);
      return act({ ...common(userId), type: "view_closed", view: shown, is_cleared: false });
    },
    async messageShortcut(userId, callbackId, channelId, ts) {
      const channel = channelOf(workspace, channelId, userId);
      const message = messageOf(channel, ts, userId);
      const original = { ts: message.ts, isEphemeral: false };
      return act({
        ...common(userId),
        type: "message_action",
        callback_id: callbackId,
        trigger_id: newTrigger(workspace, userId),
        response_url: newResponseUrl(workspace, { channel: channel.id, userId, original }),
        action_ts: (workspace.clock.nowMs() / 1_000).toFixed(6),
        message_ts: message.ts,
        channel: { id: channel.id, name: channel.name },
        message: messageFields(workspace, channel, message),
      });
    },
    globalShortcut: (userId, callbackId) =>
      act({
        ...common(userId),
        type: "shortcut",
        callback_id: callbackId,
        trigger_id: newTrigger(workspace, userId),
        action_ts: (workspace.clock.nowMs() / 1_000).toFixed(6),
      }),
    openHome(userId) {
      const home = workspace.homes.get(userId);
      const event_ts = (workspace.clock.nowMs() / 1_000).toFixed(6);
      const view = home === undefined ? {} : { view: viewFields(workspace, home) };
      workspace.event({
        type: "app_home_opened",
        user: userId,
        channel: `D${userId.slice(1)}`,
        tab: "home",
        event_ts,
        ...view,
      });
    },
    react(userId, channelId, ts, emoji) {
      const channel = channelOf(workspace, channelId, userId);
      const message = messageOf(channel, ts, userId);
      const has = message.reactions.some(({ name, users }) => name === emoji && users.includes(userId));
      setReaction(workspace, channel, message, emoji, userId, has ? "remove" : "add");
    },
    page(channelId, { by = "webhook", username = "Alertmanager", threadTs, botId = pager.botId, ...page }) {
      const channel = channelOf(workspace, channelId);
      const body = checkedBody(workspace, { text: "", ...page });
      const thread = threadTs === undefined ? {} : { threadTs };
      const speaker =
        by === "webhook" ? { username, subtype: "bot_message" } : { user: "U0PAGER001", botName: username };
      return addMessage(workspace, channel, { ...body, ...pager, botId, ...thread, ...speaker }).ts;
    },
    editPage(channelId, ts, { text = "", attachments, blocks }) {
      const channel = channelOf(workspace, channelId);
      const message = findMessage(channel, ts);
      if (message?.botId !== pager.botId) throw new Error("The pager posted no such message.");
      const shown = {
        text,
        ...(attachments === undefined ? {} : { attachments }),
        ...(blocks === undefined ? {} : { blocks }),
      };
      editMessage(workspace, channel, message, checkedBody(workspace, fieldsOf(shown)));
    },
    invite(channelId, userId) {
      const channel = channelOf(workspace, channelId);
      channel.members.add(userId);
      workspace.changed({ kind: "channel", channel: channelId });
      workspace.event({ type: "member_joined_channel", user: userId, channel: channelId, team: team.id });
    },
    kick(channelId, userId) {
      channelOf(workspace, channelId).members.delete(userId);
      workspace.changed({ kind: "channel", channel: channelId });
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
