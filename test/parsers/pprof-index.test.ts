import { describe, expect, it } from "vitest";
import { offeredCount } from "../../src/domain/evidence/pprof-index.ts";
import { looksLikePprofIndex, pprofIndexParser } from "../../src/parsers/pprof-index/pprof-index-parser.ts";
import { capture, failure, feed, whole } from "./feed.ts";

function parse(text: string | Uint8Array, pieceBytes?: number) {
  return feed(pprofIndexParser("index.html"), text, pieceBytes);
}

describe("the index page", () => {
  it("of Go 1.27 lists every profile with its count", () => {
    const page = capture("pprof-index-go1.27.html");
    expect(looksLikePprofIndex(page)).toBe(true);
    expect(whole(parse(page, 50))).toEqual({
      artifact: "index.html",
      profiles: [
        { name: "allocs", count: 3 },
        { name: "block", count: 3 },
        { name: "cmdline", count: 0 },
        { name: "goroutine", count: 12 },
        { name: "goroutineleak", count: 0 },
        { name: "heap", count: 3 },
        { name: "mutex", count: 2 },
        { name: "profile", count: 0 },
        { name: "symbol", count: 0 },
        { name: "threadcreate", count: 6 },
        { name: "trace", count: 0 },
      ],
    });
  });

  it("of Go 1.19 has no goroutineleak", () => {
    const index = whole(parse(capture("pprof-index-go1.19.html")));
    expect(offeredCount(index, "goroutine")).toBe(12);
    expect(offeredCount(index, "goroutineleak")).toBeUndefined();
  });

  it("has custom profiles by the name they are asked for", () => {
    const page = capture("pprof-index-go1.27.html")
      .toString()
      .replace("<a href='allocs?debug=1'>allocs</a>", "<a href='a/b%3Cc?debug=1'>a/b&lt;c &amp;lt;&#39;</a>");
    expect(whole(parse(page)).profiles[0]).toEqual({ name: "a/b<c &lt;'", count: 3 });
  });

  it.each([
    ["closing tags left out", '<tr><td align=right>7<td><a href="goroutine?debug=1">goroutine</a>\n'],
    [
      "a prefix and two lines",
      '<td align=right>7</td>\n <td><a href="/x/debug/pprof/goroutine?debug=1">goroutine</a></td>\n',
    ],
    ["a token", "<tr><td>7</td><td><a href=goroutine?debug=1&token=s>goroutine</a></td>\n"],
  ])("as frameworks serve it is read too: %s", (_, rows) => {
    const page = `<html>\n<title>my pprof</title>\n<table>\n${rows}</table>\n</html>\n`;
    expect(looksLikePprofIndex(Buffer.from(page))).toBe(true);
    expect(whole(parse(page)).profiles).toEqual([{ name: "goroutine", count: 7 }]);
  });
});

function row(count: string, name: string): string {
  return `<tr><td>${count}</td><td><a href='${name}?debug=1'>${name}</a></td></tr>\n`;
}

it("a count that no process has is still a whole number", () => {
  const page = `<html>\n<title>/debug/pprof/</title>\n${row("9".repeat(32), "goroutine")}${row("3", "heap")}</html>\n`;
  expect(whole(parse(page)).profiles).toEqual([
    { name: "goroutine", count: Number.MAX_SAFE_INTEGER },
    { name: "heap", count: 3 },
  ]);
});

describe("another page", () => {
  it.each([
    "404 page not found\n",
    "<html><body>Sign in</body></html>",
    "<!doctype html><html><title>App</title><a href='x?debug=1'>x</a></html>",
    "<html><table><tr><td>1</td><td><a href='x?debug=1'>x</a></td></tr></table></html>",
  ])("%j is not the index", (text) => {
    expect(failure(parse(text))).toMatchObject({ code: "not-this-format", at: { unit: "line", value: 1 } });
    expect(looksLikePprofIndex(Buffer.from(text))).toBe(false);
  });

  it("that is empty is empty", () => {
    expect(failure(parse(" \n\n")).code).toBe("empty");
  });
});

describe("a cut page", () => {
  const page = capture("pprof-index-go1.27.html").toString();

  it("before its list is damaged", () => {
    expect(failure(parse(page.slice(0, page.indexOf("<tr>"))))).toMatchObject({
      code: "damaged",
      message: "The page stops before its list.",
    });
  });

  it("within its list keeps what was read", () => {
    const result = parse(page.slice(0, page.indexOf("heap?debug=1")));
    expect(result).toMatchObject({ ok: true, damage: { message: "The page stops before its end." } });
    expect(result.ok && result.value.profiles.at(-1)?.name).toBe("goroutineleak");
  });

  it("with too many entries keeps the first thousand", () => {
    const rows = "<tr><td>1</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>\n".repeat(1001);
    const result = parse(`<html>\n${rows}</html>`);
    expect(result).toMatchObject({ ok: true, damage: { code: "too-large", at: { value: 1002 } } });
    expect(result.ok && result.value.profiles.length).toBe(1000);
  });
});
