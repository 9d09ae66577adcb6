import type { CrashReport } from "../../domain/goroutines/crash.ts";
import { ascii, standsAt } from "./header.ts";

const lastWords = ["panic: ", "fatal error: ", "throw: "].map(ascii);
const signalWord = ascii("SIG");
const details = ["[signal ", "Exception 0x", "signal arrived during "].map(ascii);

/** Longer messages are cut; a panic value can be a whole document. */
const longestMessage = 500;

/** True when `bytes[at .. to]` begins as one of the lines that the runtime writes when a process dies. */
export function beginsCrashLine(bytes: Uint8Array, at: number, to: number): boolean {
  return beginsLastWords(bytes, at, to) || standsAt(bytes, at, to, signalWord) || beginsDetail(bytes, at, to);
}

/** Those that stand behind the words themselves, and are all there is when these are lost, or on Windows. */
export function beginsDetail(bytes: Uint8Array, at: number, to: number): boolean {
  return details.some((word) => standsAt(bytes, at, to, word));
}

/** Those that nothing else begins with: a name may begin as a signal does. */
export function beginsLastWords(bytes: Uint8Array, at: number, to: number): boolean {
  return lastWords.some((word) => standsAt(bytes, at, to, word));
}

/** Numbers of signals on Linux and macOS: Go before 1.6 writes no names. */
const signalNames: Readonly<Record<string, string>> = {
  "0x4": "illegal instruction",
  "0x6": "abort",
  "0x7": "bus error",
  "0x8": "floating-point exception",
  "0xa": "bus error",
  "0xb": "segmentation violation",
};

/**
 * Reads a line like `panic: boom`, `fatal error: all goroutines are asleep - deadlock!` or `SIGQUIT: quit`
 * (Go source: runtime/panic.go printpanics and fatalthrow, runtime/signal_unix.go fatalsignal; `throw: ` is Go 1.0),
 * and details of one, like `[signal SIGSEGV: segmentation violation code=0x1 ...]`.
 */
export function readCrashLine(line: string, artifact: string, lineNumber: number): CrashReport | undefined {
  const text = line.replace(/\p{Cc}+$/u, "");
  const words = /^(?:(panic|fatal error|throw): |SIG[A-Z0-9]+: )(.*)$/.exec(text);
  const written = words === null ? detailOf(text) : words[2];
  if (written === undefined) return undefined;
  const kind = words?.[1] === "panic" ? "panic" : words?.[1] === undefined ? "signal" : "fatal error";
  const message = written.replace(/\p{Cc}/gu, " ").slice(0, longestMessage);
  return { artifact, kind, message, at: { unit: "line", value: lineNumber } };
}

/** What a detail says of the signal, without codes and addresses. */
function detailOf(line: string): string | undefined {
  const signal = /^\[signal (?:SIG[A-Z0-9]+: ([a-z][a-z -]*?)|(0x[0-9a-f]+))(?: code=|\])/.exec(line);
  if (signal !== null) return signal[1] ?? signalNames[signal[2] ?? ""] ?? `signal ${signal[2]}`;
  const exception = /^Exception (0x[0-9a-f]+)/.exec(line);
  if (exception !== null) return `exception ${exception[1]}`;
  return line.startsWith("signal arrived during ") ? line : undefined;
}
