import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ambiguityOf } from "../../src/governance/ambiguous.ts";
import { lintDocument } from "../../src/governance/lint.ts";

function lint(name: string, text: string): readonly string[] {
  return lintDocument(name, new TextEncoder().encode(text)).map(
    ({ line, column, kind, message }) => `${line}:${column} ${kind}: ${message}`,
  );
}

describe("a configuration file that all readers take alike", () => {
  test.each([
    [
      "a.yaml",
      "redis:\n  max_active: 200\n  timeout: 45s\n  ratio: 0.5\n  url: https://a:80/b\n  on_error: true\n",
    ],
    ["a.yaml", "a: \"no\"\nb: '010'\nc: ~\nd:\ne: [1, -2, 0x1F, 1.5e+3]\n"],
    ["a.yaml", "a: |\n  no\n  1:30\nb: !!str no\nc: 10.0.0.1:8080\nd: v1.2.3\n"],
    ["a.json", '{"a": 1e3, "b": ["no", "010"]}\n'],
    ["a.properties", "a=no\nb=010\n"],
    ["a.yaml", "\ufeffa: ❤️ 👩‍🚒\n"],
    ["README.md", "no: [\n"],
  ])("%s %j has no problem", (name, text) => {
    expect(lint(name, text)).toEqual([]);
  });
});

describe("what two readers take differently (T22)", () => {
  test.each([
    [
      "a: no\n",
      '1:4 ambiguous: no is false to some readers and text to others: write false, or "no" if it is text.',
    ],
    [
      "on: 1\n",
      '1:1 ambiguous: on is true to some readers and text to others: write true, or "on" if it is text.',
    ],
    [
      "a: [x, Off]\n",
      '1:8 ambiguous: Off is false to some readers and text to others: write false, or "Off" if it is text.',
    ],
    [
      "a: 010\n",
      '1:4 ambiguous: 010 is octal to some readers and not to others: write 8, 10, or "010" if it is text.',
    ],
    [
      "a: 0o17\n",
      '1:4 ambiguous: 0o17 is octal to some readers and not to others: write 15, 17, or "0o17" if it is text.',
    ],
    [
      "a: 089\n",
      '1:4 ambiguous: 089 is a number to some readers and text to others: write it without the leading zero, or "089" if it is text.',
    ],
    [
      "a: -0x1F\n",
      '1:4 ambiguous: -0x1F is a number to some readers and text to others: write it in decimal, or "-0x1F" if it is text.',
    ],
    [
      "a: 1:30\n",
      '1:4 ambiguous: 1:30 is a number to the base of 60 to some readers and text to others: write "1:30".',
    ],
    [
      "a: 1_000\n",
      '1:4 ambiguous: 1_000 is a number to some readers and text to others: write 1000, or "1_000" if it is text.',
    ],
    [
      "a: 1e3\n",
      '1:4 ambiguous: 1e3 is a number to some readers and text to others, who want a point and a sign: write 1.0e+3, or "1e3" if it is text.',
    ],
    [
      "a: 2024-05-21\n",
      '1:4 ambiguous: 2024-05-21 is a time to some readers and text to others: write "2024-05-21".',
    ],
    ["a: 1\nb: 2\na: 3\n", "3:1 unreadable: A name is here for the second time in its section."],
    [
      "a: &x 1\nb: *x\n",
      "2:4 unreadable: An alias stands for what is elsewhere, and not every reader expands it: write the value itself.",
    ],
    [
      "a: !Ref x\n",
      "1:9 unreadable: This tag is for a certain program, and others read something else or nothing: leave it out.",
    ],
    [
      "%YAML 1.1\n---\na: 1\n",
      "1:1 unreadable: %YAML says which version this is, and not every reader listens: leave it out.",
    ],
    [
      "a: x\u2028y\n",
      "1:5 unreadable: U+2028 is here, which people do not see and readers take differently: take it out.",
    ],
    [
      "a: x\u202ey\n",
      "1:5 unreadable: U+202E is here, which people do not see and readers take differently: take it out.",
    ],
    // Of Arabic, soft, joining, filling, colouring, and of tags.
    ...["\u061c", "\u00ad", "\u200d", "\u3164", "\ufe0f", "\u{e0061}"].map((one) => [
      `a: x${one}y\n`,
      `1:5 unreadable: U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} is here, which people do not see and readers take differently: take it out.`,
    ]),
  ])("%j", (text, problem) => {
    expect(lint("a.yaml", text)).toEqual([problem]);
  });

  test("merge keys, templates, and what is no YAML", () => {
    expect(lint("a.yaml", "a: &x {b: 1}\nc:\n  <<: *x\n")[0]).toMatch(/^3:3 unreadable: A merge key/);
    expect(lint("a.yaml", "a: {{ .Values.x }}\n")[0]).toMatch(
      /It looks like a template: keep what comes out/,
    );
    expect(lint("a.yaml", "a: [1\n")[0]).toMatch(/^\d+:\d+ unreadable: It is not YAML/);
    expect(lint("a.json", "{a: 1}\n")).toEqual([
      "1:2 unreadable: It is YAML and not JSON: readers of JSON refuse it.",
    ]);
    expect(lint("a.json", '{\n  "a": x\n}\n')).toEqual([
      "2:8 unreadable: It is YAML and not JSON: readers of JSON refuse it.",
    ]);
    expect(lint("a.json", '{"a": 1, "a": 2}')[0]).toMatch(/^1:10 unreadable: A name is here for the second/);
    expect(lint("a.env", "A=1\nA=2\n")).toEqual(['2:1 unreadable: "A" is here for the second time.']);
    expect(lint("a.yaml", `a: ${"x".repeat(1 << 20)}`)[0]).toMatch(/larger than 1 MiB/);
    expect(lintDocument("a.yaml", Uint8Array.of(0x61, 0xff))[0]?.message).toMatch(/not UTF-8/);
    expect(lint("a.yaml", "[".repeat(100_000))[0]).toMatch(/nested deeper than 100 levels/);
  });

  test("a document inside of a ConfigMap is looked at, at its place in the file", () => {
    const text = `apiVersion: v1
kind: ConfigMap
data:
  app.yaml: |
    redis:
      tls: on
      tls: off
  note: "no"
`;
    expect(lint("cm.yaml", text)).toEqual([
      "7:7 unreadable: A name is here for the second time in its section.",
      '6:12 ambiguous: on is true to some readers and text to others: write true, or "on" if it is text.',
      '7:12 ambiguous: off is false to some readers and text to others: write false, or "off" if it is text.',
    ]);
  });

  test("a value that may be a secret is not repeated (T24)", () => {
    expect(lint("a.yaml", "db:\n  password: 0123456\n")).toEqual([
      "2:13 ambiguous: This value (not shown) is octal to some readers and not to others: put it in quotes.",
    ]);
  });
});

