// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import type { GoTarget } from "../../../src/ports/go-target.ts";

export * from "../../../src/serve.ts";
export type Asks = GoTarget;
