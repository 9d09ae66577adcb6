import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { longest } from "./longest-first.ts";

test("the test files that begin first are there", () => {
  expect(longest.filter((path) => !existsSync(path))).toEqual([]);
});
