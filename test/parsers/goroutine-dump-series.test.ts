import { describe, expect, it } from "vitest";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import { feed, whole } from "./feed.ts";
import { parse, publish } from "./goroutine-dumps.ts";

const asked = `goroutine 40 [running]:\n${publish}\n`;
const main = "goroutine 1 [select]:\nmain.main()\n\t/src/main.go:9 +0x1\n\n";

function stuck(...ids: readonly number[]): string {
  return ids.map((id) => `goroutine ${id} [chan send]:\n${publish}\n`).join("");
}

/** How many goroutines each dump has, oldest first, and what was found out. */
function counts(text: string, pieceBytes?: number) {
  const { snapshot, earlier, note, crash } = whole(parse(text, pieceBytes));
  return { counted: [...earlier, snapshot].map(({ counted }) => counted), snapshot, note, crash };
}

describe("several dumps in one input", () => {
  it.each([
    [
      "who asked is new",
      `${asked}${main}${stuck(5, 6)}`,
      `${asked.replace("40", "41")}${main}${stuck(5, 6, 7)}`,
    ],
    ["who asked is the same", `${asked}${main}${stuck(5, 6)}`, `${asked}${main}${stuck(5, 6, 7)}`],
    ["nobody asked", `${main}${stuck(5, 6, 8)}`, `${main}${stuck(5, 6, 7, 9)}`],
    [
      "a log's own lines between them",
      `${asked}${main}${stuck(5, 6)}`,
      `10:05 dump\n${asked}${main}${stuck(5, 6, 7)}`,
    ],
  ])("are successive captures: %s", (_how, first, second) => {
    for (const size of [undefined, 1, 7, 100]) {
      const { counted, snapshot, note } = counts(first + second, size);
      expect(counted).toEqual([4, 5]);
      expect(snapshot.incomplete).toBeUndefined();
      const line = first.split("\n").length + (second.startsWith("10:05") ? 1 : 0);
      expect(note).toBe(
        `2 dumps stand in it one after another; judged is that of line ${line}; what grew is measured from line 1`,
      );
    }
  });

  it("count many goroutines once each, in compiled and in plain code", () => {
    const ids = Array.from({ length: 40_000 }, (_, i) => i + 2);
    const text = `${main}${stuck(...ids)}`.repeat(3);
    for (const compiled of [true, false]) {
      const { snapshot, earlier } = whole(
        feed(goroutineDumpParser({ artifact: "a", compiled }), text, 100_000),
      );
      expect([...earlier, snapshot].map(({ counted }) => counted)).toEqual([40_001, 40_001, 40_001]);
    }
  });

  it("are of two runs when the process died between them", () => {
    const first = `panic: no such order\n\ngoroutine 7 [running]:\n${publish}\n`;
    const second = `panic: shelf is empty\n\ngoroutine 9 [running]:\n${publish}\n`;
    const { counted, note, crash } = counts(`${first}exit status 2\nstarting\n${second}`);
    expect(counted).toEqual([1]);
    expect(crash).toMatchObject({ message: "shelf is empty", at: { value: 11 } });
    expect(note).toContain(
      "1 left out, of an earlier run of the process, which ended at line 1 (no such order)",
    );
    const asked = counts(`SIGQUIT: quit\n\n${main}${stuck(5)}SIGQUIT: quit\n\n${main}${stuck(5, 6)}`);
    expect(asked.counted).toEqual([3]);
    expect(asked.note).toContain("earlier run");
  });

  it("do not let a death pass for the dump of a later run", () => {
    const died = `panic: no such order\n\ngoroutine 7 [running]:\n${publish}\n`;
    const { counted, note, crash } = counts(`${died}starting\nSIGQUIT: quit\n\n${main}${stuck(5)}`);
    expect(crash?.message).toBe("no such order");
    expect(counted).toEqual([1]);
    expect(note).toContain("1 left out, of a later run of the process");
  });

  it("are kept up to a bound", () => {
    const { counted, note } = counts(`${main}${stuck(5)}`.repeat(20));
    expect(counted).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
    expect(note).toMatch(/^20 dumps stand in it.*; 12 left out, the oldest$/);
  });

  it("are none when a goroutine's stack was logged again and again", () => {
    const logged = `http: panic serving 10.0.0.7:1: oh\ngoroutine 34 [running]:\n${publish}\n`;
    const { counted, snapshot } = counts(logged.repeat(3));
    expect(counted).toEqual([3]);
    expect(snapshot.incomplete).toBe(
      "the stack of goroutine 34 stands in it again at line 9: stacks were logged one by one",
    );
    const amidst = counts(`${main}${stuck(34)}${logged}`);
    expect(amidst.counted).toEqual([3]);
    expect(amidst.snapshot.incomplete).toContain("goroutine 34 stands in it again");
  });

  it("without the main goroutine are not all that there is", () => {
    expect(counts(stuck(5, 6)).snapshot.incomplete).toBe(
      "the main goroutine is not in it, so others may be missing, too",
    );
    expect(counts(`${main}${stuck(5, 6)}`).snapshot.incomplete).toBeUndefined();
    expect(counts(`panic: oh\n\n${asked}`).snapshot.incomplete).toBeUndefined();
    // Who writes a dump of all stands first in it, and waits for somebody.
    const writer = `goroutine 7 [running]:\nruntime/pprof.writeGoroutineStacks({0x1, 0x2})\n\t/src/pprof.go:7 +0x1\n${publish}\n`;
    expect(counts(writer).snapshot.incomplete).toContain("the main goroutine is not in it");
    expect(counts(`${writer}${stuck(5, 6)}`).snapshot.incomplete).toBeUndefined();
  });
});
