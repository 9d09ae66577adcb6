import { expect, test } from "vitest";
import { lintedFiles } from "../../../src/capture/config-history/linted.ts";
import type { FileState } from "../../../src/ports/config-history.ts";

/** `absent` is no file. */
type Given = string | { readonly unread: string };

function stateOf(given: Given): FileState {
  if (given === "absent" || typeof given !== "string") return given;
  return new TextEncoder().encode(given);
}

function linted(path: string, before: Given, after: Given) {
  return lintedFiles([{ path, before: stateOf(before), after: stateOf(after) }]);
}

test("what a change brings is a problem, what was so before and is left alone a warning", () => {
  const { problems, warnings } = linted("a.yaml", "b: no\nc: 1\n", "x: 1\nb: no\nc: yes\n");
  expect(warnings).toEqual([expect.stringMatching(/^a\.yaml:2:4: no is false to some readers/)]);
  expect(problems).toEqual([expect.stringMatching(/^a\.yaml:3:4: yes is true to some readers/)]);
});

test("the same again is a new one, and so is another spelling", () => {
  expect(linted("a.yaml", "- b: no\n", "- b: no\n- b: no\n")).toMatchObject({
    problems: [expect.anything()],
  });
  expect(linted("a.yaml", "b: no\n", "b: No\n")).toMatchObject({
    problems: [expect.anything()],
    warnings: [],
  });
  expect(linted("a.yaml", "absent", "b: no\n").problems).toHaveLength(1);
});

test("where nobody can tell what a file says, an old problem is one, too", () => {
  expect(linted("a.yaml", "b: 1\nb: 2\n", "b: 1\nb: 3\n").problems).toEqual([
    "a.yaml:2:1: A name is here for the second time in its section.",
  ]);
  expect(linted("a.yaml", "b: 1\n", { unread: "it is larger than 1 MiB" }).problems).toEqual([
    "a.yaml: it is larger than 1 MiB",
  ]);
});

test("what is gone, or no document, is no problem", () => {
  expect(linted("a.yaml", "b: no\n", "absent")).toEqual({ problems: [], warnings: [] });
  expect(linted("notes.txt", "absent", "b: no\n")).toEqual({ problems: [], warnings: [] });
});
