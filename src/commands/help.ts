import { wrap } from "../render/wrap.ts";
import type { Command, OptionSpec } from "./command.ts";

/** Help is read in narrow windows too. */
const helpWidth = 80;
/** Longer option words get a line of their own. */
const wordColumn = 30;

/** `gofire --help` */
export function helpText(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length)) + 2;
  return `gofire ${version}: what is wrong with this Go service, where, and what to do.

usage: gofire COMMAND [...]

${commands.map((command) => `  ${command.name.padEnd(width)}${command.summary}`).join("\n")}

Start here
  gofire snapshot http://localhost:6060   capture a running service, judge it
  gofire analyze dump.txt heap.pb.gz      judge captures that you have
  gofire doctor                           what works here and what is missing

gofire COMMAND --help has options and examples.
Exit codes: 0 nothing found, 1 findings, 2 usage or bad input,
            3 evidence missing.
`;
}

/** `gofire COMMAND --help` */
export function commandHelpText(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, spec]) => [optionWord(name, spec), spec.summary] as const,
  );
  const rows = [...options, ["-h, --help", "this text"] as const];
  const widest = Math.max(...rows.map(([word]) => word.length)) + 2;
  const width = Math.min(widest, wordColumn);
  const optionLines = rows.flatMap(([word, summary]) => {
    const text = wrap(summary, helpWidth - 2 - width);
    const fits = word.length + 2 <= width;
    const first = fits ? `  ${word.padEnd(width)}${text[0]}` : `  ${word}`;
    return [first, ...text.slice(fits ? 1 : 0).map((line) => `  ${" ".repeat(width)}${line}`)];
  });
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
