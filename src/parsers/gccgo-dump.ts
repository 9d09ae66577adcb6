import type { ByteParser } from "../domain/evidence/parse-result.ts";
import { rewrittenLines } from "./text/rewritten-lines.ts";

/** A header, a call without arguments and its place, as gccgo prints them (libgo: go/runtime/traceback_gccgo.go, printtrace). */
const goroutine = /^goroutine \d+ \[[^\]\n]+\]:\r?\n[^\s()]+\r?\n\t\S.*:\d+\r?$/m;
const bareCall = /^(?!\d)[^\s()]+$/;
const place = /^\t\S.*:\d+$/;
/** Methods are named without their pointer; those of package sync all have one. */
const syncMethod = /^sync\.(\w+)\.(\w+)$/;

/** True when a goroutine in these first bytes was written by a program that gccgo compiled. */
export function looksLikeGccgoDump(head: Uint8Array): boolean {
  return goroutine.test(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1"));
}

/**
 * Feeds `inner` with the same lines in the words of the gc toolchain: calls with parentheses, closures and methods of
 * package sync with the names they have there. Of other methods nobody can tell whether the receiver is a pointer; they stay.
 */
export function gccgoDumpParser<T>(inner: ByteParser<T>): ByteParser<T> {
  return rewrittenLines(inner, "utf8", (write) => {
    let held: string | undefined;
    return {
      onLine(bytes, start, end, _line, shape) {
        const line = bytes.toString("utf8", start, end);
        if (held !== undefined) write(place.test(line) ? `${callOf(held)}\n` : `${held}\n`);
        held = undefined;
        if (bareCall.test(line) && shape === "whole") held = line;
        else write(shape === "unterminated" ? line : `${line}\n`);
      },
      onEnd() {
        if (held !== undefined) write(`${held}\n`);
      },
    };
  });
}

function callOf(name: string): string {
  const words = name
    .replace(/^sync\.runtime__/, "sync.runtime_")
    .replace(syncMethod, "sync.(*$1).$2")
    .replaceAll("..func", ".func");
  return `${words}(...)`;
}
