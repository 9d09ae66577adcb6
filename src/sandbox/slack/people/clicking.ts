import { validateView } from "../blocks/view.ts";
import type { Deliveries } from "../deliveries/deliveries.ts";
import type { DeliveryResult } from "../deliveries/outlet.ts";
import { type Fields, listOf } from "../fields.ts";
import { messageFields } from "../messages.ts";
import { changeView, stackView, viewFields } from "../methods/views.ts";
import {
  newResponseUrl,
  newTrigger,
  type SlackChannel,
  type SlackMessage,
  type SlackView,
  type Workspace,
} from "../workspace.ts";
import type { Aim, People, ViewValues } from "./people.ts";
import { channelOf, elementBy, elementIn, messageOf, newestButton, userBlock, viewOf } from "./places.ts";

type Clicking = Pick<
  People,
  | "click"
  | "press"
  | "clickInHome"
  | "clickInModal"
  | "submit"
  | "closeModal"
  | "messageShortcut"
  | "globalShortcut"
>;

/** What people click on: buttons, menus, forms and shortcuts. */
export function clicking(workspace: Workspace, deliveries: Deliveries): Clicking {
  const { app, team } = workspace;

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
    async click(userId, channelId, ts, aim) {
      const channel = channelOf(workspace, channelId, userId);
      return clickMessage(userId, channel, messageOf(channel, ts, userId), aim);
    },
    async press(userId, channelId, label) {
      const channel = channelOf(workspace, channelId, userId);
      const found = newestButton(channel, userId, label);
      return found === undefined ? undefined : clickMessage(userId, channel, found.message, found.aim);
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
  };
}
