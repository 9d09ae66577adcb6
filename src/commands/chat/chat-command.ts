import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { ChatRequest } from "../../domain/chat/chat-request.ts";
import type { ChatAccess, ChatRight } from "../../domain/chat/chat-rights.ts";
import type { Analyses } from "../../jobs/incidents/analyses.ts";
import type { Chat } from "../../ports/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigGate } from "../../ports/config-gate.ts";
import type { Feedback } from "../../ports/feedback.ts";
import type { GateCards } from "../../ports/gate-cards.ts";
import type { GateRequests } from "../../ports/gate-requests.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Mutes } from "../../ports/mutes.ts";
import type { OpenActs } from "../../ports/open-acts.ts";
import type { People } from "../../ports/people.ts";
import type { Queue } from "../../ports/queue.ts";
import type { RollbackSteps } from "../../ports/rollback-steps.ts";
import type { Rooms } from "../../ports/rooms.ts";
import type { Services } from "../../ports/services.ts";
import type { Storms } from "../../ports/storms.ts";
import type { TlsLooks } from "../../ports/tls-looks.ts";
import type { TlsPlaces } from "../../ports/tls-places.ts";
import type { Arguments, Operands, OptionSpecs } from "../command.ts";

/** Everything a chat command may ask of the outside world. */
export interface ChatPorts {
  /** To a command: those that the person may see, see `sightOf`. */
  readonly incidents: Incidents;
  readonly queue: Queue;
  readonly services: Services;
  readonly tlsLooks: TlsLooks;
  readonly tlsPlaces: Pick<TlsPlaces, "permit">;
  /** Absent: gofire.yaml has no gate. */
  readonly gate?: Pick<ConfigGate, "repository">;
  readonly gateRequests: GateRequests;
  readonly gateCards: Pick<GateCards, "find">;
  readonly rollbackSteps: RollbackSteps;
  readonly analyses: Analyses;
  readonly people: People;
  readonly rooms: Rooms;
  readonly chat: Pick<Chat, "permalink">;
  readonly storms: Pick<Storms, "read">;
  readonly access: ChatAccess;
  readonly mutes: Mutes;
  readonly openActs: OpenActs;
  readonly feedback: Feedback;
  readonly clock: Clock;
  /** Of gofire. */
  readonly version: string;
}

/** One command of the chat. Help, the docs and the reader of words are derived from the list of these. */
export interface ChatCommand<Options extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** Other words for the same that people write; in no list. */
  readonly alsoCalled?: readonly string[];
  /** One line without a full stop. */
  readonly summary: string;
  /** What follows the command's name in the usage line. */
  readonly usage: string;
  /** Without the leading `/gofire`; a test reads every one. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** What the person must be allowed to do; undefined: every full member may. Dispatch enforces it. */
  readonly whoMayUse: ChatRight | undefined;
  readonly operands: Operands;
  /** Options are words: `pod=order-2`, and a flag is its bare name. */
  readonly options: Options;
  /**
   * Returns data; rendering is elsewhere. Throws UsageError for what the person can mend by typing something else,
   * PortError when it could not be done, and the signal's reason.
   */
  run(
    request: ChatRequest,
    args: Arguments<Options>,
    ports: ChatPorts,
    signal: AbortSignal,
  ): Promise<ChatReply>;
}

/** Gives `run` the argument types that its options promise. */
export function defineChatCommand<const Options extends OptionSpecs>(
  command: ChatCommand<Options>,
): ChatCommand<Options> {
  return command;
}
