import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";

/** What a script was called with. `--help`, and what it does not know, prints the comment at its head and ends it. */
export function scriptOptions<Options extends NonNullable<ParseArgsConfig["options"]>>(options: Options) {
  if (process.argv.includes("--help")) {
    process.stdout.write(headComment());
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Whether a name is among those after `--only`, separated by commas; all are when it was left out. Ends the script with 2
 * for one that is not `known`.
 */
export function onlyThese(text: string | undefined, known: readonly string[]): (name: string) => boolean {
  if (text === undefined) return () => true;
  const names = new Set(text.split(","));
  const unknown = [...names].filter((name) => !known.includes(name));
  if (unknown.length > 0)
    refuse(`--only: there is no ${unknown.join(", ")}. There are: ${known.toSorted().join(", ")}`);
  return (name) => names.has(name);
}

/** Ends the script with 2. */
export function refuse(message: string): never {
  process.stderr.write(`${message}\n\n${headComment()}`);
  process.exit(2);
}

function headComment(): string {
  const source = readFileSync(process.argv[1] ?? "", "utf8");
  const [, comment = ""] = /^\/\*\*\n([\s\S]*?)\n \*\/$/m.exec(source) ?? [];
  return `${comment.replaceAll(/^ \* ?/gm, "")}\n`;
}
