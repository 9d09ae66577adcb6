import type { ByteParser, ParseError, ParseResult } from "../../domain/evidence/parse-result.ts";
import type { OfferedProfile, PprofIndex } from "../../domain/evidence/pprof-index.ts";
import { headLines, LineCutter } from "../text/line-cutter.ts";
import { lineError } from "../text/line-error.ts";

/** A process has about ten profiles; its libraries may register more. */
const mostProfiles = 1000;
const maxLineBytes = 16 << 10;

/**
 * Reads the HTML page at `/debug/pprof/` (Go source: net/http/pprof/pprof.go, indexTmplExecute), and the copies of it
 * that web frameworks serve: a cell with a count, then a link to `NAME?debug=1`, on one line or on two, with or without
 * quotes and closing tags.
 *
 * An error page, a login page or an application's own page is `not-this-format`.
 */
export function pprofIndexParser(artifact: string): ByteParser<PprofIndex> {
  const profiles: OfferedProfile[] = [];
  let count: number | undefined;
  let titled = false;
  let closed = false;
  let damage: ParseError | undefined;
  let first: { readonly text: string; readonly line: number } | undefined;

  const lines = new LineCutter(maxLineBytes, (bytes, start, end, line) => {
    const text = bytes.toString("utf8", start, end);
    if (first === undefined && text.trim() !== "") first = { text, line };
    titled ||= text.includes(title);
    closed ||= text.includes("?debug=2") || text.includes("</html>");
    for (const [, cell, name] of text.matchAll(countOrLink)) {
      if (cell !== undefined) {
        // What a hostile page says must still be a number that a manifest can have.
        count = Math.min(Number(cell), Number.MAX_SAFE_INTEGER);
        continue;
      }
      if (name === undefined || count === undefined) continue;
      if (profiles.length === mostProfiles) {
        damage ??= lineError("too-large", `The page lists more than ${mostProfiles} profiles.`, line);
        return;
      }
      profiles.push({ name: unescaped(name), count });
      count = undefined;
    }
  });

  return {
    push: (chunk) => lines.push(chunk),
    end(): ParseResult<PprofIndex> {
      lines.end();
      if (first === undefined) {
        return { ok: false, error: lineError("empty", "There is nothing in the input.", 1) };
      }
      const listed = profiles.some(({ name }) => name === "goroutine");
      if (!listed && (closed || !titled)) {
        const message = "This is not the index page of net/http/pprof.";
        return { ok: false, error: lineError("not-this-format", message, first.line, first.text) };
      }
      if (profiles.length === 0) {
        return { ok: false, error: lineError("damaged", "The page stops before its list.", lines.lines) };
      }
      if (!closed) damage ??= lineError("damaged", "The page stops before its end.", lines.lines);
      return { ok: true, value: { artifact, profiles }, ...(damage === undefined ? {} : { damage }) };
    },
  };
}

/** True when the first bytes are HTML with the index's title or its list. */
export function looksLikePprofIndex(head: Uint8Array): boolean {
  const text = headLines(head, 64).join("\n");
  return (
    /^\s*<(?:html|!doctype|head)/i.test(text) && (text.includes(title) || /goroutine\?debug=1/.test(text))
  );
}

/** Go's own title; it stays the same when the page is served below another path. */
const title = "<title>/debug/pprof/</title>";

/** `<td>12</td>` or `<a href='goroutine?debug=1'>goroutine</a>`. */
const countOrLink = /<td[^>]*>\s*(\d+)\s*(?=<|$)|<a href=["']?[^"'<> ]*\?debug=1[^"'<> ]*["']?>([^<]+)<\/a>/g;

const entities: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&#34;": '"',
  "&#39;": "'",
  "&amp;": "&",
};

/** Undoes Go's html.EscapeString. */
function unescaped(text: string): string {
  return text.replace(/&(?:lt|gt|amp|#34|#39);/g, (entity) => entities[entity] ?? entity);
}
