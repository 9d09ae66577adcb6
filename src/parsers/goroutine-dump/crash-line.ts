import type { CrashReport } from "../../domain/crash.ts";
import { ascii, standsAt } from "./header.ts";

const panicWord = ascii("panic: ");
const fatalWord = ascii("fatal error: ");
const signalWord = ascii("SIG");

/** Longer messages are cut; a panic value can be a whole document. */
const longestMessage = 500;

/** True when `bytes[at .. to]` begins as one of the lines that the runtime writes when a process dies. */
export function beginsCrashLine(bytes: Uint8Array, at: number, to: number): boolean {
  return beginsLastWords(bytes, at, to) || standsAt(bytes, at, to, signalWord);
}

/** Those that nothing else begins with: a name may begin as a signal does. */
export function beginsLastWords(bytes: Uint8Array, at: number, to: number): boolean {
  return standsAt(bytes, at, to, panicWord) || standsAt(bytes, at, to, fatalWord);
}

/**
 * Reads a line like `panic: boom`, `fatal error: all goroutines are asleep - deadlock!` or `SIGQUIT: quit`
 * (Go source: runtime/panic.go printpanics and fatalthrow, runtime/signal_unix.go fatalsignal).
 */
export function readCrashLine(line: string, artifact: string, lineNumber: number): CrashReport | undefined {
  const words = /^(?:(panic|fatal error): |SIG[A-Z0-9]+: )(.*)$/.exec(line.replace(/\p{Cc}+$/u, ""));
  if (words === null) return undefined;
  const kind = words[1] === "panic" || words[1] === "fatal error" ? words[1] : "signal";
  const message = (words[2] ?? "").replace(/\p{Cc}/gu, " ").slice(0, longestMessage);
  return { artifact, kind, message, at: { unit: "line", value: lineNumber } };
}
