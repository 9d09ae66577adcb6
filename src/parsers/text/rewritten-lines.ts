import type { ByteParser } from "../../domain/evidence/parse-result.ts";
import { LineCutter, type OnLine } from "./line-cutter.ts";

/** Longer lines are cut. */
const longestLineBytes = 1024 ** 2;

/** What becomes of the lines of an input on their way to another parser. */
interface LineRewriter {
  readonly onLine: OnLine;
  /** Behind the last line. */
  onEnd(): void;
}

/**
 * Cuts what comes into lines, and feeds `inner` with what the rewriter makes of them: what it wrote in `encoding`, once for
 * each chunk that came.
 */
export function rewrittenLines<T>(
  inner: ByteParser<T>,
  encoding: "latin1" | "utf8",
  rewriterOf: (write: (text: string) => void) => LineRewriter,
): ByteParser<T> {
  let written: string[] = [];
  const rewriter = rewriterOf((text) => written.push(text));
  const lines = new LineCutter(longestLineBytes, rewriter.onLine);
  function flush(): void {
    if (written.length > 0) inner.push(Buffer.from(written.join(""), encoding));
    written = [];
  }
  return {
    push(chunk) {
      lines.push(chunk);
      flush();
    },
    end() {
      lines.end();
      rewriter.onEnd();
      flush();
      return inner.end();
    },
  };
}
