// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { commands } from "../../../src/commands/index.ts";

export * from "../../../src/serve.ts";
export const count = commands.length;
