import {
  type CardAction,
  type CardClick,
  cardActions,
  cardMenu,
  type GateClick,
  rollbackActions,
} from "../../domain/chat/chat-request.ts";
import { snapshotForm } from "../../domain/chat/snapshot-form.ts";
import { readGateButton } from "../../domain/configuration/gate-request.ts";
import type { Clock } from "../../ports/clock.ts";
import { nothingMore } from "./answers.ts";
import { audienceOf, type Conversation, isAnnouncement } from "./conversation.ts";
import { type FormsHeard, formsHeard } from "./forms-heard.ts";
import { answeringWithin } from "./in-time.ts";
import { isPersonsWord } from "./loop-guards.ts";
import { once } from "./once.ts";
import { clickPayload, commandPayload, homePayload, joinedPayload, mentionPayload } from "./payloads.ts";
import { postsHeard } from "./posts-heard.ts";
import { type ShowingSettings, showing } from "./showing.ts";
import { type Spot, spotAt } from "./spot.ts";

export interface HearingSettings extends ShowingSettings {
  readonly own: { readonly botId: string; readonly botUserId: string };
  readonly clock: Clock;
}

/** What an acknowledgement carries; undefined when there is nothing to say with it. */
export type Ack = object | undefined;

/**
 * Turns what Slack delivers into requests and what they answer into what people see. All of it happens before the
 * acknowledgement and within 2 s: what is acknowledged is kept, and who gets no answer is told so.
 */
export interface Hearing extends Omit<FormsHeard, "open"> {
  command(body: unknown): Promise<Ack>;
  /** The answer to a command is on its way. Rejects never. */
  answered(body: unknown): Promise<void>;
  /** Rejects when it is to be delivered again. */
  mention(body: unknown, retryNum: number | undefined): Promise<void>;
  click(body: unknown): Promise<void>;
  home(body: unknown): Promise<void>;
  /** Somebody came into a channel. Rejects when it is to be delivered again. */
  joined(body: unknown): Promise<void>;
  /** Rejects when it is to be delivered again. */
  message(body: unknown): Promise<void>;
}

