// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { readEvidence } from "../../../src/integrations/artifacts/read.ts";

export * from "../../../src/serve.ts";
export const read = readEvidence;
