// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { execFileSync } from "node:child_process";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Clock } from "../../../src/ports/clock.ts";

export const wrong = [execFileSync, parseConfig] satisfies readonly unknown[];
export type Wrong = Clock;
