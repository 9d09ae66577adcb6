import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Live tests build and watch real processes: more workers than cores would disturb what they measure.
    maxWorkers: 2,
  },
});
