import { describe, expect, it } from "vitest";
import { analyzers } from "../../src/analyzers/index.ts";
import { rulesText, ruleText } from "../../src/render/rules.ts";
import { plainStyle } from "../../src/render/style.ts";

const rules = analyzers.map(({ meta }) => meta);

/** Lines that do not fit, but for addresses: in halves they could not be opened. */
function tooLong(text: string, width = 80): string[] {
  return text.split("\n").filter((line) => line.length > width && !/^\s*https?:\/\/\S+$/.test(line));
}

describe("rules in a terminal of 80 columns", () => {
  it("are listed, each by its id", () => {
    const text = rulesText(rules, plainStyle, 80);
    expect(tooLong(text)).toEqual([]);
    for (const { id } of rules) expect(text).toContain(`${id} `);
    expect(text).toContain(`\n\n${rules.length} rules. `);
  });

  it.each(rules.map((rule) => [rule.id, rule] as const))(
    "%s is explained with whole addresses",
    (_, rule) => {
      const text = ruleText(rule, plainStyle, 80);
      expect(tooLong(text)).toEqual([]);
      for (const reference of rule.docs.references)
        for (const address of reference.match(/https?:\/\/\S+/g) ?? []) expect(text).toContain(address);
      for (const name of Object.keys(rule.thresholds)) expect(text).toContain(`  ${name} = `);
    },
  );
});

it.each([40, 60])(
  "rules have their titles below their ids in a window of %i columns, and no word is cut",
  (width) => {
    const text = rulesText(rules, plainStyle, width);
    expect(tooLong(text, width)).toEqual([]);
    const words = new Set(text.split(/\s+/));
    for (const { id, title } of rules) {
      expect(text).toContain(`${id}\n  `);
      for (const word of title.split(" ")) expect(words).toContain(word);
    }
  },
);