export function hearing(conversation: Conversation, settings: HearingSettings): Hearing {
  const { client, looks, channels, own, clock } = settings;
  const inTime = answeringWithin(settings.answerWithinMs);
  const first = once<Ack>(() => clock.monotonicMs());
  const shown = showing(settings);
  /** Commands of which everybody hears by the answer, which is not on its way yet. */
  const unannounced = new Set<string>();
  const { open, ...forms } = formsHeard({ conversation, shown, first, inTime });

  async function clickOnCard(click: CardClick & Spot, triggerId: string): Promise<void> {
    await inTime(async (signal) => {
      const { place, aside } = click;
      const spot = { place, aside };
      const reply = await conversation.click(click, signal);
      if (reply.kind === "ask") await shown.openForm(reply, triggerId, spot, signal);
      else if (reply.kind === "judging") await shown.openOpinions(reply, triggerId, spot, signal);
      else await shown.show(reply, click, signal);
      if (reply.kind !== "feedback" || reply.says !== "wrong" || reply.comment !== undefined) return;
      // It counts without a reason, too.
      await shown.openComment(reply, triggerId, spot, signal).catch(() => {});
    });
  }

  async function decide(click: GateClick): Promise<void> {
    await inTime(async (signal) => {
      await shown.show(await conversation.decide(click, signal), click, signal);
    });
  }

  return {
    ...forms,

    command(body) {
      const {
        command,
        text = "",
        user_id: userId,
        channel_id: channel,
        trigger_id: trigger,
      } = commandPayload.parse(body);
      const spot = spotAt(channel);
      // Named for itself in the manifest, whatever the app's own command is called there.
      const words = command === "/approve-config" ? `approve-config ${text}` : text;
      return first(`command ${trigger}`, async () => {
        try {
          return await inTime(async (signal) => {
            const request = { intent: trigger, kind: "command", userId, place: spot.place, words } as const;
            const reply = await shown.withReach(await conversation.request(request, signal), signal);
            const audience = audienceOf(reply);
            if (isAnnouncement(reply)) unannounced.add(trigger);
            if (audience === "card") return undefined;
            if (reply.kind === "ask") {
              try {
                await shown.openForm(reply, trigger, spot, signal);
                return undefined;
              } catch (error) {
                // The words say what to type instead.
                if (signal.aborted) throw error;
              }
            }
            // In an answer to a command Slack takes the message even where the bot may not post.
            return {
              response_type: audience === "place" ? "in_channel" : "ephemeral",
              ...looks.reply(reply),
            };
          });
        } catch (error) {
          return { response_type: "ephemeral", ...shown.troubled(error) };
        }
      });
    },

    async answered(body) {
      const { trigger_id: trigger } = commandPayload.parse(body);
      if (!unannounced.delete(trigger)) return;
      // Where that fails a worker says it once more: twice is better than never.
      await inTime(async (signal) => await conversation.announced(trigger, signal)).catch(() => {});
    },

    async mention(body, retryNum) {
      const { event, event_id: intent, event_time: atS } = mentionPayload.parse(body);
      const { user: userId } = event;
      if (userId === undefined || !isPersonsWord(event, own)) return;
      const { place, aside } = spotAt(event.channel, event.ts, event.thread_ts);
      const words = besideMention(event.text, own.botUserId);
      await first(`event ${intent}`, async () => {
        try {
          await inTime(async (signal) => {
            const request = { intent, kind: "mention", userId, place, aside, words } as const;
            const reply = await conversation.request(request, signal);
            // A retry: another process may have answered, and only its acknowledgement got lost.
            const attemptedAtMs = retryNum === undefined ? undefined : atS * 1_000;
            await shown.show(reply, request, signal, attemptedAtMs);
            if (isAnnouncement(reply)) await conversation.announced(intent, signal);
          });
        } catch (error) {
          // Slack delivers it again; people are told once.
          if (retryNum === undefined) await shown.tellTrouble(error, aside, userId);
          throw error;
        }
        return undefined;
      });
    },

    async click(body) {
      const { user, trigger_id: trigger, container, channel, actions } = clickPayload.parse(body);
      const action = actions[0];
      if (action === undefined) return;
      const { action_id: id, action_ts: atS, value, selected_option: option } = action;
      const chosen = option?.value ?? value ?? "";
      const { message_ts: ts, thread_ts: thread, is_ephemeral: isAside } = container;
      // App Home is no place; and there is no thread of what only one person sees.
      const spot =
        channel === undefined || ts === undefined
          ? undefined
          : spotAt(channel.id, isAside === true ? undefined : ts, thread);
      const intent = ["click", ts ?? container.view_id, id, user.id, atS].join(" ");
      await first(intent, async () => {
        try {
          const cardClick = spot === undefined ? undefined : clickOf(id, chosen);
          const button = readGateButton(id, chosen);
          const rollbackAction = rollbackActions.find((known) => known === id);
          if (cardClick !== undefined && spot !== undefined) {
            await clickOnCard({ intent, userId: user.id, ...spot, ...cardClick }, trigger);
          } else if (button !== undefined && spot !== undefined && ts !== undefined) {
            const clicked = { channel: spot.place.channel, ts };
            await decide({ intent, userId: user.id, ...spot, clicked, button });
          } else if (rollbackAction !== undefined && spot !== undefined) {
            const click = { intent, userId: user.id, ...spot, action: rollbackAction, about: chosen };
            await inTime(async (signal) => {
              await shown.show(await conversation.rollback(click, signal), click, signal);
            });
          } else if (id === snapshotForm.openedBy) {
            await open({ intent, userId: user.id }, spot, trigger);
          }
        } catch (error) {
          if (spot === undefined) await shown.noticeTrouble(error, trigger);
          else await shown.tellTrouble(error, spot.aside, user.id);
        }
        return undefined;
      });
    },

    async home(body) {
      const { event } = homePayload.parse(body);
      if (event.tab !== undefined && event.tab !== "home") return;
      await inTime(async (signal) => {
        const view = await conversation.home(event.user, signal);
        await client.call("views.publish", { user_id: event.user, view }, nothingMore, signal);
      });
    },

    async joined(body) {
      const { event } = joinedPayload.parse(body);
      if (event.user !== own.botUserId) return;
      channels.forget(event.channel);
      await inTime(async (signal) => await conversation.letIn(event.channel, signal));
    },

    message: postsHeard(conversation, own, inTime),
  };
}

/**
 * What follows the first mention of gofire, which some clients write with its name: `<@U0GOFIRE|gofire>`; what stands before
 * it when nothing follows.
 */
function besideMention(text: string, botUserId: string): string {
  const mention = new RegExp(`<@${botUserId}(?:\\|[^>]*)?>\\s*`).exec(text);
  if (mention === null) return text;
  const after = text.slice(mention.index + mention[0].length);
  return /[^\s.,:;!?]/.test(after) ? after : text.slice(0, mention.index);
}

/** A card's button carries its incident, and its finding; a menu's choice says the action and then the same. */
function clickOf(
  actionId: string,
  value: string,
): Pick<CardClick, "action" | "incidentId" | "finding"> | undefined {
  const [named, incidentId, finding] = (actionId === cardMenu ? value : `${actionId} ${value}`).split(" ");
  const action = cardActions.find((known): known is CardAction => known === named);
  if (action === undefined || incidentId === undefined) return undefined;
  return { action, incidentId, ...(finding === undefined ? {} : { finding }) };
}
