import type { Audience, ChatReply } from "../../domain/chat/chat-reply.ts";
import type { ChatAccess, ChatRight } from "../../domain/chat/chat-rights.ts";
import type { People as Accounts } from "../../domain/configuration/gate.ts";
import { PortError } from "../../domain/errors.ts";
import type { People, Person } from "../../ports/people.ts";
import type { Rooms } from "../../ports/rooms.ts";

export type Refusal = Extract<ChatReply, { kind: "refused" }>;

/** Who asks for something, and in which channel. */
export interface Asker {
  readonly userId: string;
  readonly channel: string;
}

export interface AccessPorts {
  readonly people: People;
  readonly access: ChatAccess;
}

/** What decides, when something is done, whether who wants it may: answers are some seconds old at most. */
export interface Rights extends AccessPorts {
  readonly rooms: Rooms;
  /** Which addresses accounts commit with, as gofire.yaml says: those that share one are one person. */
  readonly accounts: Accounts;
}

const what: Readonly<Record<ChatRight, string>> = {
  snapshot: "capture services",
  status: "see what runs",
  explain: "read findings in full",
  diff: "compare captures",
  tls: "look at TLS ports",
  mute: "mute services and rules",
  resolve: "resolve incidents",
  feedback: "judge findings",
  rollback: "roll configuration back",
  approve: "approve or reject configuration changes",
};

/**
 * Why somebody may not use `right`, or, when no right is named, gofire at all; undefined when they may. Who cannot be
 * asked about is refused. Throws the signal's reason and nothing else.
 */
export async function refusalFor(
  right: ChatRight | undefined,
  asker: Asker,
  ports: AccessPorts,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  return await judged(right, asker, ports, () => "refuse", signal);
}

/**
 * The same at the moment when something is done, for who can wait: where the chat does not tell for now, that is thrown as the
 * port threw it, to be tried again.
 */
export async function refusalAtLast(
  right: ChatRight,
  asker: Asker,
  ports: AccessPorts,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  return await judged(right, asker, ports, (error) => (isForOperators(error) ? "refuse" : "throw"), signal);
}

/** `whenUntold`: what becomes of the error of a chat that does not tell. */
async function judged(
  right: ChatRight | undefined,
  asker: Asker,
  { people, access }: AccessPorts,
  whenUntold: (error: unknown) => "refuse" | "throw",
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  function untold(what: string, error: unknown): Refusal {
    if (whenUntold(error) === "throw") throw error;
    return untoldRefusal(what, error, access);
  }

  let person: Person;
  try {
    person = await people.person(asker.userId, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PortError && error.code === "not-found") {
      return forMembers("The chat does not know who you are, so nothing was done.");
    }
    return untold("who you are", error);
  }
  const outsider = outsiders[person.standing];
  if (outsider !== undefined) return forMembers(outsider);
  if (right === undefined) return undefined;

  const audience = access.rights[right] ?? access.others;
  if (audience === undefined) return undefined;
  if (audience.users.includes(asker.userId) || audience.channels.includes(asker.channel)) return undefined;
  const memberships = await Promise.allSettled(
    audience.groups.map(async (group) => await people.isInGroup(asker.userId, group, signal)),
  );
  signal.throwIfAborted();
  if (memberships.some((membership) => membership.status === "fulfilled" && membership.value)) {
    return undefined;
  }
  const unanswered = memberships.find((membership) => membership.status === "rejected");
  if (unanswered !== undefined) return untold("which user groups you are in", unanswered.reason);
  return forOthers(right, access, audience);
}

const outsiders: Readonly<Record<Person["standing"], string | undefined>> = {
  member: undefined,
  guest: "Guests of the workspace cannot use gofire.",
  stranger: "People of other workspaces cannot use gofire.",
  bot: "Apps cannot use gofire.",
  deactivated: "This account is deactivated.",
};

/** It does not pass by itself. */
function isForOperators(error: unknown): error is PortError {
  return error instanceof PortError && ["forbidden", "locked-out"].includes(error.code);
}

/** Who cannot be asked about is not let in; what only an operator can mend is not said to pass by itself. */
function untoldRefusal(what: string, error: unknown, access: ChatAccess): Refusal {
  if (!isForOperators(error)) {
    const why = `The chat does not say ${what} just now, so nothing was done.`;
    return { kind: "refused", why, next: "Try again in a minute." };
  }
  const whom = named(access);
  return {
    kind: "refused",
    why: `The chat does not tell gofire ${what}, so nothing was done. ${error.message}`,
    next: "askWhom" in whom ? "Who can mend that:" : "Ask whoever looks after gofire here to mend that.",
    ...whom,
  };
}

/** Nothing in gofire can make a member of somebody. */
function forMembers(why: string): Refusal {
  return { kind: "refused", why, next: "Ask a full member of this workspace to write it for you." };
}

/** Names whom the file names, else says where the file has to be changed. */
function forOthers(right: ChatRight, access: ChatAccess, audience: Audience): Refusal {
  const setting = `access.${right} in gofire.yaml`;
  const whom = named(access);
  return {
    kind: "refused",
    why: `You may not ${what[right]} here.`,
    next:
      "askWhom" in whom
        ? `Who can give you access (${setting}):`
        : `Ask whoever looks after gofire here for access: ${setting}.`,
    ...whom,
    ...(audience.channels.length === 0 ? {} : { worksIn: audience.channels }),
  };
}

/** Whom to ask, where the file names anybody. */
function named({ givenBy }: ChatAccess): Pick<Refusal, "askWhom"> {
  const isNamed = [givenBy.users, givenBy.groups, givenBy.channels].some((ids) => ids.length > 0);
  return isNamed ? { askWhom: givenBy } : {};
}
