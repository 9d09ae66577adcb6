/** What to do next: words, and the command that a step ends in where it has one. */
export interface NextStep {
  readonly words: string;
  /** For a POSIX shell, in one piece: it has to survive being copied. */
  readonly command?: string;
}

/** Behind a colon, to the end of the step; the programs are those that steps send somebody to. */
const ending = /: ((?:go tool|go test|curl|kubectl|gofire|ls|openssl) .+)$/;

/** `See what is encoded: go tool pprof -top cpu.pb.gz` as its words, with the colon, and its command. */
export function nextStep(text: string): NextStep {
  const command = ending.exec(text)?.[1];
  return command === undefined ? { words: text } : { words: text.slice(0, -command.length - 1), command };
}
