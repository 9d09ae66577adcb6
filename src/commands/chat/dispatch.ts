import { type ChatReply, refused } from "../../domain/chat/chat-reply.ts";
import type {
  CardAction,
  CardClick,
  ChatRequest,
  GateClick,
  Judgement,
  RollbackClick,
} from "../../domain/chat/chat-request.ts";
import { chatWords } from "../../domain/chat/chat-request.ts";
import type { Place } from "../../domain/chat/message.ts";
import { PortError, UsageError } from "../../domain/errors.ts";
import type { Opinion } from "../../domain/findings/feedback.ts";
import { nearest } from "../../domain/nearest.ts";
import { durationText } from "../../domain/units.ts";
import { refusalFor } from "../../jobs/access/refusal.ts";
import { inConfidence, mayRead, sightOf } from "../../jobs/access/sight.ts";
import { whichIncident } from "../../jobs/incidents/which-incident.ts";
import { noteAct } from "../../jobs/thread/tell-acts.ts";
import { answerGateClick, approveConfig } from "./approve-config.ts";
import type { ChatCommand, ChatPorts } from "./chat-command.ts";
import { feedback, giveFeedback } from "./feedback.ts";
import { commandNamed, helpOf } from "./help.ts";
import { chatCommands } from "./index.ts";
import { askOpinions, giveOpinions } from "./judge.ts";
import { mute } from "./mute.ts";
import { readArguments } from "./read-arguments.ts";
import { clickOnRollback, rollback, takeStep } from "./rollback.ts";
import { begin, draftAgain, snapshot } from "./snapshot.ts";
import { readWords, type Word } from "./words.ts";

/**
 * Reads what a person wrote, sees whether they may, and does it. What they can mend comes back as `help` with a
 * problem, what they may not do as `refused`. The same `intent` again is the same request.
 *
 * Throws PortError when it could not be done (then the person is to be told that it was not taken), and the signal's
 * reason.
 */
export async function answerChat(
  request: ChatRequest,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const asker = { userId: request.userId, channel: request.place.channel };
  const outsider = await refusalFor(undefined, asker, ports, signal);
  if (outsider !== undefined) return outsider;
  if (request.isChosen === true && (await mayRead(asker, ports.rooms, signal)) !== true) return elsewhere;
  let command: ChatCommand | undefined;
  try {
    const words = readWords(request.words);
    const [first, ...rest] = words.length === 0 ? usual(request) : words;
    command = await named(first?.text ?? "", ports);
    const refusal = await refusalFor(command.whoMayUse, asker, ports, signal);
    if (refusal !== undefined) return refusal;
    const sight = sightOf(asker, ports.incidents, ports.rooms);
    const reply = await command.run(
      request,
      readArguments(command, rest),
      { ...ports, incidents: sight.incidents },
      signal,
    );
    const untold = sight.untold();
    const whole = reply.kind === "status" && untold > 0 ? { ...reply, untold } : reply;
    return await inConfidence(whole, asker.channel, ports.rooms, signal);
  } catch (error) {
    return instead(error, command);
  }
}

/** Rights of a channel and sight of its incidents are for who is in it; what a form says was chosen proves nothing. */
const elsewhere: ChatReply = {
  kind: "refused",
  why: "gofire cannot see that you are in this channel.",
  next: "Choose one that is open to everybody, or invite gofire to it first: /invite @gofire",
};

/** The same for a click on a card. The rights are those of the command that says the same. */
export async function answerClick(
  click: CardClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const asker = { userId: click.userId, channel: click.place.channel };
  const { incidents } = sightOf(asker, ports.incidents, ports.rooms);
  return await answerSeen(click, { ...ports, incidents }, signal);
}

/** `ports.incidents`: those that the person may see. */
async function answerSeen(click: CardClick, ports: ChatPorts, signal: AbortSignal): Promise<ChatReply> {
  const { action, incidentId, place, userId, intent } = click;
  if (action === "capture-again") return await captureAgain(click, ports, signal);
  if (action === "right" || action === "wrong" || action === "judge") {
    return await judge(click.userId, place, ports, signal, async () =>
      action === "judge"
        ? await askOpinions(click, ports, signal)
        : await giveFeedback({ ...click, finding: click.finding ?? "", says: action }, ports, signal),
    );
  }
  if (action === "rollback") return await planOf(click, ports, signal);
  const asWords = { intent, kind: "shortcut", userId, place } as const;
  if (action !== "mute") {
    const words = chatWords([commandOf[action], incidentId]);
    return await answerChat({ ...asWords, words }, ports, signal);
  }
  try {
    const { service } = await whichIncident(incidentId, place, ports.incidents, signal);
    return await answerChat({ ...asWords, words: chatWords(["mute", service, "1h"]) }, ports, signal);
  } catch (error) {
    return instead(error, mute);
  }
}

