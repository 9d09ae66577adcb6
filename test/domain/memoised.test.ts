import { expect, test } from "vitest";
import { memoised, memoisedOfSymbol, memoisedOfTwo } from "../../src/domain/memoised.ts";

test("what was found is kept by subject, nothing found too", () => {
  const asked: object[] = [];
  const find = memoised((subject: { readonly found?: number }) => {
    asked.push(subject);
    return subject.found;
  });
  const [one, none] = [{ found: 1 }, {}];
  expect([find(one), find(none), find(one), find(none)]).toEqual([1, undefined, 1, undefined]);
  expect(asked).toEqual([one, none]);
});

test("of two subjects each pair has an answer of its own, in whatever order they come", () => {
  let asked = 0;
  const find = memoisedOfTwo((first: { readonly a: number }, second: { readonly b: number }) => {
    asked++;
    return first.a + second.b;
  });
  const [capture, later, own, other] = [{ a: 1 }, { a: 2 }, { b: 10 }, { b: 20 }];
  const ask = () => [find(capture, own), find(capture, other), find(later, own), find(capture, own)];
  expect(ask()).toEqual([11, 21, 12, 11]);
  expect(ask()).toEqual([11, 21, 12, 11]);
  expect(asked).toBe(3);
});

test("of symbols no more answers are kept than a large program has", () => {
  const asked: string[] = [];
  const find = memoisedOfSymbol((symbol) => {
    asked.push(symbol);
    return symbol;
  });
  expect([find("main.main"), find("main.main")]).toEqual(["main.main", "main.main"]);
  expect(asked).toEqual(["main.main"]);
  for (let other = 0; other < 50_000; other++) find(`main.f${other}`);
  expect([find("main.main"), asked.at(-1)]).toEqual(["main.main", "main.main"]);
});
