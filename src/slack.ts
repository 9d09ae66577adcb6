/** Slack as `gofire serve` uses it: its clients, its ears, its looks, and the commands that people give there. */

import type { ChatPorts } from "./commands/chat/chat-command.ts";
import {
  answerChat,
  answerClick,
  answerDecision,
  answerJudgement,
  answerRollback,
} from "./commands/chat/dispatch.ts";
import { homeState } from "./commands/chat/home.ts";
import { isFromPager, type PageSource, pageMessageOf } from "./domain/alerts/page-message.ts";
import type { MessageBody } from "./domain/chat/message.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { slackChannels } from "./integrations/slack/channels.ts";
import { slackChat } from "./integrations/slack/chat.ts";
import { slackClient } from "./integrations/slack/client.ts";
import type { Conversation, Looks } from "./integrations/slack/conversation.ts";
import { slackPeople } from "./integrations/slack/people.ts";
import { slackRooms } from "./integrations/slack/rooms.ts";
import { slackSide } from "./integrations/slack/side.ts";
import { checkAccess, checkBotToken } from "./integrations/slack/start-check.ts";
import { storedAnalyses } from "./jobs/incidents/analyses.ts";
import { showWhatWasRefused } from "./jobs/thread/let-in.ts";
import type { OpenMute } from "./ports/open-acts.ts";
import type { ListenAddress, Role } from "./ports/server.ts";
import { gateList } from "./render/gate-list.ts";
import { card } from "./render/slack/card.ts";
import { chatReplyBody, noticeModal } from "./render/slack/chat-reply.ts";
import { commentModal, opinionsModal } from "./render/slack/feedback.ts";
import { fileComment } from "./render/slack/file-comment.ts";
import { gateCard } from "./render/slack/gate-card.ts";
import { gateReply } from "./render/slack/gate-words.ts";
import { homeView } from "./render/slack/home.ts";
import { lostRollbackCard, lostRollbackNote } from "./render/slack/lost-rollback.ts";
import { snapshotModal } from "./render/slack/modal.ts";
import { reply } from "./render/slack/reply.ts";
import { overheardRollbackCard, rollbackCard, rollbackOutcome } from "./render/slack/rollback-card.ts";
import { stormDigest } from "./render/slack/storm.ts";
import { tlsBody } from "./render/slack/tls.ts";
import { stormList } from "./render/storm-list.ts";
import type { ChatSide, Running } from "./serve.ts";
import {
  clientSettings,
  reachOf,
  type SlackInstallation,
  startWithinMs,
  troubleIn,
} from "./slack-installation.ts";

/**
 * Asks Slack who gofire is there. Throws UsageError when the tokens cannot be used, PortError when Slack cannot be
 * reached; hears nobody yet.
 */
export async function openSlack(
  installation: SlackInstallation,
  role: Role,
  tell: (line: string) => void,
): Promise<ChatSide> {
  const { slack, access, accounts = new Map(), botToken, clock = systemClock } = installation;
  const { shareWaitMs, answerWithinMs } = installation.patience ?? {};
  checkBotToken(botToken);
  let isOpen = false;
  // Until then a refusal ends the start, and says why.
  const onTrouble = (line: string) => void (isOpen && tell(line));
  const client = slackClient({ ...clientSettings(installation, botToken), onTrouble });
  const opened = [client];
  try {
    const own = await checkAccess(client, tell, AbortSignal.timeout(startWithinMs));
    isOpen = true;
    const chat = slackChat({
      client,
      own,
      clock,
      onTrouble: tell,
      ...(shareWaitMs === undefined ? {} : { shareWaitMs }),
    });
    const reach = role === "worker" ? undefined : reachOf(installation);
    if (reach?.mode === "socket") opened.push(reach.appClient);
    const channels = slackChannels(client, clock);
    const looks: Looks = {
      reply: chatReplyBody,
      form: snapshotModal,
      notice: noticeModal,
      comment: commentModal,
      opinions: opinionsModal,
    };
    const side =
      reach === undefined
        ? undefined
        : slackSide({
            reach,
            client,
            chat,
            looks,
            channels,
            own,
            clock,
            ...(answerWithinMs === undefined ? {} : { answerWithinMs }),
            onTrouble: tell,
          });
    const people = slackPeople(client, own.teamId, clock);
    const rooms = slackRooms(client, channels, clock);
    const rights = { people: slackPeople(client, own.teamId, clock, "now"), rooms, access, accounts };
    const answer = side?.answer;
    return {
      chat,
      cards: {
        card,
        reply,
        comment: fileComment,
        storm: stormDigest,
        stormList,
        tls: tlsBody,
        announcement,
        gate: gateCard,
        gateList,
        gateReply,
        answer: chatReplyBody,
        rollback: rollbackCard,
        overheardRollback: overheardRollbackCard,
        rollbackOutcome,
        lostRollback: lostRollbackCard,
        lostRollbackNote,
      },
      people,
      rights,
      ...(answer === undefined ? {} : { requests: { ...listenOf(slack), path: "/slack/events", answer } }),
      async listen(running) {
        await side?.listen(
          conversationOf(
            {
              ...running,
              analyses: storedAnalyses(running.artifacts),
              people,
              rooms,
              chat,
              access,
              clock,
              version: installation.version,
            },
            running,
            installation.pages,
          ),
        );
        for (const line of await troubleIn(installation, client)) tell(`Slack: ${line}`);
        tell(
          `Hearing people in the Slack workspace ${own.teamName} as @${own.botName}, in ${slack.mode} mode.`,
        );
      },
      hush: async () => await side?.hush(),
      close: async () => void (await Promise.all(opened.map((each) => each.close()))),
    };
  } catch (error) {
    await Promise.all(opened.map((each) => each.close()));
    throw error;
  }
}

function conversationOf(
  ports: ChatPorts,
  { pageMessages }: Pick<Running, "pageMessages">,
  pages: PageSource | undefined,
): Conversation {
  return {
    ...(pages === undefined
      ? {}
      : {
          async page(speaker, said, signal) {
            const message = isFromPager(speaker, said.channel, pages) ? pageMessageOf(said) : undefined;
            if (message !== undefined) await pageMessages.receive(message, signal);
          },
        }),
    announced: (intent, signal) => ports.openActs.close(intent, signal),
    letIn: (channel, signal) => showWhatWasRefused(channel, ports, signal),
    request: (request, signal) => answerChat(request, ports, signal),
    click: (click, signal) => answerClick(click, ports, signal),
    decide: (click, signal) => answerDecision(click, ports, signal),
    rollback: (click, signal) => answerRollback(click, ports, signal),
    judge: (judgement, signal) => answerJudgement(judgement, ports, signal),
    async home(userId, signal) {
      const state = await homeState(userId, ports, signal);
      return "kind" in state ? { type: "home", blocks: chatReplyBody(state).blocks ?? [] } : homeView(state);
    },
  };
}

function listenOf({ listen }: SlackInstallation["slack"]): { readonly listen?: ListenAddress } {
  return listen === undefined ? {} : { listen };
}

/** As the answer to who muted would have been. */
function announcement(act: OpenMute): MessageBody {
  return chatReplyBody(
    act.did === "muted"
      ? { kind: "muted", mute: act.mute }
      : { kind: "unmuted", subject: act.subject, mute: act.mute },
  );
}
