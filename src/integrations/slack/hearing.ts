import {
  type CardAction,
  type CardClick,
  type ChatRequest,
  cardActions,
  cardMenu,
} from "../../domain/chat-request.ts";
import { feedbackForm } from "../../domain/feedback-form.ts";
import type { Place } from "../../domain/message.ts";
import { snapshotForm } from "../../domain/snapshot-form.ts";
import { nothingMore } from "./answers.ts";
import { audienceOf, type Conversation } from "./conversation.ts";
import { commentIn } from "./feedback-form.ts";
import { inTime } from "./in-time.ts";
import { isPersonsWord } from "./loop-guards.ts";
import { once } from "./once.ts";
import {
  clickPayload,
  commandPayload,
  homePayload,
  mentionPayload,
  messagePayload,
  type Submission,
  shortcutPayload,
  submissionPayload,
} from "./payloads.ts";
import { type ShowingSettings, showing } from "./showing.ts";
import { placeOf, wordsOf } from "./snapshot-form.ts";

export interface HearingSettings extends ShowingSettings {
  readonly own: { readonly botId: string; readonly botUserId: string };
}

/** What an acknowledgement carries; undefined when there is nothing to say with it. */
export type Ack = object | undefined;

/**
 * Turns what Slack delivers into requests and what they answer into what people see. All of it happens before the
 * acknowledgement and within 2 s: what is acknowledged is kept, and who gets no answer is told so.
 */
export interface Hearing {
  command(body: unknown): Promise<Ack>;
  /** Rejects when it is to be delivered again. */
  mention(body: unknown, retryNum: number | undefined): Promise<void>;
  click(body: unknown): Promise<void>;
  shortcut(body: unknown): Promise<void>;
  submission(body: unknown): Promise<Ack>;
  home(body: unknown): Promise<void>;
  /** Rejects when it is to be delivered again. */
  message(body: unknown): Promise<void>;
}