/** As the command in the incident's thread: it reads, and needs the same right. */
async function planOf(click: CardClick, ports: ChatPorts, signal: AbortSignal): Promise<ChatReply> {
  const { incidentId, place, userId } = click;
  const refusal = await refusalFor(rollback.whoMayUse, { userId, channel: place.channel }, ports, signal);
  if (refusal !== undefined) return refusal;
  try {
    const { service } = await whichIncident(incidentId, place, ports.incidents, signal);
    return await takeStep({ kind: "plan", service, incidentId }, click, ports, signal);
  } catch (error) {
    return instead(error, rollback);
  }
}

/** The same for a click on a rollback's plan or card. */
export async function answerRollback(
  click: RollbackClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  try {
    return await clickOnRollback(click, ports, signal);
  } catch (error) {
    return instead(error, rollback);
  }
}

async function captureAgain(click: CardClick, ports: ChatPorts, signal: AbortSignal): Promise<ChatReply> {
  const { incidentId, place, userId } = click;
  const asker = { userId, channel: place.channel };
  const refusal = await refusalFor(snapshot.whoMayUse, asker, ports, signal);
  if (refusal !== undefined) return refusal;
  try {
    const incident = await whichIncident(incidentId, place, ports.incidents, signal);
    const reply = await begin(draftAgain(incident, click), ports, signal, { again: false });
    if (reply.kind === "begun") {
      const act = { did: "captured-again", incident: reply.incident.id } as const;
      await noteAct(incident.id, act, click, ports, signal);
    }
    return reply;
  } catch (error) {
    return instead(error, snapshot);
  }
}

/** The same for a click on a button of a proposal's card. */
export async function answerDecision(
  click: GateClick,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  try {
    return await answerGateClick(click, ports, signal);
  } catch (error) {
    return instead(error, approveConfig);
  }
}

/** The same for a form with what somebody says of findings. */
export async function answerJudgement(
  judgement: Judgement,
  ports: ChatPorts,
  signal: AbortSignal,
): Promise<ChatReply> {
  const { userId, place } = judgement;
  const asker = { userId, channel: place.channel };
  const { incidents } = sightOf(asker, ports.incidents, ports.rooms);
  const seen = { ...ports, incidents };
  return await judge(userId, place, seen, signal, async () => await giveOpinions(judgement, seen, signal));
}

async function judge(
  userId: string,
  { channel }: Place,
  ports: ChatPorts,
  signal: AbortSignal,
  work: () => Promise<ChatReply>,
): Promise<ChatReply> {
  const refusal = await refusalFor(feedback.whoMayUse, { userId, channel }, ports, signal);
  if (refusal !== undefined) return refusal;
  try {
    return await work();
  } catch (error) {
    return instead(error, feedback);
  }
}

type WordsAction = Exclude<CardAction, "capture-again" | "mute" | "judge" | "rollback" | Opinion>;

const commandOf: Readonly<Record<WordsAction, string>> = {
  explain: "explain",
  compare: "diff",
  "compare-peer": "peer",
  resolve: "resolve",
  report: "report",
};

/** What no words at all mean. */
function usual({ kind }: ChatRequest): readonly Word[] {
  return [{ text: kind === "shortcut" ? "snapshot" : "help", quoted: false }];
}

async function named(name: string, { services }: Pick<ChatPorts, "services">): Promise<ChatCommand> {
  try {
    return commandNamed(chatCommands, name);
  } catch (error) {
    const names = (await services.list()).map((service) => service.name);
    const typed = name.toLowerCase();
    const meant = names.find((known) => known.toLowerCase() === typed);
    if (meant !== undefined)
      throw new UsageError(`What about ${meant}? To capture it, write: /gofire snapshot ${meant}`);
    const close = nearest(typed, names);
    const isCommand =
      nearest(
        typed,
        chatCommands.map((command) => command.name),
      ) !== undefined;
    if (close === undefined || isCommand) throw error;
    throw new UsageError(
      `There is no command "${name}". To capture ${close}, write: /gofire snapshot ${close}`,
    );
  }
}

/** What is answered where too many wait, and where the person can mend what they wrote; throws what is neither. */
function instead(error: unknown, command: ChatCommand | undefined): ChatReply {
  if (error instanceof PortError && error.code === "rate-limited") {
    const { message, retryAfterMs = 60_000 } = error;
    return refused(message, `Write the same again in ${durationText(retryAfterMs)}.`);
  }
  if (!(error instanceof UsageError)) throw error;
  const { message, about } = error;
  return {
    kind: "help",
    commands: (command === undefined ? chatCommands : [command]).map(helpOf),
    problem: message,
    ...(about === undefined ? {} : { about }),
  };
}
