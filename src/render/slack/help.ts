import type { ChatReply, CommandHelp } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { context, section } from "./blocks.ts";
import { code, words } from "./escape.ts";
import { replyBody } from "./reply-body.ts";

type Help = Extract<ChatReply, { kind: "help" }>;

/** What gofire understands; one command alone also with what may follow it. */
export function helpBody({ commands, problem }: Help): MessageBody {
  const [only] = commands.length === 1 ? commands : [];
  return replyBody(
    [
      problem ?? "What gofire understands:",
      ...commands.map((command) => `/gofire ${usageOf(command)}: ${command.summary}.${deniedPlain(command)}`),
    ],
    [
      ...section([problem === undefined ? "" : `⚠️ ${words(problem, 1_000)}`]),
      ...section(commands.map(commandLine)),
      ...section(only === undefined ? [] : detailLines(only)),
      ...context([
        only === undefined ? "`/gofire help COMMAND` tells more. In a thread: `@gofire COMMAND`" : "",
      ]),
    ],
  );
}

export function commandLine(command: CommandHelp): string {
  const denied = command.allowed === false ? " · 🚫 not for you here" : "";
  return `${code(`/gofire ${usageOf(command)}`, 200)} ${words(command.summary, 200)}${denied}`;
}

function detailLines({ options, examples }: CommandHelp): readonly string[] {
  return [
    ...options.map(({ word, summary }) => `• ${code(word, 80)} ${words(summary, 200)}`),
    examples.length === 0 ? "" : "*For example*",
    ...examples.map(({ line, does }) => `${code(`/gofire ${line}`, 200)} ${words(does, 200)}`),
  ];
}

function usageOf({ name, usage }: CommandHelp): string {
  return usage === "" ? name : `${name} ${usage}`;
}

function deniedPlain({ allowed }: CommandHelp): string {
  return allowed === false ? " You may not use it here." : "";
}
