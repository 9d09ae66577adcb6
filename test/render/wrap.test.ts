import { describe, expect, it } from "vitest";
import { wrap } from "../../src/render/wrap.ts";

describe("wrap", () => {
  it("keeps a number and its unit on one line", () => {
    expect(wrap("their number grows: 161 to 199 in 10 s.", 38)).toEqual([
      "their number grows: 161 to 199 in",
      "10 s.",
    ]);
    expect(wrap("it uses 20 % of 3 GiB", 9)).toEqual(["it uses", "20 % of", "3 GiB"]);
  });

  it("does not bind what only begins like a unit", () => {
    expect(wrap("line 12 states", 7)).toEqual(["line 12", "states"]);
  });

  it("cuts long symbols after a dot or slash, and never an address", () => {
    expect(wrap("github.com/acme/shop/ledger.Post", 22)).toEqual(["github.com/acme/shop/", "ledger.Post"]);
    expect(wrap("open http://127.0.0.1:45678/?user=U0MIRA0001", 20)).toEqual([
      "open",
      "http://127.0.0.1:45678/?user=U0MIRA0001",
    ]);
  });
});
