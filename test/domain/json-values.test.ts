import { describe, expect, test } from "vitest";
import { readJsonValues } from "../../src/domain/json-values.ts";

describe("JSON values, as far as they go", () => {
  test.each([
    ['{"a": [1, -0.5e+3, true, null, "\\u00e9\\n"]}', undefined],
    ['{"a": 1} {"b": 2}', 9],
    ["1 2", 2],
    ['{"a": x}', 6],
    ['{"a": 01}', 7],
    ['{"a": -}', 6],
    ['{"a": 1,}', 8],
    ['{"a": "b\nc"}', 6],
    ['{"a": "b', 8],
    ['{"a": [1, 2', 11],
    ["[1 2]", 3],
    ["[tru]", 1],
  ])("%j as one value is broken at %j", (text, brokenAt) => {
    expect(readJsonValues(text, 1).brokenAt).toBe(brokenAt);
    expect(isJson(text)).toBe(brokenAt === undefined);
  });

  test("what stands before the break is kept", () => {
    expect(readJsonValues('{"a": [1, {"b": 2}, 03').values).toEqual([{ a: [1, { b: 2 }, 0] }]);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
