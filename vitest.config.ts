import { configDefaults, defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/** Watches for milliseconds what happens inside a process: other tests beside it would be what it measures. */
const alone = ["test/live/capture-cost.test.ts"];

/**
 * Tests that measure the memory of their own process, or put something in a module's place: each has a process and modules
 * of its own.
 */
const apart = [
  "test/live/bot-burst.test.ts",
  "test/live/storm.test.ts",
  "test/integrations/audit-log-stopped.test.ts",
  "test/integrations/kubernetes-credentials.test.ts",
  "test/integrations/process-name.test.ts",
  "test/integrations/safe-lookup.test.ts",
];

/** Long beside what they take: a busy machine is no defect, and `npm run bench` measures. */
const shared = { testTimeout: 120_000, hookTimeout: 120_000 };

/**
 * On two cores: the longest files are on the processor for a third of their time and wait for a process, a lock or a clock
 * for the rest of it.
 */
const together = { maxWorkers: 5, sequence: { groupOrder: 1 } };

/** Loading the same modules anew for each file took half of the processor's time. */
const modulesOnce = { isolate: false };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          ...together,
          ...modulesOnce,
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...alone, ...apart],
        },
      },
      { test: { ...shared, ...together, name: "apart", include: apart } },
      { test: { ...shared, name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 0 } } },
    ],
  },
});
