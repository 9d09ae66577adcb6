import type { ParsedArtifact } from "../domain/evidence/artifact.ts";
import type { ByteParser, ParseError } from "../domain/evidence/parse-result.ts";
import { lineError } from "./text/line-error.ts";

/** A format that is known, and not read. */
export function unread(format: "trace" | "cmdline"): ByteParser<ParsedArtifact> {
  return { push: () => undefined, end: () => ({ ok: true, value: { type: "unread", format } }) };
}

/** An execution trace begins with `go 1.26 trace` and NULs, 16 bytes (Go source: internal/trace/version/version.go, headerFmt). */
export function looksLikeTrace(head: Uint8Array): boolean {
  const header = textOf(head, 16);
  return header.startsWith("go 1.") && header.endsWith("\0\0\0");
}

/** argv joined by NUL (Go source: net/http/pprof/pprof.go, Cmdline): text, NULs, and no line feed. */
export function looksLikeCommandLine(head: Uint8Array): boolean {
  return (
    head.includes(0) && head[0] !== 0 && head.every((byte) => byte === 0 || (byte >= 0x20 && byte !== 0x7f))
  );
}

/** An input that is none of ours, whose first bytes are `head`. */
export function refused(head: Uint8Array, message: string): ByteParser<ParsedArtifact> {
  const error = isBinary(head)
    ? atStart("not-this-format", message)
    : lineError("not-this-format", message, 1, textOf(head, 200).trim().split("\n", 1)[0]);
  return { push: () => undefined, end: () => ({ ok: false, error }) };
}

export function atStart(code: ParseError["code"], message: string): ParseError {
  return { code, message, at: { unit: "offset", value: 0 } };
}

export function isBinary(head: Uint8Array): boolean {
  return head.includes(0);
}

function textOf(head: Uint8Array, length: number): string {
  return String.fromCharCode(...head.subarray(0, length));
}
