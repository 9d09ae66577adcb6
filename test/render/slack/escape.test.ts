import { describe, expect, it } from "vitest";
import {
  bold,
  code,
  group,
  person,
  plain,
  prose,
  spoken,
  timeOfDay,
  words,
} from "../../../src/render/slack/escape.ts";
import { utcTime } from "../../../src/render/words.ts";

const space = "\u200b";

describe("words", () => {
  it("shows text from outside as it is: no mention, no link, no formatting, no emoji, no quote", () => {
    expect(words("<!channel> & <@U0MIRA0001>", 100)).toBe("&lt;!channel&gt; &amp; &lt;@U0MIRA0001&gt;");
    expect(words("*bold* ~gone~", 100)).toBe("∗bold∗ ∼gone∼");
    expect(words("_italic_ max_active", 100)).toBe("ˍitalicˍ max_active");
    expect(words("`code`", 100)).toBe("ˋcodeˋ");
    expect(words(":fire: 10.0.0.5:6060 [::1]:80", 100)).toBe(`:${space}fire: 10.0.0.5:6060 [::1]:80`);
    expect(words("> quote", 100)).toBe(`${space}&gt; quote`);
    expect(words("two\nlines\u001b[31m", 100)).toBe("two lines\\x1b[31m");
  });

  it("keeps a figure and its unit on one line", () => {
    expect(words("79 ms, 48 %, 1.5 GiB in 10 s; 3 seconds, 5 goroutines", 100)).toBe(
      "79\u00a0ms, 48\u00a0%, 1.5\u00a0GiB in 10\u00a0s; 3 seconds, 5 goroutines",
    );
  });

  it("cuts by whole characters and never within an entity, and shows that it cut", () => {
    expect(words("&&&&", 12)).toBe("&amp;&amp;…");
    expect(words("👩👩👩", 5)).toBe("👩👩…");
    expect(words("abc", 3)).toBe("abc");
    expect(words("abcd", 3)).toBe("ab…");
    expect(words("a\ud800b", 10)).toBe("a\ufffdb");
  });
});

describe("prose", () => {
  it("has methods of pointer types as code, and the rest as it is", () => {
    expect(prose("held by shop/ledger.(*Store).Post.func1 *now*", 100)).toBe(
      "held by `shop/ledger.(*Store).Post.func1` ∗now∗",
    );
    expect(prose("a.(*B).C and more", 10)).toBe("a.(∗B).C …");
  });
});

describe("bold", () => {
  it("is never empty and cannot be ended from within", () => {
    expect(bold(" a*b ", 100)).toBe("*a∗b*");
    expect(bold(" ", 100)).toBe("");
    expect(bold("abcdef", 6)).toBe("*abc…*");
  });
});

describe("code", () => {
  it("cannot be ended from within, and is never empty", () => {
    expect(code("ledger.(*Store).Post", 100)).toBe("`ledger.(*Store).Post`");
    expect(code("a`*b*<!here>", 100)).toBe("`aˋ*b*&lt;!here&gt;`");
    expect(code("", 100)).toBe("");
    expect(code("abcdef", 6)).toBe("`abc…`");
  });
});

describe("plain", () => {
  it("leaves formatting characters alone, because nothing is formatted, and needs no entities", () => {
    expect(plain("*a* `b` & <!channel>", 100)).toBe("*a* `b` & ‹!channel›");
    expect(spoken("*a* `b` & <!channel>", 100)).toBe("*a* `b` &amp; &lt;!channel&gt;");
  });
});

describe("ids", () => {
  it("become names only when they are ids", () => {
    expect(person("U0MIRA0001")).toBe("<@U0MIRA0001>");
    expect(person("U0MIRA0001> <!channel")).toBe("U0MIRA0001&gt; &lt;!channel");
    expect(group("S0ONCALL01")).toBe("<!subteam^S0ONCALL01>");
    expect(group("channel")).toBe("channel");
  });
});

describe("times", () => {
  it("are the reader's own, with UTC where dates are not understood", () => {
    const ms = Date.UTC(2026, 10, 24, 3, 12, 44, 900);
    expect(timeOfDay(ms, "{time}")).toBe(`<!date^${Math.floor(ms / 1_000)}^{time}|03:12 UTC>`);
    expect(timeOfDay(ms, "{date_short_pretty} {time}")).toContain("|2026-11-24 03:12 UTC>");
    expect(utcTime(0)).toBe("00:00 UTC");
  });
});
