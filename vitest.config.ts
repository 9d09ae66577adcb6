import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/** Watches for milliseconds what happens inside a process: other tests beside it would be what it measures. */
const alone = ["test/live/capture-cost.test.ts"];

/** Tests of rooms that keep nothing between two calls. */
const pure = ["analyzers*", "capture/**/*", "config/**/*", "domain/**/*", "parsers/**/*", "render/**/*"].map(
  (files) => `test/${files}.test.ts`,
);

const shared = { testTimeout: 30_000, hookTimeout: 120_000 };

/** Live tests build and watch real processes: more workers than cores would disturb them. */
const twoAtOnce = { maxWorkers: 2, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          ...twoAtOnce,
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...alone, ...pure],
        },
      },
      {
        // Loading the same modules anew for each file took half of their time.
        test: { ...shared, ...twoAtOnce, name: "pure", include: pure, isolate: false },
      },
      { test: { ...shared, name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 0 } } },
    ],
  },
});
