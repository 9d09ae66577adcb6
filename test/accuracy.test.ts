import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { recordedModes, recordedVersions, scoreRecorded } from "../scripts/accuracy/recorded.ts";
import { isGoodEnough, runsOn, totals } from "../scripts/accuracy/score.ts";
import { accuracyPage } from "../scripts/accuracy/table.ts";

const rows = await scoreRecorded();

/** `npm run accuracy` runs the same modes live; this holds the recorded ones, of every Go version that is recorded. */
describe("the recorded lab", () => {
  it("has whole sets of at least two Go versions", () => {
    const modes = recordedModes();
    const whole = recordedVersions().filter((goVersion) =>
      modes.every(
        (mode) =>
          !runsOn(mode, goVersion) ||
          rows.some((row) => row.mode.name === mode.name && row.goVersion === goVersion),
      ),
    );
    expect(whole.length).toBeGreaterThanOrEqual(2);
  });

  it("is diagnosed: every illness named, nine of ten named first, no false alarm", () => {
    const wrong = rows.filter((row) => row.score === "missed" || row.score === "false alarm");
    expect(wrong.map((row) => `${row.goVersion} ${row.mode.name}: ${row.score} ${row.said}`)).toEqual([]);
    expect(isGoodEnough(totals(rows))).toBe(true);
  });

  it("stands in the docs as it is", () => {
    expect(
      readFileSync("docs/reference/accuracy.md", "utf8"),
      "run: npm run accuracy -- --recorded --write",
    ).toBe(accuracyPage(rows));
  });
});
