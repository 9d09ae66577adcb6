import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest } from "../../domain/chat/chat-request.ts";
import { feedbackForm, judgeForm } from "../../domain/chat/feedback-form.ts";
import { snapshotForm } from "../../domain/chat/snapshot-form.ts";
import type { Conversation } from "./conversation.ts";
import { commentIn, opinionsIn } from "./feedback-form.ts";
import type { Ack } from "./hearing.ts";
import type { InTime } from "./in-time.ts";
import type { Once } from "./once.ts";
import { type Submission, shortcutPayload, submissionPayload } from "./payloads.ts";
import type { Showing } from "./showing.ts";
import { isChosen, spotOf, wordsOf } from "./snapshot-form.ts";
import { type Spot, spotAt } from "./spot.ts";

/** What comes by way of forms. */
export interface FormsHeard {
  shortcut(body: unknown): Promise<void>;
  submission(body: unknown): Promise<Ack>;
  /** Opens the form that asks for a snapshot; without a `spot` it asks for the channel, too. */
  readonly open: (
    who: Pick<ChatRequest, "intent" | "userId">,
    spot: Spot | undefined,
    triggerId: string,
  ) => Promise<void>;
}

export function formsHeard({
  conversation,
  shown,
  first,
  inTime,
}: {
  readonly conversation: Conversation;
  readonly shown: Showing;
  readonly first: Once<Ack>;
  readonly inTime: InTime;
}): FormsHeard {
  async function open(
    who: Pick<ChatRequest, "intent" | "userId">,
    spot: Spot | undefined,
    triggerId: string,
  ): Promise<void> {
    await inTime(async (signal) => {
      const { place, aside } = spot ?? spotAt(who.userId);
      const request = { ...who, place, kind: "shortcut", words: "snapshot" } as const;
      const reply = await conversation.request(request, signal);
      if (reply.kind === "ask") {
        try {
          await shown.openForm(reply, triggerId, spot, signal);
          return;
        } catch (error) {
          // The words say what to write instead; from App Home there is nowhere to write it.
          if (signal.aborted || spot === undefined) throw error;
        }
      }
      if (spot === undefined) await shown.openNotice(reply, triggerId, signal);
      else await shown.show(reply, { ...request, aside }, signal);
    });
  }

  /**
   * Shows what came of a form that was sent off; what keeps it open is told at the field that `fieldOf` names, and it may
   * be sent again.
   */
  async function sent(
    intent: string,
    fieldOf: (reply: ChatReply | undefined) => string,
    ask: (signal: AbortSignal) => Promise<ChatReply>,
    to: Pick<ChatRequest, "userId"> & Spot,
  ): Promise<Ack> {
    const answer = async (): Promise<Ack> => {
      try {
        return await inTime(async (signal) => {
          const reply = await ask(signal);
          const problem = await shown.problemOf(reply, signal);
          if (problem === undefined) await shown.show(reply, { ...to, intent }, signal);
          return problem === undefined ? undefined : errorAt(fieldOf(reply), problem);
        });
      } catch (error) {
        return errorAt(fieldOf(undefined), shown.troubled(error).text);
      }
    };
    return await first(intent, answer, (ack) => ack === undefined);
  }

  async function comment({ view, user, trigger_id: trigger }: Submission): Promise<Ack> {
    const filledIn = commentIn(view);
    if (filledIn === undefined) return undefined;
    const intent = `form ${view.id} ${trigger ?? view.hash ?? ""}`;
    const { spot, ...said } = filledIn;
    const click = { intent, userId: user.id, action: "wrong", place: spot.place, ...said } as const;
    return await sent(
      intent,
      () => feedbackForm.comment,
      async (signal) => await conversation.click(click, signal),
      { userId: user.id, ...spot },
    );
  }

  async function judgement({ view, user, trigger_id: trigger }: Submission): Promise<Ack> {
    const { spot, ...judged } = opinionsIn(view);
    // A view without a single field has no findings to name.
    const [field = judgeForm.id] = Object.keys(view.state?.values ?? {});
    const intent = `form ${view.id} ${trigger ?? `${view.hash ?? ""} ${JSON.stringify(judged.opinions)}`}`;
    return await sent(
      intent,
      () => field,
      async (signal) =>
        await conversation.judge({ intent, userId: user.id, place: spot.place, ...judged }, signal),
      { userId: user.id, ...spot },
    );
  }

  return {
    open,

    async shortcut(body) {
      const { callback_id: id, user, trigger_id: trigger, channel, message } = shortcutPayload.parse(body);
      if (id !== snapshotForm.shortcut || channel === undefined || message === undefined) return;
      const spot = spotAt(channel.id, message.ts, message.thread_ts);
      await first(`shortcut ${trigger}`, async () => {
        try {
          await open({ intent: trigger, userId: user.id }, spot, trigger);
        } catch (error) {
          await shown.tellTrouble(error, spot.aside, user.id);
        }
        return undefined;
      });
    },

    async submission(body) {
      const submission = submissionPayload.parse(body);
      const { type, user, view } = submission;
      if (type !== "view_submission") return undefined;
      if (view.callback_id === feedbackForm.id) return await comment(submission);
      if (view.callback_id === judgeForm.id) return await judgement(submission);
      if (view.callback_id !== snapshotForm.id) return undefined;
      const spot = spotOf(view);
      if (spot === undefined) return undefined;
      const { place } = spot;
      const words = wordsOf(view.state?.values ?? {});
      // Sent twice by an impatient hand, it is one request; a form that stays open with an error began nothing.
      const intent = `form ${view.id} ${place.channel} ${words}`;
      const chosen = isChosen(view) ? ({ isChosen: true } as const) : {};
      const request = { intent, kind: "shortcut", userId: user.id, place, words, ...chosen } as const;
      return await sent(intent, fieldAtFault, async (signal) => await conversation.request(request, signal), {
        userId: user.id,
        ...spot,
      });
    },
  };
}

/** The field that a problem is about, where the form has one for that word of the command. */
function fieldAtFault(reply: ChatReply | undefined): string {
  const { service, instance, cpu } = snapshotForm.fields;
  const option = reply?.kind === "help" ? reply.about : undefined;
  if (option === "pod") return instance;
  return option === "cpu" ? cpu : service;
}

function errorAt(field: string, problem: string): Ack {
  return { response_action: "errors", errors: { [field]: problem } };
}
