import type { ByteParser } from "../domain/evidence/parse-result.ts";

/** What a browser saves of a page of text: one <pre> with all of it, `<`, `>` and `&` as entities. */
const page = /^\s*<(?:!doctype|html|head|body)[^]*?<pre[^>]*>/i;
/** How what net/http/pprof and Prometheus' clients write as text begins. */
const capture =
  /^\s*(?:goroutine \d+ \[|goroutine profile: total |heap profile: |threadcreate profile: |--- (?:mutex|contention):|panic: |fatal error: |SIGQUIT: |# (?:HELP|TYPE) )/;

const names: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
};
const entity = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi;
/** Longest entity that is read, and longest tag that ends the text. */
const longestMark = 10;

/** True when a page of HTML begins with the text of a capture. */
export function looksLikeSavedPage(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  const start = page.exec(text);
  return start !== null && capture.test(textOf(text.slice(start[0].length)));
}

/**
 * Feeds `inner` with the text within the page. The page's lines in front of it are not counted: a browser puts all of its own on one.
 */
export function savedPageParser<T>(inner: ByteParser<T>): ByteParser<T> {
  // Bytes as characters, so that no chunk ends within one.
  let pending = "";
  let state: "in front" | "within" | "behind" = "in front";

  function read(last: boolean): void {
    if (state === "in front") {
      const start = page.exec(pending);
      if (start === null) return;
      pending = pending.slice(start[0].length);
      state = "within";
    }
    if (state === "behind") return;
    const close = pending.search(/<\/pre\s*>/i);
    if (close !== -1) state = "behind";
    const open = last ? -1 : pending.slice(-longestMark).search(/[&<]/);
    const end =
      close !== -1 ? close : open === -1 ? pending.length : Math.max(0, pending.length - longestMark) + open;
    inner.push(Buffer.from(textOf(pending.slice(0, end)), "latin1"));
    pending = pending.slice(end);
  }
  return {
    push(chunk) {
      if (state === "behind") return;
      pending += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
      read(false);
    },
    end() {
      read(true);
      return inner.end();
    },
  };
}

/** The text of an element, in bytes as characters: entities give UTF-8 as the rest is. */
function textOf(html: string): string {
  return html.replaceAll(entity, (written, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return names[name.toLowerCase()] ?? written;
    const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
    return code > 0x10ffff ? written : Buffer.from(String.fromCodePoint(code)).toString("latin1");
  });
}
