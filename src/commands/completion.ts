import { UsageError } from "../domain/errors.ts";
import { type Command, defineCommand, type Named, type OptionSpec } from "./command.ts";
import type { Ports } from "./context.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** `all` gives the list of commands, in which this command is too. */
export function completion(all: () => readonly Command[]) {
  return defineCommand({
    name: "completion",
    summary: "Print the completion script for your shell",
    usage: "bash|zsh|fish",
    examples: [
      { line: "completion bash", does: "try it: source <(gofire completion bash)" },
      { line: "completion zsh", does: "the same; or save it as _gofire in a folder of $fpath" },
      { line: "completion fish", does: "save it as ~/.config/fish/completions/gofire.fish" },
    ],
    operands: { placeholder: "bash, zsh or fish", min: 1, max: 1, words: shells },
    options: {},
    async run(_context, { operands }, ports) {
      if (operands[0] === serviceNames) return { kind: "file", text: await servicesText(ports) };
      const { analyzers } = await import("../analyzers/index.ts");
      const rules = analyzers.map((analyzer) => analyzer.meta.id);
      const shell = shells.find((name) => name === operands[0]);
      switch (shell) {
        case "bash":
          return { kind: "file", text: bash(all(), rules) };
        case "zsh":
          return { kind: "file", text: zsh(all(), rules) };
        case "fish":
          return { kind: "file", text: fish(all(), rules) };
        case undefined:
          throw new UsageError(`gofire completes in ${shells.join(", ")}; not in "${operands[0]}".`);
      }
    },
  });
}

/** What the scripts ask this program for while somebody types: one service of ./gofire.yaml a line. */
const serviceNames = "services";
const askServices = `gofire completion ${serviceNames} 2>/dev/null`;

/** Silent about a gofire.yaml that is wrong: this is not the moment to say so. */
async function servicesText(ports: Ports): Promise<string> {
  try {
    const config = await ports.config(undefined);
    return Object.keys(config?.services ?? {})
      .map((name) => `${name}\n`)
      .join("");
  } catch {
    return "";
  }
}

/** What is offered after an option: words, or undefined when it takes anything (then files are offered). */
interface Offer {
  readonly words: readonly string[];
  /** Words that only the program knows while somebody types. */
  readonly services: boolean;
  /** Comma-separated: the last word is completed, and what stands before it stays. */
  readonly isList: boolean;
}

function offerOf(spec: OptionSpec, rules: readonly string[]): Offer | undefined {
  const fixed = "choices" in spec ? spec.choices : undefined;
  const names = "names" in spec ? spec.names : undefined;
  if (fixed === undefined && names === undefined) return undefined;
  return {
    words: [...(fixed ?? []), ...namedRules(names, rules)],
    services: names === "service",
    isList: spec.kind === "list",
  };
}

function operandOffer({ operands }: Command, rules: readonly string[]): Offer {
  return {
    words: [...(operands.words ?? []), ...namedRules(operands.names, rules)],
    services: operands.names === "service",
    isList: false,
  };
}

function namedRules(names: Named | undefined, rules: readonly string[]): readonly string[] {
  return names === "rule" ? rules : [];
}

/** As a shell's word list, with what only the program knows. */
function spelled({ words, services }: Offer): string {
  return [...words, ...(services ? [`$(${askServices})`] : [])].join(" ");
}

function bash(commands: readonly Command[], rules: readonly string[]): string {
  const cases = commands.map((command) => {
    const options = ["--help", ...Object.keys(command.options).map((name) => `--${name}`)].join(" ");
    const values = Object.entries(command.options).flatMap(([name, spec]) => {
      if (spec.kind === "flag") return [];
      const written = spec.short === undefined ? `--${name}` : `--${name}|-${spec.short}`;
      return [`        ${written}) ${bashReply(offerOf(spec, rules))}; return;;`];
    });
    return `    ${command.name})
      case "$before" in
${[...values, "        *) ;;"].join("\n")}
      esac
      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "${options}" -- "$word"))
      else COMPREPLY=($(compgen -W "${spelled(operandOffer(command, rules))}" -- "$word") $(compgen -f -- "$word")); fi;;`;
  });
  // Bash takes "--format=json" for three words.
  return `# bash completion of gofire: source <(gofire completion bash)
_gofire() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  if [[ $word == "=" ]]; then word=
  elif [[ $before == "=" ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map((command) => command.name).join(" ")} --help --version" -- "$word")); return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
}
complete -o filenames -F _gofire gofire
`;
}

