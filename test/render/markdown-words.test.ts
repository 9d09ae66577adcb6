import { expect, it } from "vitest";
import { inline } from "../../src/render/markdown-words.ts";

it("leaves nothing of a text from outside that is markup, or that calls somebody where it is posted", () => {
  expect(inline("*Tune* <b>`pool`</b>")).toBe("\\*Tune\\* \\<b\\>\\`pool\\`\\</b\\>");
  expect(inline("@shop/sre look, cc (@ana)")).toBe("@\u2060shop/sre look, cc (@\u2060ana)");
  expect(inline("ana@shop.example")).toBe("ana@shop.example");
});
