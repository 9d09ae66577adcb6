import { describe, expect, it } from "vitest";
import type { ParseError } from "../../src/domain/evidence/parse-result.ts";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { capture, feed, feedIntoRoom } from "./feed.ts";
import { publish } from "./goroutine-dumps.ts";

const inputs = 50_000;
/** A busy machine takes several times as long as a quiet one. */
const longTestMs = 300_000;

const words = [
  "\n",
  "\n\n",
  "\r\n",
  "\t",
  "(",
  ")",
  "...",
  "goroutine ",
  "goroutine 99999999999999999999 [select]:\n",
  "goroutine 7 [select, 2 minutes, locked to thread]:\n",
  'goroutine 7 [select labels:{"a": "b"}]:\n',
  'goroutine 7 gp=0xc000002380 m=nil [select] {"a": "b"}:\n',
  "\tgoroutine running on other thread; stack unavailable\n",
  "created by main.main in goroutine 1\n\t/src/main.go:9 +0x1\n",
  "[originating from goroutine 1]:\n",
  "...101 frames elided...\n",
  "...additional frames elided...\n",
  "non-Go function at pc=7f21a0000010\n",
  "sync.(*Mutex).lockSlow(0xc000123456)\n\t/src/mutex.go:1 +0x1\n",
  " fp=0x1 sp=0x2 pc=0x3",
  " in goroutine 5",
  "panic: ",
  "fatal error: ",
  "SIGQUIT: quit\n",
  "2026-11-23T10:00:00Z stderr F ",
];

const seeds = [
  ...["dump", "panic", "fatal", "quit"].map((name) => {
    const bytes = capture(`goroutine-${name}-go1.26.txt`);
    return bytes.subarray(0, bytes.lastIndexOf("\n\n", 3000) + 2);
  }),
  Buffer.from(
    `goroutine 1 [chan send]:\n${publish}\ngoroutine 2 [chan send, 3 minutes]:\n${publish}`.repeat(4),
  ),
  Buffer.from(
    `panic: boom\n\ngoroutine 1 [running]:\n${publish}`.replaceAll(/^/gm, "Nov 3 10:00:00 host shop[31]: "),
  ),
];

describe("damaged dumps", () => {
  it(
    `are read or refused, alike for every way they are cut (${inputs} inputs)`,
    () => {
      const random = randomNumbers(0x60f1_7e);
      const outcomes = new Map<string, number>();
      for (let i = 0; i < inputs; i++) {
        const input = damaged(seeds[random(seeds.length)] ?? Buffer.alloc(0), words, random);
        const result = feed(parser(), input);
        const problem = result.ok ? result.damage : result.error;
        const outcome = result.ok ? (problem === undefined ? "whole" : "partial") : result.error.code;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (problem !== undefined) expectSensible(problem, input);
        if (result.ok) {
          const { snapshot } = result.value;
          const grouped = snapshot.groups.reduce((sum, group) => sum + group.count, 0);
          if (grouped !== snapshot.counted) expect.fail(`${grouped} of ${snapshot.counted} are in groups`);
        }
        // One in four: cutting costs most of the time.
        if (i % 8 === 0) expect(feed(parser(), input, 1 + random(200))).toEqual(result);
        if (i % 8 === 4)
          expect(feedIntoRoom(parser(), input, 1 + random(2000), 1 + random(200))).toEqual(result);
      }
      // The damage is neither so small nor so large that one outcome is all there is.
      for (const outcome of ["whole", "partial", "not-this-format"]) {
        expect(outcomes.get(outcome) ?? 0).toBeGreaterThan(inputs / 1000);
      }
    },
    longTestMs,
  );
});

describe("inputs made to take long", () => {
  const million = 1_000_000;
  it.each([
    ["headers without stacks", "goroutine 1 [a]:\n", ""],
    ["one line of parentheses", "(", ""],
    ["one call of parentheses", "(", "goroutine 1 [select]:\nmain.f"],
    ["one place of colons", ":1", "goroutine 1 [select]:\nmain.f()\n\t"],
    ["one header of digits", "1", "goroutine 1"],
    ["one header of states", ", 1 minutes", "goroutine 1 [a"],
    ["one header of labels", " labels:{", "goroutine 1 [a"],
    ["blanks behind a place", " ", "goroutine 1 [select]:\nmain.f()\n\t/src/main.go:1"],
    ["lines of another writer", "listening (again)\n", "goroutine 1 [select]:\n"],
    ["calls without places", "main.f()\n", "goroutine 1 [select]:\n"],
    ["places without calls", "\t/src/main.go:1 +0x1\n", "goroutine 1 [select]:\n"],
    ["creators", "created by main.f in goroutine 1\n\t/src/main.go:1\n", "goroutine 1 [select]:\n"],
    ["words of a log writer", "a goroutine 1 [select]:\n", ""],
    ["half a log writer's line", "a goroutine 1 [", ""],
    ["distinct stacks", "goroutine 1 [select]:\nmain.f#()\n\t/src/main.go:# +0x1\n\n", ""],
  ])(
    "%s",
    (_name, repeated, before) => {
      let count = 0;
      const text =
        before + repeated.repeat((4 * million) / repeated.length).replaceAll("#", () => String(count++));
      const bytes = Buffer.from(text);
      // 4 MB take about a second at most; a reader that goes back over them takes hours.
      const result = feed(parser(), bytes, 50_000);
      expect(result.ok ? result.value.snapshot.counted : -1).not.toBe(0);
    },
    longTestMs,
  );
});

function parser(compiled = true) {
  return goroutineDumpParser({ artifact: "a", compiled });
}

function expectSensible({ message, at, excerpt }: ParseError, input: Buffer): void {
  const lines = input.reduce((count, byte) => (byte === 0x0a ? count + 1 : count), 1);
  const sensible =
    /^[A-Z].*\.$/s.test(message) &&
    at.unit === "line" &&
    at.value >= 1 &&
    at.value <= lines + 1 &&
    (excerpt === undefined || (excerpt.length <= 80 && !/\p{Cc}/u.test(excerpt)));
  if (!sensible) expect.fail(`${message} at ${at.value} of ${lines}: ${excerpt}`);
}
