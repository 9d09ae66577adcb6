import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/** Watches for milliseconds what happens inside a process: other tests beside it would be what it measures. */
const alone = ["test/live/capture-cost.test.ts"];

/** Tests of rooms that keep nothing between two calls. */
const pure = ["analyzers*", "capture/**/*", "config/**/*", "domain/**/*", "parsers/**/*", "render/**/*"].map(
  (files) => `test/${files}.test.ts`,
);

/** Long beside what they take: a busy machine is no defect, and `npm run bench` measures. */
const shared = { testTimeout: 120_000, hookTimeout: 120_000 };

/** On two cores: half of the time one of them waits for a process, a lock or a clock that it watches. */
const together = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          ...together,
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...alone, ...pure],
        },
      },
      {
        // Loading the same modules anew for each file took half of their time.
        test: { ...shared, ...together, name: "pure", include: pure, isolate: false },
      },
      { test: { ...shared, name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 0 } } },
    ],
  },
});
