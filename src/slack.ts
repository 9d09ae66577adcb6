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
import type { SlackConfig } from "./config/gofire-config.ts";
import { isFromPager, type PageSource, pageMessageOf } from "./domain/alerts/page-message.ts";
import type { ChatAccess } from "./domain/chat/chat-rights.ts";
import type { MessageBody } from "./domain/chat/message.ts";
import type { People } from "./domain/configuration/gate.ts";
import { UsageError } from "./domain/errors.ts";
import { systemClock } from "./integrations/clock/system-clock.ts";
import { channelTrouble, type NamedChannel } from "./integrations/slack/channel-check.ts";
import { slackChannels } from "./integrations/slack/channels.ts";
import { type SlackChatSettings, slackChat } from "./integrations/slack/chat.ts";
import { type SlackClient, type SlackClientSettings, slackClient } from "./integrations/slack/client.ts";
import type { Conversation, Looks } from "./integrations/slack/conversation.ts";
import { groupTrouble, type NamedGroup } from "./integrations/slack/group-check.ts";
import { slackPeople } from "./integrations/slack/people.ts";
import { slackRooms } from "./integrations/slack/rooms.ts";
import { type Reach, type SlackSideSettings, slackSide, socketUrl } from "./integrations/slack/side.ts";
import { checkAccess, checkBotToken } from "./integrations/slack/start-check.ts";
import { storedAnalyses } from "./jobs/incidents/analyses.ts";
import { showWhatWasRefused } from "./jobs/thread/let-in.ts";
import type { Clock } from "./ports/clock.ts";
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

/** What configuration and secrets say about the workspace. */
export interface SlackInstallation {
  readonly slack: Pick<SlackConfig, "mode" | "listen" | "apiUrl">;
  readonly access: ChatAccess;
  /** Which addresses accounts commit with; absent: nobody says. */
  readonly accounts?: People;
  readonly botToken: string;
  /** For socket mode. */
  readonly appToken?: string;
  /** For http mode. */
  readonly signingSecret?: string;
  readonly version: string;
  /** Absent: what bots say is no page. */
  readonly pages?: PageSource;
  /** Channels that the configuration names; absent: none. */
  readonly channels?: readonly NamedChannel[];
  /** This machine's when absent. */
  readonly clock?: Clock;
  /** How long one call may take, a file to appear, and what people ask; the adapter's own figures when absent. */
  readonly patience?: Pick<SlackClientSettings, "deadlineMs"> &
    Pick<SlackChatSettings, "shareWaitMs"> &
    Pick<SlackSideSettings, "answerWithinMs">;
}

const startWithinMs = 15_000;

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

/**
 * Asks Slack whether gofire can work there, and tells as whom; what will not work goes to `tell`, a line each. Throws
 * UsageError and PortError as `openSlack` and its `listen` would.
 */
export async function checkSlack(
  installation: SlackInstallation,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { slack, botToken } = installation;
  checkBotToken(botToken);
  const client = slackClient(clientSettings(installation, botToken));
  const opened = [client];
  try {
    const { teamName, botName } = await checkAccess(client, tell, signal);
    const reach = reachOf(installation);
    if (reach.mode === "socket") {
      opened.push(reach.appClient);
      await socketUrl(reach.appClient, signal);
    }
    for (const line of await namedTrouble(installation, client, signal)) tell(line);
    return `@${botName} in the workspace ${teamName}, in ${slack.mode} mode`;
  } finally {
    await Promise.all(opened.map((each) => each.close()));
  }
}

/** Told when gofire begins to hear, because a page at night is no time to find out. */
async function troubleIn(installation: SlackInstallation, client: SlackClient): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(startWithinMs);
  return await namedTrouble(installation, client, signal).catch(() => [
    "it could not be found out in time whether all is well with the channels and user groups that gofire.yaml names; gofire doctor asks again.",
  ]);
}

/** What is wrong with what the configuration names by its id in Slack. */
async function namedTrouble(
  { channels = [], access }: SlackInstallation,
  client: SlackClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return [
    ...(await channelTrouble(client, channels, signal)),
    ...(await groupTrouble(client, namedGroups(access), signal)),
  ];
}

function namedGroups({ rights, others }: ChatAccess): readonly NamedGroup[] {
  const audiences = [
    ...Object.entries(rights),
    ...(others === undefined ? [] : [["defaults", others] as const]),
  ];
  return audiences.flatMap(([right, { groups }]) =>
    groups.map((id) => ({ id, setting: `access.${right}.groups` })),
  );
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

function reachOf(installation: SlackInstallation): Reach {
  const { slack, appToken, signingSecret } = installation;
  if (slack.mode === "http") {
    if (signingSecret === undefined || signingSecret === "") {
      throw new UsageError(
        "Slack's http mode needs the signing secret: Basic Information > App Credentials on the app's page at " +
          "https://api.slack.com/apps. Put it into SLACK_SIGNING_SECRET.",
      );
    }
    return { mode: "http", signingSecret };
  }
  if (appToken?.startsWith("xapp-") !== true) {
    throw new UsageError(
      "Slack's socket mode needs an app-level token (xapp-…) with the scope connections:write: Basic Information > " +
        "App-Level Tokens on the app's page at https://api.slack.com/apps. Put it into SLACK_APP_TOKEN.",
    );
  }
  return { mode: "socket", appClient: slackClient(clientSettings(installation, appToken)) };
}

function listenOf({ listen }: SlackInstallation["slack"]): { readonly listen?: ListenAddress } {
  return listen === undefined ? {} : { listen };
}

function clientSettings(
  { slack, version, clock = systemClock, patience: { deadlineMs } = {} }: SlackInstallation,
  token: string,
): SlackClientSettings {
  return {
    token,
    ...(slack.apiUrl === undefined ? {} : { apiUrl: slack.apiUrl }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    clock,
    userAgent: `gofire/${version}`,
  };
}

/** As the answer to who muted would have been. */
function announcement(act: OpenMute): MessageBody {
  return chatReplyBody(
    act.did === "muted"
      ? { kind: "muted", mute: act.mute }
      : { kind: "unmuted", subject: act.subject, mute: act.mute },
  );
}
