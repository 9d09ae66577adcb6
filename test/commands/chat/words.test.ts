import { array, assert, oneof, property, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";
import { mute } from "../../../src/commands/chat/mute.ts";
import { readArguments } from "../../../src/commands/chat/read-arguments.ts";
import { snapshot } from "../../../src/commands/chat/snapshot.ts";
import { readWords } from "../../../src/commands/chat/words.ts";
import { chatWords } from "../../../src/domain/chat/chat-request.ts";

function texts(line: string): readonly string[] {
  return readWords(line).map(({ text }) => text);
}

function read(line: string) {
  return readArguments(snapshot, readWords(line).slice(1));
}

describe("what a person writes", () => {
  test.each([
    ["snapshot order", ["snapshot", "order"]],
    ["  snapshot\u00a0 order\t", ["snapshot", "order"]],
    ["<@U0GOFIRE> snapshot order", ["snapshot", "order"]],
    ["<@U0GOFIRE|gofire>: snapshot order", ["snapshot", "order"]],
    ["@gofire snapshot order", ["snapshot", "order"]],
    ["/gofire snapshot order", ["snapshot", "order"]],
    ["gofire snapshot order", ["snapshot", "order"]],
    ["gofire", []],
    ["", []],
    ["`snapshot order`", ["snapshot", "order"]],
    ["*snapshot order*", ["snapshot", "order"]],
    ["\n\nsnapshot order\nthanks a lot", ["snapshot", "order"]],
    ["snapshot “order service”", ["snapshot", "order service"]],
    ["snapshot 'order service'", ["snapshot", "order service"]],
    ["snapshot <http://order.prod|order.prod>", ["snapshot", "order.prod"]],
    ["snapshot pod=<http://10.0.0.5:6060>", ["snapshot", "pod=http://10.0.0.5:6060"]],
    ['mute a/b 2h reason="don’t &amp; won’t"', ["mute", "a/b", "2h", "reason=don't & won't"]],
    ["mute order 2h reason=don't", ["mute", "order", "2h", "reason=don't"]],
    ['say "a \\"b\\" \\\\"', ["say", 'a "b" \\']],
    ["snapshot \u200border\ufeff", ["snapshot", "order"]],
    ["gofirehose order", ["gofirehose", "order"]],
    ["\u202esnapshot\u3000order", ["snapshot", "order"]],
    ["*snapshot* _order_", ["snapshot", "order"]],
    ["snapshot order!", ["snapshot", "order"]],
    ["diff gf-3fa9, gf-4aaa.", ["diff", "gf-3fa9", "gf-4aaa"]],
    ["snapshot order pod=order\u20132", ["snapshot", "order", "pod=order-2"]],
    ["snapshot \u2039order\u203a pod\uff1d\uff02order 2\uff02", ["snapshot", "order", "pod=order 2"]],
    ["?", []],
  ])("%j is read as words", (line, expected) => {
    expect(texts(line)).toEqual(expected);
  });

  test("an open quote is named", () => {
    expect(() => readWords('mute order 2h reason="load test')).toThrow(
      'The quote before load is never closed: write " after the last word.',
    );
  });

  test("an essay is no command", () => {
    expect(() => readWords("x".repeat(2_001))).toThrow(
      "That is 2001 characters long; a command has at most 2000.",
    );
  });

  test("what was chosen in a form is read back as it was chosen", () => {
    const word = stringMatching(/^[A-Za-z0-9 ."'\\:/@*_-]{0,20}$/).map((text) => text.replace(/\s+/g, " "));
    const options = word.map((text) => `pod=${text}`);
    assert(
      property(array(oneof(word, options), { maxLength: 5 }), (words) => {
        expect(texts(chatWords(["snapshot", ...words]))).toEqual(["snapshot", ...words]);
      }),
    );
  });

  test("never throws anything but what the person can mend", () => {
    const piece = stringMatching(/^["'\\= <>|@#a\n&“’*`-]{1,3}|<@U1>|<http:\/\/a|&amp;|gofire$/);
    assert(
      property(array(piece), (pieces) => {
        try {
          readWords(pieces.join(""));
        } catch (error) {
          expect(error).toMatchObject({ name: "UsageError" });
        }
      }),
    );
  });
});

describe("the words of a command", () => {
  test.each([
    ["snapshot order", { operands: ["order"], block: false, deep: false, again: false }],
    [
      "snapshot order pod=order-2 cpu=20s block deep",
      { operands: ["order"], pod: "order-2", cpu: 20_000, block: true, deep: true },
    ],
    ["snapshot DEEP order --cpu=1m", { operands: ["order"], deep: true, cpu: 60_000 }],
    ["snapshot order \u2212deep", { operands: ["order"], deep: true }],
    ["snapshot —deep order", { operands: ["order"], deep: true }],
    ['snapshot order pod="order 2"', { pod: "order 2" }],
    ['snapshot "deep"', { operands: ["deep"], deep: false }],
    ["snapshot order cpu=0s", { cpu: 0 }],
  ])("%s", (line, expected) => {
    expect(read(line)).toMatchObject(expected);
  });

  test.each([
    ["mute order for 2h", ["order", "2h"]],
    ["Mute order for 90 minutes please.", ["order", "90m"]],
    ["mute the order service for 1 day, thanks!", ["order", "1d"]],
    ["mute order 2hrs", ["order", "2h"]],
    ["mute service off", ["service", "off"]],
    ['mute "please" 2h', ["please", "2h"]],
    ["mute order 2h reason=“for now please”", ["order", "2h"]],
  ])("%s is read without what makes a sentence of it", (line, operands) => {
    expect(readArguments(mute, readWords(line).slice(1)).operands).toEqual(operands);
  });

  test("a service that is called like a joint of a sentence is captured", () => {
    expect(read("snapshot service deep")).toMatchObject({ operands: ["service"], deep: true });
    expect(read("snapshot order service please")).toMatchObject({ operands: ["order"] });
  });

  test.each([
    [
      "mute order until 18:00",
      "gofire cannot know by whose clock. Write for how long instead, such as: /gofire mute order 2h",
    ],
    [
      "mute order 2h because of tests",
      'Write why as a reason in quotes: /gofire mute order 2h reason="load test"',
    ],
    ["mute order 2h load test", '"load" is one word too many for mute.'],
  ])("%s is refused, and says how", (line, message) => {
    expect(() => readArguments(mute, readWords(line).slice(1))).toThrow(message);
  });

  test.each([
    ["snapshot order pods=a", 'snapshot has no option "pods". Did you mean pod?'],
    ["snapshot order xyzzy=a", 'snapshot has no option "xyzzy". It has: pod, cpu, block, deep, peer, again.'],
    [
      "snapshot order toString=a",
      'snapshot has no option "tostring". It has: pod, cpu, block, deep, peer, again.',
    ],
    ["snapshot order pod=", "pod needs a value: NAME."],
    ["snapshot order cpu=20", 'cpu is a duration from 0s to 5m, such as 500ms, 20s or 2m; got "20".'],
    ["snapshot order deep=yes", "deep takes no value."],
    ["snapshot order pod order-2", '"pod" is one word too many for snapshot. Write pod=… in one word.'],
    [
      "snapshot order pod:order-2",
      '"pod:order-2" is one word too many for snapshot. Write pod=… in one word.',
    ],
    ["snapshot order pod = order-2", "Write an option without blanks in one word: NAME=VALUE."],
    ["snapshot order depe", '"depe" is one word too many for snapshot. Did you mean deep?'],
    [
      "snapshot order payment",
      '"payment" is one word too many for snapshot. A name is one word: order-payment or order_payment?',
    ],
  ])("%s is refused, and says what to write", (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});
