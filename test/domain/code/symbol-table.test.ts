import { describe, expect, it } from "vitest";
import { symbolTable } from "../../../src/domain/code/symbol-table.ts";

describe("a table of symbols", () => {
  const kind = symbolTable([
    ["accepts", /^net\.\(\*TCPListener\)\.Accept$/],
    ["serves", /^net\/http\.\(\*(?:conn|Server)\)\.[sS]erve$/],
    ["is anything of net/http", /^net\/http\./],
    ["ends with Accept", /\.Accept$/],
  ]);

  it.each([
    ["net.(*TCPListener).Accept", "accepts"],
    ["net/http.(*conn).serve", "serves"],
    ["net/http.(*Client).Do", "is anything of net/http"],
    ["shop/queue.(*Queue).Accept", "ends with Accept"],
    ["main.main", undefined],
  ])("tells what %s is", (symbol, value) => {
    expect(kind(symbol)).toBe(value);
  });

  it("refuses a site whose groups would be taken for sites", () => {
    expect(() => symbolTable([["two", /^(main)\./]])("main.main")).toThrow(/captures/);
  });
});
