import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compiledStackWalk } from "../../src/parsers/goroutine-dump/compiled-stack-walk.ts";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import { emptyHeader, readHeader } from "../../src/parsers/goroutine-dump/header.ts";
import { dumpLimits } from "../../src/parsers/goroutine-dump/limits.ts";
import { StackTree } from "../../src/parsers/goroutine-dump/stack-tree.ts";
import { irregular, type StackWalk, unfinished } from "../../src/parsers/goroutine-dump/stack-walk.ts";
import { stackWalkSource } from "../../src/parsers/goroutine-dump/stack-walk-code.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { capture, feed, whole } from "./feed.ts";

const sources = ["count-known", "stack-walk"].map((name) => `src/parsers/goroutine-dump/${name}.as`);

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
  const words = walk.liveWords(walk.callCount, end);
  const { lines, plain, value: kept } = walk;
  return { end: end - memory.start, lines, plain, known, kept, calls, words };
}

function waiter(mutex: number, id: number): string {
  return `goroutine ${id} [m]:\nsync.(*Mutex).lockSlow(0x${(0xc000 + mutex).toString(16)})\n\t/m:9\n\n`;
}

describe("the compiled walk", () => {
  it("is compiled from its sources", () => {
    const hash = createHash("sha256");
    for (const source of sources) hash.update(readFileSync(source));
    expect(stackWalkSource, "run `npm run wasm`").toBe(hash.digest("hex"));
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
    const damages = [
      "\n",
      "\t",
      "(",
      ")",
      " in goroutine 7",
      "...",
      "non-Go function at pc=1\n",
      "\r",
      " fp=0x1",
      "0x",
      ", 0xc000123456?",
      "0xc0001234567890ab, ",
    ];
    const random = randomNumbers(0x5eed);
    const walk = compiled(limits);
    const tree = new StackTree(limits);
    let walked = 0;
    let words = 0;
    for (let i = 0; i < 20_000; i++) {
      const whole = goroutines[random(goroutines.length)] ?? Buffer.alloc(0);
      const text = random(3) === 0 ? damaged(whole, damages, random) : whole;
      const found = report(walk, text, i);
      if (found !== undefined && found.end >= 0) walked++;
      words += found?.words?.length ?? 0;
      expect(found).toEqual(report(tree, text, i));
    }
    expect(walked).toBeGreaterThan(limits === dumpLimits ? 10_000 : 100);
    expect(words).toBeGreaterThan(walked / 2);
    walk.release();
  });

  it("notes the words of the first calls, as many as the plain one", () => {
    const args = Array.from(
      { length: 150 },
      (_, word) => `0xc000${(word * 8).toString(16).padStart(6, "0")}`,
    );
    const call = (name: string) => `main.${name}(${args.join(", ")})\n\t/src/main.go:9 +0x1d\n`;
    const text = Buffer.from(`goroutine 7 [select]:\n${call("a")}${call("b")}${call("c")}\n`);
    const walk = compiled();
    const found = report(walk, text, 0);
    expect(found).toEqual(report(new StackTree(dumpLimits), text, 0));
    expect(found?.words).toHaveLength(256);
    expect(walk.liveWords(1, walk.memory.start + text.length)).toHaveLength(150);
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

  it("counts goroutines of known stacks as they are counted one by one", () => {
    const random = randomNumbers(0xc0de);
    let lastId = 0;
    const one = (words: readonly string[]) => words[random(words.length)] ?? "";
    const digits = () => String(random(10) === 0 ? random(2 ** 31) * 1000 : random(30));
    const hex = () => (0xc000000000 + 8 * random(40)).toString(16);
    const attribute = () =>
      one([`, ${digits()} minutes`, ", locked to thread", ", synctest bubble 3", ", 12 hours", ",", ", "]);
    const header = () => {
      const state = one(["select", "sync.Mutex.Lock", "chan receive (nil chan) (scan)", "IO wait", " l", ""]);
      const end = one([
        "]:",
        "]:",
        "]:",
        "]:",
        "]: ",
        "]:\r",
        '] {"a":"b"}:',
        ' labels:{"a": "b"}]:',
        "]",
        "",
      ]);
      // Now and then one stands there again, and another dump begins.
      const number = random(500) === 0 ? 5 : ++lastId;
      const id = one([`${number}`, `${number}`, `0${number}`, " 7", `${number} gp=0xc1 m=nil`]);
      return `goroutine ${id} [${state}${random(2) === 0 ? attribute() : ""}${random(4) === 0 ? attribute() : ""}${end}\n`;
    };
    const lock = () =>
      `sync.(*Mutex).lockSlow(${one([`0x${hex()}`, `0x${hex()}, 0x1`, `0x${hex()}?`, "0x0", "0x123456789abcdef", "..."])})\n\t/src/mutex.go:9 +0x1\n`;
    const call = () => `main.${one(["a", "b", "(*T).c"])}(0x${hex()})\n\t/src/main.go:${random(3)} +0x1d\n`;
    const creator = () => `created by main.d in goroutine ${random(9)}\n\t/src/main.go:3 +0x2\n`;
    const odd = () =>
      one(["\n", "\n\n", "some line\n", "...2 frames elided...\n", "panic: no\n", "\r\n", "\t"]);
    let counted = 0;
    for (let round = 0; round < 60; round++) {
      let text = "";
      lastId = random(3) === 0 ? 2 ** 31 : 9;
      while (text.length < 40_000) {
        text += header();
        if (random(3) === 0) text += lock();
        for (let calls = random(3); calls > 0; calls--) text += call();
        if (random(2) === 0) text += creator();
        text += random(20) === 0 ? odd() : "\n";
      }
      const [quick, slow] = [true, false].map((compiled) =>
        feed(goroutineDumpParser({ artifact: "a", compiled }), text, [700, 20_000, 70_000][round % 3]),
      );
      expect(quick).toEqual(slow);
      counted += quick?.ok === true ? quick.value.snapshot.counted : 0;
    }
    expect(counted).toBeGreaterThan(4_000);
  });

  it("notes every mutex when there are more than it can note at once", () => {
    // Behind a long goroutine, which is waited for, so many stand in memory at once.
    const long = `goroutine 2 [m]:\nmain.f(0x${"1".repeat(265_000)})\n\t/m:9\n\n`;
    const waiters = Array.from({ length: 12_000 }, (_, at) => waiter(at % 5, at + 10)).join("");
    const read = whole(
      feed(goroutineDumpParser({ artifact: "a" }), waiter(0, 9) + long + waiters, 1_000_000),
    );
    const [group] = read.snapshot.groups;
    expect(group?.count).toBe(12_001);
    expect([...(group?.waitedMutexes.values() ?? [])]).toEqual([2401, 2400, 2400, 2400, 2400]);
  });

  it("is not to be had for goroutines longer than it has room for", () => {
    const maxGoroutineBytes = 2 * dumpLimits.maxGoroutineBytes;
    expect(compiledStackWalk({ ...dumpLimits, maxGoroutineBytes })).toBeUndefined();
  });
});
