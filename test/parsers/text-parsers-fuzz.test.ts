import { describe, expect, it } from "vitest";
import type { ByteParser, ParseError } from "../../src/domain/evidence/parse-result.ts";
import {
  contentionTextParser,
  looksLikeContentionText,
} from "../../src/parsers/contention-text/contention-text-parser.ts";
import { expvarParser, looksLikeExpvar } from "../../src/parsers/memstats/expvar.ts";
import { heapTextParser, looksLikeHeapText } from "../../src/parsers/memstats/heap-text.ts";
import { looksLikeMetrics, metricsParser } from "../../src/parsers/metrics/metrics-parser.ts";
import { looksLikePprofIndex, pprofIndexParser } from "../../src/parsers/pprof-index/pprof-index-parser.ts";
import { damaged, randomNumbers } from "./damage.ts";
import { capture, feed } from "./feed.ts";

const inputsPerFormat = 5_000;

interface Format {
  readonly name: string;
  readonly parser: () => ByteParser<unknown>;
  readonly looksLike: (head: Uint8Array) => boolean;
  readonly seeds: readonly string[];
  /** Text that means something in the format, to be thrown in anywhere. */
  readonly words: readonly string[];
}

const formats: readonly Format[] = [
  {
    name: "metrics",
    parser: () => metricsParser("a", { families: [""], bounds: { samples: 60, lineBytes: 300 } }),
    looksLike: looksLikeMetrics,
    seeds: ["metrics-prometheus.txt", "metrics-openmetrics.txt"],
    words: [
      "{",
      "}",
      '"',
      "\\",
      "# EOF\n",
      "# TYPE a b\n",
      " # {",
      "NaN",
      "=",
      ",",
      " 1",
      "__proto__",
      "\r\n",
      "1e999",
    ],
  },
  {
    name: "heap text",
    parser: () => heapTextParser("a"),
    looksLike: looksLikeHeapText,
    seeds: ["heap-go1.19.txt", "heap-go1.27.txt"],
    words: ["# ", " = ", "[", "]", "# NumGC = 4294967295\n", "# PauseNs = [1]\n", "e+308", "-1", " / "],
  },
  {
    name: "expvar",
    parser: () => expvarParser("a", { maxBytes: 5_000 }),
    looksLike: looksLikeExpvar,
    seeds: ["expvar-go1.27.json"],
    words: [
      "{",
      "}",
      "[",
      "]",
      '"',
      "\\u0000",
      "null",
      '"__proto__":{}',
      '"NumGC":-1.5',
      '"NumGC":1e400',
      "[".repeat(70),
    ],
  },
  {
    name: "contention text",
    parser: () => contentionTextParser("a", { bounds: { sites: 3, depth: 6 } }),
    looksLike: looksLikeContentionText,
    seeds: ["mutex-go1.19.txt", "mutex-go1.27.txt", "block-go1.19.txt", "block-go1.27.txt"],
    words: [
      "#\t",
      "\t",
      "\n\n",
      "@ 0x1",
      "1 1 @ 0x1\n",
      "cycles/second=0\n",
      "sampling period=0\n",
      "+0x",
      ":",
    ],
  },
  {
    name: "pprof index",
    parser: () => pprofIndexParser("a"),
    looksLike: looksLikePprofIndex,
    seeds: ["pprof-index-go1.19.html", "pprof-index-go1.27.html"],
    words: [
      "<td>",
      "<td",
      ">",
      "<",
      "&amp;",
      "&",
      "'",
      "?debug=1",
      "</a>",
      "<td>99999999999999999999</td>",
      "</html>",
    ],
  },
];

describe.each(formats)("$name", ({ parser, looksLike, seeds, words }) => {
  const captures = seeds.map(capture);

  it(`reads or refuses ${inputsPerFormat} damaged inputs, alike for every way they are cut`, () => {
    const random = randomNumbers(0x60f1_7e);
    const outcomes = new Set<string>();
    for (let i = 0; i < inputsPerFormat; i++) {
      const seed = captures[random(captures.length)] ?? Buffer.alloc(0);
      const input = damaged(seed, words, random);
      looksLike(input);
      const result = feed(parser(), input);
      const problem = result.ok ? result.damage : result.error;
      outcomes.add(result.ok ? (problem === undefined ? "whole" : "partial") : result.error.code);
      if (problem !== undefined) expectSensible(problem, input);
      // One in four: cutting costs most of the time.
      if (i % 4 === 0) expect(feed(parser(), input, 1 + random(200))).toEqual(result);
    }
    // The damage is neither so small nor so large that one outcome is all there is.
    expect([...outcomes]).toEqual(expect.arrayContaining(["not-this-format"]));
    expect(outcomes.size).toBeGreaterThanOrEqual(3);
  });
});

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
