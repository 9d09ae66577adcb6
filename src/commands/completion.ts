import { UsageError } from "../domain/errors.ts";
import { type Command, defineCommand, type OptionSpec } from "./command.ts";
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
    whoMayUse: "anyone",
    effect: "read",
    operands: { placeholder: "bash, zsh or fish", min: 1, max: 1 },
    options: {},
    async run(_context, { operands }, ports) {
      if (operands[0] === serviceNames) return { kind: "text", text: await servicesText(ports) };
      const { analyzers } = await import("../analyzers/index.ts");
      const rules = analyzers.map((analyzer) => analyzer.meta.id);
      const shell = shells.find((name) => name === operands[0]);
      switch (shell) {
        case "bash":
          return { kind: "text", text: bash(all(), rules) };
        case "zsh":
          return { kind: "text", text: zsh(all(), rules) };
        case "fish":
          return { kind: "text", text: fish(all(), rules) };
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

/** Fixed words after an option, or undefined when it takes anything (then files are offered). */
function choicesOf(
  command: Command,
  option: string,
  rules: readonly string[],
): readonly string[] | undefined {
  const spec = command.options[option];
  if (spec?.kind === "choice" || spec?.kind === "list") {
    return option === "rules" ? rules : spec.choices;
  }
  return undefined;
}

function takesService(command: Command, option?: string): boolean {
  return option === undefined ? command.name === "snapshot" : option === "service";
}

function firstWords(command: Command, rules: readonly string[]): readonly string[] {
  if (command.name === "rules") return ["explain", ...rules];
  if (command.name === "config") return ["schema"];
  return command.name === "completion" ? shells : [];
}

function bash(commands: readonly Command[], rules: readonly string[]): string {
  const cases = commands.map((command) => {
    const options = ["--help", ...Object.keys(command.options).map((name) => `--${name}`)].join(" ");
    const values = Object.entries(command.options).flatMap(([name, spec]) => {
      const choices = choicesOf(command, name, rules);
      if (takesService(command, name)) {
        return [`        --${name}) COMPREPLY=($(compgen -W "$(${askServices})" -- "$word")); return;;`];
      }
      if (choices === undefined) return [];
      const words = `-W "${choices.join(" ")}"`;
      // Of a list the last word is completed; what stands before it stays.
      const reply =
        spec.kind === "list"
          ? `compopt -o nospace; COMPREPLY=($(compgen ${words} -P "\${word%"\${word##*,}"}" -- "\${word##*,}"))`
          : `COMPREPLY=($(compgen ${words} -- "$word"))`;
      return [`        --${name}) ${reply}; return;;`];
    });
    return `    ${command.name})
      case "$before" in
${[...values, "        *) ;;"].join("\n")}
      esac
      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "${options}" -- "$word"))
      else COMPREPLY=($(compgen -W "${takesService(command) ? `$(${askServices})` : firstWords(command, rules).join(" ")}" -- "$word") $(compgen -f -- "$word")); fi;;`;
  });
  return `# bash completion of gofire: source <(gofire completion bash)
_gofire() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
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

function zsh(commands: readonly Command[], rules: readonly string[]): string {
  const cases = commands.map((command) => {
    const options = Object.entries(command.options).map(([name, spec]) => {
      const choices = choicesOf(command, name, rules);
      return `'--${name}[${zshQuoted(spec.summary)}]${zshValue(spec, takesService(command, name), choices)}'`;
    });
    const words = firstWords(command, rules);
    const operand = takesService(command)
      ? `'*:service:($(${askServices}))'`
      : words.length > 0
        ? `'*:word:(${words.join(" ")})'`
        : "'*:file:_files'";
    return `    ${command.name}) _arguments ${[...options, "'--help[this text]'", operand].join(" ")};;`;
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

function zshValue(spec: OptionSpec, service: boolean, choices: readonly string[] | undefined): string {
  if (spec.kind === "flag") return "";
  if (service) return `:service:($(${askServices}))`;
  if (choices === undefined) return ":value:_files";
  const words = choices.join(" ");
  return spec.kind === "list" ? `:value:_values -s , value ${words}` : `:value:(${words})`;
}

/** For a text within single quotes in a specification of `_arguments` or `_describe`. */
function zshQuoted(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/[[\]:]/g, "\\$&");
}

function fish(commands: readonly Command[], rules: readonly string[]): string {
  const lines = commands.flatMap((command) => {
    const here = `-n '__fish_seen_subcommand_from ${command.name}'`;
    const words = firstWords(command, rules);
    return [
      `complete -c gofire -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuoted(command.summary)}`,
      ...(words.length > 0 ? [`complete -c gofire ${here} -f -a ${fishQuoted(words.join(" "))}`] : []),
      ...(takesService(command) ? [`complete -c gofire ${here} -a ${fishQuoted(`(${askServices})`)}`] : []),
      ...Object.entries(command.options).map(([name, spec]) => {
        const choices = choicesOf(command, name, rules);
        const value =
          spec.kind === "flag"
            ? ""
            : takesService(command, name)
              ? ` -x -a ${fishQuoted(`(${askServices})`)}`
              : choices === undefined
                ? " -r"
                : ` -x -a ${fishQuoted(fishWords(spec, choices))}`;
        const short = spec.short === undefined ? "" : ` -s ${spec.short}`;
        return `complete -c gofire ${here} -l ${name}${short}${value} -d ${fishQuoted(spec.summary)}`;
      }),
    ];
  });
  return `# fish completion of gofire\n${lines.join("\n")}\n`;
}

/** Of a list the last word is completed; `__fish_append` puts what stands before it in front. */
function fishWords(spec: OptionSpec, choices: readonly string[]): string {
  return spec.kind === "list" ? `(__fish_append , ${choices.join(" ")})` : choices.join(" ");
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
