import type { ByteParser } from "../domain/evidence/parse-result.ts";
import { LineCutter } from "./text/line-cutter.ts";

/** A header, a call without arguments and its place, as gccgo prints them (libgo: go/runtime/traceback_gccgo.go, printtrace). */
const goroutine = /^goroutine \d+ \[[^\]\n]+\]:\r?\n[^\s()]+\r?\n\t\S.*:\d+\r?$/m;
const bareCall = /^(?!\d)[^\s()]+$/;
const place = /^\t\S.*:\d+$/;
/** Methods are named without their pointer; those of package sync all have one. */
const syncMethod = /^sync\.(\w+)\.(\w+)$/;
const longestLineBytes = 1024 ** 2;

/** True when a goroutine in these first bytes was written by a program that gccgo compiled. */
export function looksLikeGccgoDump(head: Uint8Array): boolean {
  return goroutine.test(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1"));
}

/**
 * Feeds `inner` with the same lines in the words of the gc toolchain: calls with parentheses, closures and methods of
 * package sync with the names they have there. Of other methods nobody can tell whether the receiver is a pointer; they stay.
 */
export function gccgoDumpParser<T>(inner: ByteParser<T>): ByteParser<T> {
  let held: string | undefined;
  let output: string[] = [];
  const lines = new LineCutter(longestLineBytes, (bytes, start, end, _line, shape) => {
    const line = bytes.toString("utf8", start, end);
    if (held !== undefined) output.push(place.test(line) ? `${callOf(held)}\n` : `${held}\n`);
    held = undefined;
    if (bareCall.test(line) && shape === "whole") held = line;
    else output.push(shape === "unterminated" ? line : `${line}\n`);
  });
  function flush(): void {
    if (output.length > 0) inner.push(Buffer.from(output.join("")));
    output = [];
  }
  return {
    push(chunk) {
      lines.push(chunk);
      flush();
    },
    end() {
      lines.end();
      if (held !== undefined) output.push(`${held}\n`);
      flush();
      return inner.end();
    },
  };
}

function callOf(name: string): string {
  const words = name
    .replace(/^sync\.runtime__/, "sync.runtime_")
    .replace(syncMethod, "sync.(*$1).$2")
    .replaceAll("..func", ".func");
  return `${words}(...)`;
}
