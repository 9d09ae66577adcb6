import { expect, test } from "vitest";
import { append, grouped } from "../../src/domain/grouped.ts";

test("groups and what is in them keep their order", () => {
  const words = ["send", "recv", "select", "read", "sleep"];
  expect([...grouped(words, (word) => word[0])]).toEqual([
    ["s", ["send", "select", "sleep"]],
    ["r", ["recv", "read"]],
  ]);
  expect(grouped([], () => "").size).toBe(0);
});

test("a key's first value makes its group", () => {
  const groups = new Map([["s", ["send"]]]);
  append(groups, "s", "select");
  append(groups, "r", "recv");
  expect(Object.fromEntries(groups)).toEqual({ s: ["send", "select"], r: ["recv"] });
});
