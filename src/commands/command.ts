import type { CommandContext, Ports } from "./context.ts";
import type { Reply } from "./reply.ts";

/** What a word names, so that the shell can offer those there are: a rule, or a service of ./gofire.yaml. */
export type Named = "rule" | "service";

/**
 * One option, as data: the terminal's parser, `--help`, shell completion, Slack's modal and the docs all read it.
 * Not a zod schema, because loading zod takes longer than analysing a dump (docs/decisions/0005).
 */
export type OptionSpec = {
  /** One line without a full stop. */
  readonly summary: string;
  /** One letter, for the terminal. */
  readonly short?: string;
} & (
  | { readonly kind: "flag" }
  | { readonly kind: "text"; readonly placeholder: string; readonly names?: Named }
  /** May be given several times. */
  | { readonly kind: "texts"; readonly placeholder: string }
  /** Comma-separated. `choices` are all words that it takes, for the shell and the error message. */
  | {
      readonly kind: "list";
      readonly placeholder: string;
      readonly choices?: readonly string[];
      readonly names?: Named;
    }
  | { readonly kind: "integer"; readonly placeholder: string; readonly min: number; readonly max: number }
  /** "500ms", "20s", "2m"; milliseconds in the arguments. */
  | {
      readonly kind: "duration";
      readonly placeholder: string;
      readonly minMs: number;
      readonly maxMs: number;
    }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
);

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionValue<Spec extends OptionSpec> = Spec extends { kind: "flag" }
  ? boolean
  : Spec extends { kind: "text" }
    ? string | undefined
    : Spec extends { kind: "texts" | "list" }
      ? readonly string[] | undefined
      : Spec extends { kind: "integer" | "duration" }
        ? number | undefined
        : Spec extends { kind: "choice"; choices: readonly (infer Choice)[] }
          ? Choice | undefined
          : never;

export type Arguments<Options extends OptionSpecs> = {
  readonly [Name in keyof Options]: OptionValue<Options[Name]>;
} & { readonly operands: readonly string[] };

export interface Operands {
  readonly placeholder: string;
  readonly min: number;
  readonly max: number;
  /** What people write there that is none of them, and what to write instead. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Fixed words among them, for the shell. */
  readonly words?: readonly string[];
  /** Files and folders come after such a word. */
  readonly files?: true;
  readonly names?: Named;
}

export interface Command<Options extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** What follows the command's name in the usage line. */
  readonly usage: string;
  /** Command lines without the leading `gofire`; a test parses every one. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  readonly operands: Operands;
  readonly options: Options;
  /** Returns data; rendering is elsewhere. Throws UsageError for what the person can mend. */
  run(context: CommandContext, args: Arguments<Options>, ports: Ports): Promise<Reply>;
}

/** Gives `run` the argument types that its options promise. */
export function defineCommand<const Options extends OptionSpecs>(
  command: Command<Options>,
): Command<Options> {
  return command;
}
