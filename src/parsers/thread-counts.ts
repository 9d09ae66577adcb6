import type { ByteParser } from "../domain/evidence/parse-result.ts";

const firstLine = /^threadcreate profile: total (\d+)\r?\n/;
/** The first line with any number in it is shorter. */
const firstLineBytes = 64;

/**
 * Reads `threadcreate?debug=1` for the number of threads that the process ever created. Its stacks are empty since
 * Go 1.5 (golang.org/issue/6104), so nothing else in it is of use.
 */
export function threadCountsParser(): ByteParser<number> {
  let head = "";
  return {
    push(chunk) {
      if (head.length < firstLineBytes) head += latin1(chunk.subarray(0, firstLineBytes - head.length));
    },
    end() {
      const total = firstLine.exec(head)?.[1];
      if (total !== undefined) return { ok: true, value: Number(total) };
      const message = "the first line does not give the number of threads";
      return { ok: false, error: { code: "not-this-format", message, at: { unit: "line", value: 1 } } };
    },
  };
}

export function looksLikeThreadCounts(head: Uint8Array): boolean {
  return firstLine.test(latin1(head.subarray(0, firstLineBytes)));
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
