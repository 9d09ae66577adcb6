import type { Deliveries } from "../deliveries/deliveries.ts";
import type { DeliveryResult } from "../deliveries/outlet.ts";
import type { Fields } from "../fields.ts";
import { deleteMessage } from "../messages.ts";
import { viewFields } from "../methods/views.ts";
import { setReaction } from "../methods/workspace-methods.ts";
import type { Workspace } from "../workspace.ts";
import { clicking } from "./clicking.ts";
import { type PagerMessage, paging } from "./pager.ts";
import { channelOf, messageOf } from "./places.ts";
import { typing } from "./typing.ts";

/** What a click is aimed at: the element's action_id, and the option it chooses for selects and overflow menus. */
export interface Aim {
  readonly actionId: string;
  readonly blockId?: string;
  /** Chosen option's value, or the text typed. */
  readonly value?: string;
}

/** Input values of a modal: block_id → action_id → value as Slack shapes it, e.g. `{type, value}`. */
export type ViewValues = Readonly<Record<string, Readonly<Record<string, Fields>>>>;

/**
 * People in the workspace: what they do reaches the app as Slack would deliver it. Throws when Slack's screen would not let
 * them.
 */
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
  /** Clicks the newest button in a channel and its threads that has this label; undefined where they see none. */
  press(userId: string, channelId: string, label: string): Promise<DeliveryResult | undefined>;
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
  /** Deletes a message of anybody's, as admins of a workspace may. */
  remove(userId: string, channelId: string, ts: string): void;
  invite(channelId: string, userId: string): void;
  kick(channelId: string, userId: string): void;
  archive(channelId: string): void;
}

export function createPeople(workspace: Workspace, deliveries: Deliveries): People {
  const { team } = workspace;
  return {
    ...typing(workspace, deliveries),
    ...clicking(workspace, deliveries),
    ...paging(workspace),
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
    remove(userId, channelId, ts) {
      const channel = channelOf(workspace, channelId, userId);
      deleteMessage(workspace, channel, messageOf(channel, ts, userId));
    },
    archive(channelId) {
      channelOf(workspace, channelId).isArchived = true;
      workspace.changed({ kind: "channel", channel: channelId });
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
