import type { ByteParser } from "../domain/evidence/parse-result.ts";
import { rewrittenLines } from "./text/rewritten-lines.ts";
import { type SourceLine, SourceLines } from "./text/source-lines.ts";

/**
 * A line of a container's log file as container runtimes write it: time, stream, tags, text. The first tag is `P` for a part of a
 * line and `F` for its last or only one (Kubernetes: design-proposals/node/kubelet-cri-logging.md; containerd and CRI-O
 * split lines after 16 KiB or less). `kubectl logs` prints whole lines without these words.
 */
const logged = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S*)? /;
/** A line of parts may be a whole dump within a string, as long as the runtime writes one. */
const longestJoined = 64 * 1024 ** 2;

/** True when a part of a line stands within these first bytes of a container's log; without one, its lines are read as they are. */
export function looksLikePartedLog(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  return logged.test(text) && text.split("\n").some((line) => logged.exec(line)?.[2] === "P");
}

/** Feeds a parser with what the container wrote, lines in one piece. `parserOf` is told from which line of the log each line comes. */
export function containerLogParser<T>(parserOf: (sourceLine: SourceLine) => ByteParser<T>): ByteParser<T> {
  const sources = new SourceLines();
  const parts = new Map<string, { readonly line: number; text: string }>();
  let written = 0;
  return rewrittenLines(
    parserOf((line) => sources.of(line)),
    "latin1",
    (write) => {
      function writeLine(text: string, line: number): void {
        written++;
        sources.add(written, line, 1);
        write(`${text}\n`);
      }
      return {
        onLine(bytes, start, end, line) {
          const text = bytes.toString("latin1", start, end);
          const [words = "", stream, tag] = logged.exec(text) ?? [];
          if (stream === undefined) {
            writeLine(text, line);
            return;
          }
          const begun = parts.get(stream) ?? { line, text: "" };
          begun.text += text.slice(words.length);
          if (tag === "P" && begun.text.length < longestJoined) {
            parts.set(stream, begun);
            return;
          }
          parts.delete(stream);
          writeLine(begun.text, begun.line);
        },
        onEnd() {
          for (const { line, text } of parts.values()) writeLine(text, line);
        },
      };
    },
  );
}