export function hearing(conversation: Conversation, settings: HearingSettings): Hearing {
  const { client, looks, own, clock } = settings;
  const first = once<Ack>(() => clock.nowMs());
  const shown = showing(settings);

  async function clickOnCard(click: CardClick, triggerId: string): Promise<void> {
    await inTime(async (signal) => {
      const reply = await conversation.click(click, signal);
      if (reply.kind === "ask") await shown.openForm(reply, triggerId, click.place, signal);
      else await shown.show(reply, click, signal);
      if (reply.kind !== "feedback" || reply.says !== "wrong" || reply.comment !== undefined) return;
      // It counts without a reason, too.
      await shown.openComment(reply, triggerId, click.place, signal).catch(() => {});
    });
  }

  async function comment(body: Submission): Promise<Ack> {
    const { view, user, trigger_id: trigger } = body;
    const filledIn = commentIn(view);
    if (filledIn === undefined) return undefined;
    const intent = `form ${view.id} ${trigger ?? view.hash ?? ""}`;
    return await first(intent, async () => {
      try {
        return await inTime(async (signal) => {
          const click = { intent, userId: user.id, action: "wrong", ...filledIn } as const;
          const reply = await conversation.click(click, signal);
          const problem = await shown.problemOf(reply, signal);
          if (problem === undefined) await shown.show(reply, click, signal);
          return problem === undefined ? undefined : errorAt(feedbackForm.comment, problem);
        });
      } catch (error) {
        return errorAt(feedbackForm.comment, shown.troubled(error).text);
      }
    });
  }

  return {
    command(body) {
      const {
        command,
        text = "",
        user_id: userId,
        channel_id: channel,
        trigger_id: trigger,
      } = commandPayload.parse(body);
      const place = { channel };
      // Named for itself in the manifest, whatever the app's own command is called there.
      const words = command === "/approve-config" ? `approve-config ${text}` : text;
      return first(`command ${trigger}`, async () => {
        try {
          return await inTime(async (signal) => {
            const request = { intent: trigger, kind: "command", userId, place, words } as const;
            const reply = await conversation.request(request, signal);
            const audience = audienceOf(reply);
            if (reply.kind === "begun") {
              const hint = await shown.hintAt(reply.incident, signal);
              if (hint !== undefined) return { response_type: "ephemeral", text: hint };
            }
            if (audience === "card") return undefined;
            if (reply.kind === "ask") {
              try {
                await shown.openForm(reply, trigger, place, signal);
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

    async mention(body, retryNum) {
      const { event, event_id: intent, event_time: atS } = mentionPayload.parse(body);
      const { user: userId } = event;
      if (userId === undefined || !isPersonsWord(event, own)) return;
      const place = { channel: event.channel, thread: event.thread_ts ?? event.ts };
      const words = afterMention(event.text, own.botUserId);
      await first(`event ${intent}`, async () => {
        try {
          await inTime(async (signal) => {
            const request = { intent, kind: "mention", userId, place, words } as const;
            const reply = await conversation.request(request, signal);
            // A retry: another process may have answered, and only its acknowledgement got lost.
            await shown.show(reply, request, signal, retryNum === undefined ? undefined : atS * 1_000);
          });
        } catch (error) {
          // Slack delivers it again; people are told once.
          if (retryNum === undefined) await shown.tellTrouble(error, place, userId);
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
      const thread = container.thread_ts ?? container.message_ts;
      // App Home is no place; what goes wrong there is told in the person's messages with gofire.
      const home = { channel: user.id };
      const place =
        channel === undefined || thread === undefined ? undefined : { channel: channel.id, thread };
      const intent = ["click", container.message_ts ?? container.view_id, id, user.id, atS].join(" ");
      await first(intent, async () => {
        try {
          const cardClick = clickOf(id, chosen);
          if (cardClick !== undefined) {
            await clickOnCard({ intent, userId: user.id, place: place ?? home, ...cardClick }, trigger);
          } else if (id === snapshotForm.openedBy) {
            await openFor({ intent, userId: user.id }, place, trigger);
          }
        } catch (error) {
          await shown.tellTrouble(error, place ?? home, user.id);
        }
        return undefined;
      });
    },

    async shortcut(body) {
      const { callback_id: id, user, trigger_id: trigger, channel, message } = shortcutPayload.parse(body);
      if (id !== snapshotForm.shortcut || channel === undefined || message === undefined) return;
      const place = { channel: channel.id, thread: message.thread_ts ?? message.ts };
      await first(`shortcut ${trigger}`, async () => {
        try {
          await openFor({ intent: trigger, userId: user.id }, place, trigger);
        } catch (error) {
          await shown.tellTrouble(error, place, user.id);
        }
        return undefined;
      });
    },

    async submission(body) {
      const submission = submissionPayload.parse(body);
      const { type, user, view, trigger_id: trigger } = submission;
      if (type !== "view_submission") return undefined;
      if (view.callback_id === feedbackForm.id) return await comment(submission);
      if (view.callback_id !== snapshotForm.id) return undefined;
      const place = placeOf(view);
      if (place === undefined) return undefined;
      const words = wordsOf(view.state?.values ?? {});
      const { service } = snapshotForm.fields;
      // A form that stays open with an error is the same view: sent again, corrected or not, it is a new request.
      const intent = `form ${view.id} ${trigger ?? `${view.hash ?? ""} ${words}`}`;
      return await first(intent, async () => {
        try {
          return await inTime(async (signal) => {
            const request = { intent, kind: "shortcut", userId: user.id, place, words } as const;
            const reply = await conversation.request(request, signal);
            const problem = await shown.problemOf(reply, signal);
            if (problem === undefined) await shown.show(reply, request, signal);
            return problem === undefined ? undefined : errorAt(service, problem);
          });
        } catch (error) {
          return errorAt(service, shown.troubled(error).text);
        }
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

    async message(body) {
      if (conversation.page === undefined) return;
      const { event } = messagePayload.parse(body);
      const { channel, subtype } = event;
      // A change hides what it is about one level down; everything else that is hidden was taken away.
      const now = subtype === "message_changed" ? event.message : event;
      if (now === undefined || (subtype !== undefined && !pageSubtypes.has(subtype))) return;
      const { ts, thread_ts: thread, bot_id: botId, bot_profile: profile } = now;
      const appId = now.app_id ?? profile?.app_id;
      // Posts of an app under its own name have none here.
      const username = now.username ?? profile?.name;
      if (botId === own.botId || (botId === undefined && appId === undefined)) return;
      if (thread !== undefined && thread !== ts) return;
      const message = {
        channel,
        ts,
        saidTs: event.ts,
        text: plainWords(now.text),
        attachments: (now.attachments ?? []).map(({ title, fallback, text, color, fields = [] }) => ({
          ...(title === undefined ? {} : { title: plainWords(title) }),
          ...(fallback === undefined ? {} : { fallback: plainWords(fallback) }),
          ...(text === undefined ? {} : { text: plainWords(text) }),
          ...(color === undefined ? {} : { color }),
          fields: fields.map((field) => ({
            title: plainWords(field.title),
            value: plainWords(field.value),
          })),
        })),
      };
      const speaker = {
        ...(botId === undefined ? {} : { botId }),
        ...(appId === undefined ? {} : { appId }),
        ...(username === undefined ? {} : { username }),
      };
      await inTime(async (signal) => await conversation.page?.(speaker, message, signal));
    },
  };

  async function openFor(
    who: Pick<ChatRequest, "intent" | "userId">,
    place: Place | undefined,
    triggerId: string,
  ): Promise<void> {
    await inTime(async (signal) => {
      const at = place ?? { channel: who.userId };
      const request = { ...who, place: at, kind: "shortcut", words: "snapshot" } as const;
      const reply = await conversation.request(request, signal);
      if (reply.kind === "ask") await shown.openForm(reply, triggerId, place, signal);
      else await shown.show(reply, request, signal);
    });
  }
}

function errorAt(field: string, problem: string): Ack {
  return { response_action: "errors", errors: { [field]: problem } };
}

/** What follows the first mention of gofire, which some clients write with its name: `<@U0GOFIRE|gofire>`. */
function afterMention(text: string, botUserId: string): string {
  const mention = new RegExp(`<@${botUserId}(?:\\|[^>]*)?>\\s*`).exec(text);
  return mention === null ? text : text.slice(mention.index + mention[0].length);
}

/** Of messages that bots post: with a name of their own, and changed. */
const pageSubtypes = new Set(["bot_message", "message_changed"]);

/** Without Slack's markup: links and mentions as they read, `&<>` as people wrote them. */
function plainWords(text = ""): string {
  return text
    .replace(/<(?:[^<>|]*\|)?([^<>]*)>/g, "$1")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
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
