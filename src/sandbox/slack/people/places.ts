import { isJsonObject } from "../../../domain/json-object.ts";
import { type Fields, listOf, textOf } from "../fields.ts";
import { findMessage } from "../messages.ts";
import type { SlackChannel, SlackMessage, SlackView, Workspace } from "../workspace.ts";
import type { Aim } from "./people.ts";

export function userBlock(workspace: Workspace, userId: string): Fields {
  const user = workspace.users.get(userId);
  if (user === undefined) throw new Error(`No user ${userId}.`);
  return { id: user.id, username: user.name, name: user.name, team_id: user.teamId };
}

/** The channel, when the user (if one is named) is in it. */
export function channelOf(workspace: Workspace, channelId: string, userId?: string): SlackChannel {
  const channel = workspace.channels.get(channelId);
  if (channel === undefined) throw new Error(`No channel ${channelId}.`);
  if (userId === undefined) return channel;
  if (channel.isArchived === true) throw new Error(`#${channel.name} is archived.`);
  if (!channel.members.has(userId)) throw new Error(`${userId} is not in #${channel.name}.`);
  return channel;
}

export function messageOf(channel: SlackChannel, ts: string, userId: string): SlackMessage {
  const message = findMessage(channel, ts);
  if (message === undefined || (message.onlyFor !== undefined && message.onlyFor !== userId))
    throw new Error(`${userId} sees no message ${ts} in #${channel.name}.`);
  return message;
}

/** The modal on top of the user's stack. */
export function viewOf(workspace: Workspace, userId: string): SlackView {
  const view = workspace.modals.get(userId)?.at(-1);
  if (view === undefined) throw new Error(`${userId} has no modal open.`);
  return view;
}

interface Found {
  readonly element: Fields;
  readonly blockId: unknown;
  readonly attachmentId?: unknown;
}

/** The element with this action_id among blocks; throws when it is not on the screen. */
export function elementBy(blocks: readonly Fields[], aim: Aim): Found {
  for (const block of blocks) {
    if (aim.blockId !== undefined && block.block_id !== aim.blockId) continue;
    const holders = [
      ...listOf(block.elements),
      ...listOf(block.actions),
      block.accessory,
      block.element,
    ].filter(isJsonObject);
    const element = holders.find((candidate) => candidate.action_id === aim.actionId);
    if (element !== undefined) return { element, blockId: block.block_id };
  }
  throw new Error(`Nothing to click with action_id ${aim.actionId}.`);
}

export function elementIn(message: SlackMessage, aim: Aim): Found {
  for (const attachment of message.attachments ?? []) {
    try {
      return { ...elementBy(listOf(attachment.blocks), aim), attachmentId: attachment.id };
    } catch {
      // Not in this attachment.
    }
  }
  return elementBy(message.blocks ?? [], aim);
}

/** Where the newest button with this label is that a user sees. */
export function newestButton(
  { messages }: SlackChannel,
  userId: string,
  label: string,
): { readonly message: SlackMessage; readonly aim: Aim } | undefined {
  for (const message of messages.toReversed()) {
    if (message.onlyFor !== undefined && message.onlyFor !== userId) continue;
    const blocks = [
      ...(message.blocks ?? []),
      ...(message.attachments ?? []).flatMap((attachment) => listOf(attachment.blocks)),
    ];
    for (const block of blocks) {
      const button = listOf(block.elements).find(
        ({ type, text }) => type === "button" && isJsonObject(text) && text.text === label,
      );
      const actionId = textOf(button?.action_id);
      const blockId = textOf(block.block_id);
      if (actionId === undefined) continue;
      return { message, aim: { actionId, ...(blockId === undefined ? {} : { blockId }) } };
    }
  }
  return undefined;
}
