// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { readFileSync } from "node:fs";

export * from "../../../src/serve.ts";
export const now = Date.now() + readFileSync("x").length;