/** The library reads both versions: where it takes a scalar for two things, the lint must say so. */
test("what the two versions of YAML disagree about is found", () => {
  const letters = "0123456789:._-+eExobTZnyNYOofFrsut ".split("");
  const scalar = fc.oneof(
    fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      "yes",
      "No",
      "ON",
      "off",
      "y",
      "N",
      "true",
      "False",
      "null",
      "~",
      "0b101",
      "0x1F",
      "190:20:30",
    ),
  );
  fc.assert(
    fc.property(scalar, (text) => {
      let read: readonly unknown[];
      try {
        read = (["1.1", "1.2"] as const).map((version) =>
          parse(`- ${text}`, { version, schema: version === "1.1" ? "yaml-1.1" : "core" }),
        );
      } catch {
        return;
      }
      const [first, second] = read as [unknown[], unknown[]];
      const plain = text.trim();
      // A number without any digit in front is one to the library alone.
      if (/^[-+]?[eE]/.test(plain)) return;
      if (typeof first[0] === "object" || typeof second[0] === "object" || first.length !== 1) return;
      if (typeof first[0] === typeof second[0] && Object.is(first[0], second[0])) return;
      expect([plain, ambiguityOf(plain)]).not.toEqual([plain, undefined]);
    }),
    { numRuns: 3_000 },
  );
});
