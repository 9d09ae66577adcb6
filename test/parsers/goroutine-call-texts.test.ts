import { describe, expect, it } from "vitest";
import { CallTexts } from "../../src/parsers/goroutine-dump/call-texts.ts";

/** The number of a call as it stands in a dump. */
function numberOf(texts: CallTexts, name: string, place: string): number {
  const bytes = new TextEncoder().encode(`${name}\t${place}\n`);
  const view = new DataView(bytes.buffer);
  const nameEnd = name.length;
  return texts.textOf(view, 0, nameEnd, nameEnd + 1, nameEnd + 1 + place.length);
}

describe("CallTexts", () => {
  it("gives equal calls one number and all others another", () => {
    const texts = new CallTexts(100_000, 10_000_000);
    const calls: [string, string][] = [];
    for (let i = 0; i < 3000; i++) {
      calls.push(["main.same(", `/src/shop/main.go:${i} +0x1d`]);
      calls.push([`main.f${i}(`, "/src/shop/a-file-with-a-long-name.go:77 +0x1d4"]);
      calls.push(["m(", `x.go:${i}`]);
    }
    // The path is not kept, but its length is, and so is the byte behind the name.
    calls.push(
      ["main.g(", `/a/${"-".repeat(30)}.go:77 +0x1d`],
      ["main.g(", `/ab/${"-".repeat(30)}.go:77 +0x1d`],
    );
    calls.push(["main.g ", `/a/${"-".repeat(30)}.go:77 +0x1d`], ["", ""]);
    const numbers = calls.map(([name, place]) => numberOf(texts, name, place));
    expect(new Set(numbers).size).toBe(calls.length);
    expect(numbers.includes(-1)).toBe(false);
    expect(calls.map(([name, place]) => numberOf(texts, name, place))).toEqual(numbers);
  });

  it("takes no more texts or bytes than it may, and still knows the ones it has", () => {
    const few = new CallTexts(2, 10_000);
    expect([numberOf(few, "a(", "x:1"), numberOf(few, "b(", "x:1"), numberOf(few, "c(", "x:1")]).toEqual([
      0, 1, -1,
    ]);
    expect(numberOf(few, "b(", "x:1")).toBe(1);
    const small = new CallTexts(100, 12);
    expect([
      numberOf(small, "a(", "x:1"),
      numberOf(small, "b(", "x:1"),
      numberOf(small, "c(", "x:1"),
    ]).toEqual([0, 1, -1]);
  });
});
