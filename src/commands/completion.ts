import { UsageError } from "../domain/errors.ts";
import { type Command, defineCommand } from "./command.ts";

const shells = ["bash", "zsh", "fish"] as const;

export const completion = defineCommand({
  name: "completion",
  summary: "Print the completion script for your shell",
  usage: "bash|zsh|fish",
  examples: [
    { line: "completion bash", does: "try it: source <(gofire completion bash)" },
    { line: "completion zsh", does: "save it as _gofire in a folder of $fpath" },
    { line: "completion fish", does: "save it as ~/.config/fish/completions/gofire.fish" },
  ],
  whoMayUse: "anyone",
  effect: "read",
  operands: { placeholder: "bash, zsh or fish", min: 1, max: 1 },
  options: {},
  async run(_context, { operands }) {
    const [{ commands }, { analyzers }] = await Promise.all([
      import("./index.ts"),
      import("../analyzers/index.ts"),
    ]);
    const rules = analyzers.map((analyzer) => analyzer.meta.id);
    const shell = shells.find((name) => name === operands[0]);
    switch (shell) {
      case "bash":
        return { kind: "text", text: bash(commands, rules) };
      case "zsh":
        return { kind: "text", text: zsh(commands, rules) };
      case "fish":
        return { kind: "text", text: fish(commands, rules) };
      case undefined:
        throw new UsageError(`gofire completes in ${shells.join(", ")}; not in "${operands[0]}".`);
    }
  },
});

/** Fixed words after an option, or undefined when it takes anything (then files are offered). */
function choicesOf(
  command: Command,
  option: string,
  rules: readonly string[],
): readonly string[] | undefined {
  const spec = command.options[option];
  if (spec?.kind === "choice") return spec.choices;
  return option === "rules" ? rules : undefined;
}

function firstWords(command: Command, rules: readonly string[]): readonly string[] {
  if (command.name === "rules") return ["explain", ...rules];
  return command.name === "completion" ? shells : [];
}

function bash(commands: readonly Command[], rules: readonly string[]): string {
  const cases = commands.map((command) => {
    const options = ["--help", ...Object.keys(command.options).map((name) => `--${name}`)].join(" ");
    const values = Object.keys(command.options).flatMap((name) => {
      const choices = choicesOf(command, name, rules);
      return choices === undefined
        ? []
        : [`        --${name}) COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$word")); return;;`];
    });
    return `    ${command.name})
      case "$before" in
${[...values, "        *) ;;"].join("\n")}
      esac
      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "${options}" -- "$word"))
      else COMPREPLY=($(compgen -W "${firstWords(command, rules).join(" ")}" -- "$word") $(compgen -f -- "$word")); fi;;`;
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
      const value =
        spec.kind === "flag" ? "" : choices === undefined ? ":value:_files" : `:value:(${choices.join(" ")})`;
      return `'--${name}[${zshQuoted(spec.summary)}]${value}'`;
    });
    const words = firstWords(command, rules);
    const operand = words.length > 0 ? `'*:word:(${words.join(" ")})'` : "'*:file:_files'";
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
_gofire "$@"
`;
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
      ...Object.entries(command.options).map(([name, spec]) => {
        const choices = choicesOf(command, name, rules);
        const value =
          spec.kind === "flag"
            ? ""
            : choices === undefined
              ? " -r"
              : ` -x -a ${fishQuoted(choices.join(" "))}`;
        const short = spec.short === undefined ? "" : ` -s ${spec.short}`;
        return `complete -c gofire ${here} -l ${name}${short}${value} -d ${fishQuoted(spec.summary)}`;
      }),
    ];
  });
  return `# fish completion of gofire\n${lines.join("\n")}\n`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
