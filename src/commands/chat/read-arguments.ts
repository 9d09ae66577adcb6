import { UsageError } from "../../domain/errors.ts";
import { nearest } from "../../domain/nearest.ts";
import { optionValue } from "../arguments.ts";
import type { Arguments, OptionSpecs } from "../command.ts";
import type { ChatCommand } from "./chat-command.ts";
import { withoutSentence } from "./sentence.ts";
import type { Word } from "./words.ts";

/**
 * Reads the words after a command's name: `pod=order-2` is an option, `deep` a flag, everything else an operand; in quotes,
 * everything is one. Words that only a sentence needs are left out. `--pod=order-2` is the same as `pod=order-2`. Throws
 * UsageError that names the word at fault and what would be right.
 */
export function readArguments<Options extends OptionSpecs>(
  command: Pick<ChatCommand<Options>, "name" | "options" | "operands">,
  words: readonly Word[],
): Arguments<Options> {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(command.options))
    values[name] = spec.kind === "flag" ? false : undefined;
  const operands: string[] = [];
  for (const word of withoutSentence(words, mostWords(command, words))) {
    const { name, value } = optionOf(word);
    const spec = Object.hasOwn(command.options, name) ? command.options[name] : undefined;
    if (value === "" && name !== "" && Object.keys(command.options).length === 0) {
      // The end of base64, which no option of this command could be.
      operands.push(word.text);
    } else if (value !== undefined) {
      if (spec === undefined) throw unknownOption(command, name);
      values[name] = optionValue(name, spec, value, values[name]);
    } else if (!word.quoted && spec?.kind === "flag") {
      values[name] = true;
    } else {
      operands.push(word.text);
    }
  }
  checkCount(command, operands);
  return { ...values, operands } as unknown as Arguments<Options>;
}

/** Flags stand among the operands. */
function mostWords(
  { operands, options }: Pick<ChatCommand, "operands" | "options">,
  words: readonly Word[],
): number {
  const isFlag = (word: Word) => !word.quoted && options[optionOf(word).name]?.kind === "flag";
  return operands.max + words.filter(isFlag).length;
}

/** Dashes in front are for people who are used to a terminal; phones make one long dash of two, which is read as one. */
function optionOf({ text, equalsAt }: Word): { name: string; value?: string } {
  const name = text.slice(0, equalsAt).replace(/^-+/, "");
  return {
    name: name.toLowerCase(),
    ...(equalsAt === undefined ? {} : { value: text.slice(equalsAt + 1) }),
  };
}

function unknownOption({ name, options }: Pick<ChatCommand, "name" | "options">, word: string): UsageError {
  const names = Object.keys(options);
  if (word === "") return new UsageError("Write an option without blanks in one word: NAME=VALUE.");
  const close = nearest(word, names);
  if (names.length === 0) return new UsageError(`${name} has no options such as ${word}=.`);
  const hint = close === undefined ? `It has: ${names.join(", ")}.` : `Did you mean ${close}?`;
  return new UsageError(`${name} has no option "${word}". ${hint}`);
}

function checkCount(
  {
    name,
    options,
    operands: { min, max, placeholder, instead = {} },
  }: Pick<ChatCommand, "name" | "options" | "operands">,
  operands: readonly string[],
): void {
  if (operands.length < min) throw new UsageError(`${name} needs ${placeholder}.`);
  if (operands.length <= max) return;
  const known = operands.slice(1).find((word) => Object.hasOwn(instead, word.toLowerCase()));
  if (known !== undefined) throw new UsageError(instead[known.toLowerCase()] ?? "");
  const before = operands[max - 1] ?? "";
  const extra = operands[max] ?? "";
  const meant = Object.entries(options).find(([option, spec]) => {
    return (
      spec.kind !== "flag" && [before, extra].some((word) => word.toLowerCase().split(":", 1)[0] === option)
    );
  })?.[0];
  const flag = nearest(
    extra.toLowerCase(),
    Object.entries(options).flatMap(([option, spec]) => (spec.kind === "flag" ? [option] : [])),
  );
  const hint =
    meant !== undefined
      ? ` Write ${meant}=… in one word.`
      : flag !== undefined
        ? ` Did you mean ${flag}?`
        : max === 1
          ? ` A name is one word: ${before}-${extra} or ${before}_${extra}?`
          : "";
  throw new UsageError(`"${extra}" is one word too many for ${name}.${hint}`);
}
