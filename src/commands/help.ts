import type { Command, OptionSpec } from "./command.ts";

/** `gofire --help` */
export function helpText(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length)) + 2;
  return `gofire ${version}: what is wrong with this Go service, where, and what to do.

usage: gofire COMMAND [...]

${commands.map((command) => `  ${command.name.padEnd(width)}${command.summary}`).join("\n")}

Start here
  gofire snapshot http://localhost:6060     capture a running service and judge it
  gofire analyze goroutines.txt heap.pb.gz  judge captures that you have
  gofire doctor                             what works on this machine, what is missing

gofire COMMAND --help has options and examples.
Exit codes: 0 nothing found, 1 findings, 2 usage or bad input, 3 evidence missing.
`;
}

/** `gofire COMMAND --help` */
export function commandHelpText(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, spec]) => [optionWord(name, spec), spec.summary] as const,
  );
  const rows = [...options, ["-h, --help", "this text"] as const];
  const width = Math.min(30, Math.max(...rows.map(([word]) => word.length)) + 2);
  const optionLines = rows.map(([word, summary]) =>
    word.length + 2 > width
      ? `  ${word}\n  ${" ".repeat(width)}${summary}`
      : `  ${word.padEnd(width)}${summary}`,
  );
  const examples = command.examples.map(({ line, does }) => `  gofire ${line}\n      ${does}`);
  return `${command.summary}.

usage: gofire ${command.name} ${command.usage}

${optionLines.join("\n")}

Examples
${examples.join("\n")}
`;
}

function optionWord(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? "    " : `-${spec.short}, `;
  const value =
    spec.kind === "flag"
      ? ""
      : spec.kind === "choice"
        ? ` ${spec.choices.join("|")}`
        : ` ${spec.placeholder}`;
  return `${short}--${name}${value}`;
}
