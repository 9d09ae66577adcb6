import type { CommandHelp } from "../../domain/chat/chat-reply.ts";
import { UsageError } from "../../domain/errors.ts";
import { nearest } from "../../domain/nearest.ts";
import { type AccessPorts, type Asker, refusalFor } from "../../jobs/access/refusal.ts";
import { type ChatCommand, defineChatCommand } from "./chat-command.ts";

/** `list` gives all commands; it is asked when help is, because help is one of them. */
export function helpCommand(list: () => readonly ChatCommand[]) {
  return defineChatCommand({
    name: "help",
    summary: "See what gofire understands and what you may do",
    usage: "[COMMAND]",
    examples: [{ line: "help snapshot", does: "what may follow snapshot" }],
    whoMayUse: undefined,
    operands: { placeholder: "a COMMAND", min: 0, max: 1 },
    options: {},
    async run({ userId, place }, { operands: [name] }, ports, signal) {
      const wanted = name === undefined ? list() : [commandNamed(list(), name)];
      const asker = { userId, channel: place.channel };
      return {
        kind: "help",
        commands: await Promise.all(wanted.map((command) => permittedHelp(command, asker, ports, signal))),
      };
    },
  });
}

/** Throws UsageError with the nearest name. */
export function commandNamed(commands: readonly ChatCommand[], typed: string): ChatCommand {
  const name = typed.toLowerCase().replace(/^-+/, "");
  const command = commands.find(
    (candidate) => candidate.name === name || candidate.alsoCalled?.includes(name) === true,
  );
  if (command !== undefined) return command;
  const close = nearest(
    name,
    commands.map((candidate) => candidate.name),
  );
  const hint = close === undefined ? "" : ` Did you mean ${close}?`;
  throw new UsageError(`There is no command "${typed}".${hint}`);
}

export function helpOf({ name, summary, usage, examples, options }: ChatCommand): CommandHelp {
  return {
    name,
    summary,
    usage,
    examples,
    options: Object.entries(options).map(([option, spec]) => ({
      word: "placeholder" in spec ? `${option}=${spec.placeholder}` : option,
      summary: spec.summary,
    })),
  };
}

async function permittedHelp(
  command: ChatCommand,
  asker: Asker,
  ports: AccessPorts,
  signal: AbortSignal,
): Promise<CommandHelp> {
  const refusal = await refusalFor(command.whoMayUse, asker, ports, signal);
  return { ...helpOf(command), allowed: refusal === undefined };
}
