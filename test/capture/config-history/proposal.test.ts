import { expect, test } from "vitest";
import { comparedFiles, mostComparedBytes } from "../../../src/capture/config-history/facts.ts";
import { proposalFacts } from "../../../src/capture/config-history/proposal.ts";
import type { ProposedTree, TouchedFile } from "../../../src/ports/config-history.ts";

const never = new AbortController().signal;
const where = { name: "https://git.example.com/shop/config.git", branch: "main" };

function file(path: string, before: string, after: string): TouchedFile {
  const [was, now] = [before, after].map((text) => new TextEncoder().encode(text));
  return { path, before: was ?? "absent", after: now ?? "absent" };
}

async function prod(files: readonly TouchedFile[], signal = never) {
  const tree: ProposedTree = {
    name: "42",
    tip: "a".repeat(40),
    base: "a".repeat(40),
    head: "b".repeat(40),
    subject: "x",
    addresses: [],
    environments: [{ name: "prod", digest: "h1:new=", was: "h1:old=", files, problems: [] }],
    problems: [],
  };
  const [environment] = (await proposalFacts(tree, where, new Map(), signal)).environments;
  return environment;
}

test("a text that is told by its length alone is said not to be shown (T23)", async () => {
  const text = `conf: |\n  ${"# nginx\n  ".repeat(20)}listen 80\nb: 1\n`;
  const found = await prod([file("a.yaml", text, text.replace("80", "81"))]);
  expect(found?.changes).toMatchObject([{ path: "conf", from: "text of 170 characters" }]);
  expect(found?.uncompared).toEqual([
    { file: "a.yaml", reason: "the text at conf is too long to be shown here" },
  ]);
});

test("more than is read at once cannot be approved, and is not read", async () => {
  const half = `a: ${"x".repeat(mostComparedBytes / 2)}`;
  const files = [file("a.yaml", half, half), file("notes.txt", half, half)];
  expect(await prod(files)).toMatchObject({
    changes: [],
    problems: ["its documents that change have more than 2 MiB, before and after together: split it"],
  });
  expect(comparedFiles({ files: [...files, file("b.yaml", "a: 1", "a: 2")], more: 0 })).toMatchObject({
    changes: [{ file: "b.yaml" }],
    uncompared: [{ file: "a.yaml", reason: expect.stringContaining("2 MiB") }, { file: "notes.txt" }],
  });
});

test("others have their turn between files, and it ends when it is given up", async () => {
  const files = Array.from({ length: 20 }, (_, at) => file(`${at}.yaml`, "a: 1", "a: 2"));
  let turns = 0;
  let compared = false;
  function nextTurn(): void {
    turns++;
    if (!compared) setImmediate(nextTurn);
  }
  setImmediate(nextTurn);
  await prod(files);
  compared = true;
  expect(turns).toBeGreaterThanOrEqual(files.length);
  await expect(prod(files, AbortSignal.abort(new Error("given up")))).rejects.toThrow();
});
