import type { Analyzer } from "../domain/analyzer.ts";

/** Every rule, sorted by id. `npm run new:analyzer` adds the line; test/layout.test.ts compares it with the folders. */
export const analyzers: readonly Analyzer[] = [];
