import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import type { CommandContext, Ports } from "./context.ts";
import { commandHelpText, helpText } from "./help.ts";
import { commands } from "./index.ts";
import type { Format, Reply } from "./reply.ts";

/** A reply and the form in which it was asked for. */
export interface Answer {
  readonly reply: Reply;
  readonly format: Format;
  readonly verbose: boolean;
}

/** Finds the command, reads its words and runs it. Throws UsageError for what the person can mend. */
export async function dispatch(
  words: readonly string[],
  context: CommandContext,
  ports: Ports,
): Promise<Answer> {
  const [first, ...rest] = words;
  if (first === undefined || first === "--help" || first === "-h")
    return text(helpText(commands, context.version));
  if (first === "help") {
    return text(
      rest[0] === undefined ? helpText(commands, context.version) : commandHelpText(commandNamed(rest[0])),
    );
  }
  const command = commandNamed(first);
  const beforeOperands = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (beforeOperands.includes("--help") || beforeOperands.includes("-h"))
    return text(commandHelpText(command));
  const args = parseArguments(command, rest);
  const reply = await command.run(context, args, ports);
  const { format, verbose } = args as { format?: Format; verbose?: boolean };
  return { reply, format: format ?? "text", verbose: verbose ?? false };
}

function commandNamed(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const close = nearest(name, [...commands.map((candidate) => candidate.name), "--version", "--help"]);
  const hint = close === undefined ? "" : ` Did you mean gofire ${close}?`;
  throw new UsageError(`There is no command "${name}".${hint} gofire --help lists them.`);
}

function text(content: string): Answer {
  return { reply: { kind: "text", text: content }, format: "text", verbose: false };
}
