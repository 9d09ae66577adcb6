import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compiledStackWalk } from "../../src/parsers/goroutine-dump/compiled-stack-walk.ts";
import { emptyHeader, readHeader } from "../../src/parsers/goroutine-dump/header.ts";
import { dumpLimits } from "../../src/parsers/goroutine-dump/limits.ts";
import { StackTree } from "../../src/parsers/goroutine-dump/stack-tree.ts";
import { irregular, type StackWalk, unfinished } from "../../src/parsers/goroutine-dump/stack-walk.ts";
import { stackWalkSource } from "../../src/parsers/goroutine-dump/stack-walk-code.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { capture } from "./feed.ts";

const source = "src/parsers/goroutine-dump/stack-walk.as";

function compiled(limits = dumpLimits): StackWalk {
  const walk = compiledStackWalk(limits);
  if (walk === undefined) throw new Error("there is no compiled walk on this platform");
  return walk;
}

/** Walks along the first goroutine of `text`, and keeps `value` if the walk has none. */
function report(walk: StackWalk, text: Uint8Array, value: number) {
  const { memory } = walk;
  memory.reserve(text.length);
  memory.bytes.set(text, memory.start);
  const to = memory.start + text.length;
  const feed = memory.bytes.indexOf(0x0a, memory.start);
  const header = emptyHeader();
  if (feed === -1 || feed >= to || !readHeader(memory.bytes, memory.start, feed, header)) return undefined;
  const end = walk.walk(header, feed + 1, to);
  if (end === unfinished || end === irregular) return { end };
  const known = walk.value;
  if (known === -1) walk.keep(value);
  const calls = Array.from({ length: walk.callCount }, (_, call) => [
    (walk.callStarts[call] ?? 0) - memory.start,
    (walk.nameEnds[call] ?? 0) - memory.start,
    (walk.placeEnds[call] ?? 0) - memory.start,
    walk.texts[call],
  ]);
  return { end: end - memory.start, lines: walk.lines, plain: walk.plain, known, kept: walk.value, calls };
}

describe("the compiled walk", () => {
  it("is compiled from its source", () => {
    const hash = createHash("sha256").update(readFileSync(source)).digest("hex");
    expect(stackWalkSource, "run `npm run wasm`").toBe(hash);
  });

  it.each([
    ["with its usual limits", dumpLimits],
    ["with few texts", { ...dumpLimits, maxTexts: 40 }],
    ["with little room for them", { ...dumpLimits, maxTextBytes: 3000 }],
    ["with few nodes", { ...dumpLimits, maxNodes: 60 }],
  ])("finds and learns what the plain one does, %s", (_name, limits) => {
    const names = ["goroutine-dump-go1.26.txt", "goroutine-fatal-go1.26.txt", "goroutine-quit-go1.26.txt"];
    const goroutines = names.flatMap((name) => {
      const text = capture(name).toString("latin1");
      return text.split(/(?<=\n)\n/).map((goroutine) => Buffer.from(`${goroutine}\n`, "latin1"));
    });
    const words = [
      "\n",
      "\t",
      "(",
      ")",
      " in goroutine 7",
      "...",
      "non-Go function at pc=1\n",
      "\r",
      " fp=0x1",
    ];
    const random = randomNumbers(0x5eed);
    const walk = compiled(limits);
    const tree = new StackTree(limits);
    let walked = 0;
    for (let i = 0; i < 20_000; i++) {
      const whole = goroutines[random(goroutines.length)] ?? Buffer.alloc(0);
      const text = random(3) === 0 ? damaged(whole, words, random) : whole;
      const found = report(walk, text, i);
      if (found !== undefined && found.end >= 0) walked++;
      expect(found).toEqual(report(tree, text, i));
    }
    expect(walked).toBeGreaterThan(limits === dumpLimits ? 10_000 : 100);
    walk.release();
  });

  it("forgets what an earlier dump taught it", () => {
    const text = Buffer.from("goroutine 1 [select]:\nmain.f()\n\t/src/main.go:9 +0x1d\n\n");
    const first = compiled();
    expect(report(first, text, 7)).toMatchObject({ known: -1, kept: 7 });
    expect(report(first, text, 8)).toMatchObject({ known: 7, kept: 7 });
    first.release();
    const second = compiled();
    expect(second).toBe(first);
    expect(report(second, text, 9)).toMatchObject({ known: -1, kept: 9 });
    // Two dumps that are read in turns do not share what they learn.
    const other = compiled();
    expect(other).not.toBe(second);
    expect(report(other, text, 5)).toMatchObject({ known: -1, kept: 5 });
    expect(report(second, text, 5)).toMatchObject({ known: 9 });
    second.release();
    other.release();
  });

  it("is not to be had for goroutines longer than it has room for", () => {
    const maxGoroutineBytes = 2 * dumpLimits.maxGoroutineBytes;
    expect(compiledStackWalk({ ...dumpLimits, maxGoroutineBytes })).toBeUndefined();
  });
});