function bashReply(offer: Offer | undefined): string {
  if (offer === undefined) return 'COMPREPLY=($(compgen -f -- "$word"))';
  const words = `-W "${spelled(offer)}"`;
  return offer.isList
    ? `compopt -o nospace; COMPREPLY=($(compgen ${words} -P "\${word%"\${word##*,}"}" -- "\${word##*,}"))`
    : `COMPREPLY=($(compgen ${words} -- "$word"))`;
}

function zsh(commands: readonly Command[], rules: readonly string[]): string {
  const cases = commands.map((command) => {
    const options = Object.entries(command.options).map(([name, spec]) => zshOption(name, spec, rules));
    const offer = operandOffer(command, rules);
    const words = `:word:(${spelled(offer)})'`;
    const operand =
      offer.words.length === 0 && !offer.services
        ? "'*:file:_files'"
        : command.operands.files === true
          ? `'1${words} '*:file:_files'`
          : `'*${words}`;
    return `    ${command.name}) _arguments ${[...options, "'(-h --help)'{-h,--help}'[this text]'", operand].join(" ")};;`;
  });
  return `#compdef gofire
_gofire() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map((command) => `'${command.name}:${zshQuoted(command.summary)}'`).join(" ")})
    _describe command commands; return
  fi
  local command=$words[2]
  shift words; (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
# Loaded from $fpath this file is the function itself; sourced it only makes it known.
if [[ $funcstack[1] == _gofire ]]; then _gofire "$@"; else compdef _gofire gofire; fi
`;
}

/** A specification of `_arguments`: "+" and "=" say that the value may stand in the same word. */
function zshOption(name: string, spec: OptionSpec, rules: readonly string[]): string {
  const { short } = spec;
  const takesValue = spec.kind !== "flag";
  const long = `--${name}${takesValue ? "=" : ""}`;
  const repeated = spec.kind === "texts" || spec.kind === "list";
  const excluded = repeated ? "*" : short === undefined ? "" : `(-${short} --${name})`;
  const names =
    short === undefined ? `'${excluded}${long}` : `'${excluded}'{-${short}${takesValue ? "+" : ""},${long}}'`;
  const value = takesValue ? zshValue(offerOf(spec, rules)) : "";
  return `${names}[${zshQuoted(spec.summary)}]${value}'`;
}

function zshValue(offer: Offer | undefined): string {
  if (offer === undefined) return ":value:_files";
  return offer.isList ? `:value:_values -s , value ${spelled(offer)}` : `:value:(${spelled(offer)})`;
}

/** For a text within single quotes in a specification of `_arguments` or `_describe`. */
function zshQuoted(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/[[\]:]/g, "\\$&");
}

function fish(commands: readonly Command[], rules: readonly string[]): string {
  const lines = commands.flatMap((command) => {
    const here = `-n '__fish_seen_subcommand_from ${command.name}'`;
    const { words, services } = operandOffer(command, rules);
    return [
      `complete -c gofire -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuoted(command.summary)}`,
      ...(words.length > 0 ? [`complete -c gofire ${here} -f -a ${fishQuoted(words.join(" "))}`] : []),
      ...(services ? [`complete -c gofire ${here} -a ${fishQuoted(`(${askServices})`)}`] : []),
      ...Object.entries(command.options).map(([name, spec]) => {
        const short = spec.short === undefined ? "" : ` -s ${spec.short}`;
        const value = spec.kind === "flag" ? "" : fishValue(offerOf(spec, rules));
        return `complete -c gofire ${here} -l ${name}${short}${value} -d ${fishQuoted(spec.summary)}`;
      }),
    ];
  });
  return `# fish completion of gofire\n${lines.join("\n")}\n`;
}

/** `__fish_append` puts what stands before the last word of a list in front of it. */
function fishValue(offer: Offer | undefined): string {
  if (offer === undefined) return " -r";
  const words = [...offer.words, ...(offer.services ? [`(${askServices})`] : [])].join(" ");
  return ` -x -a ${fishQuoted(offer.isList ? `(__fish_append , ${words})` : words)}`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
