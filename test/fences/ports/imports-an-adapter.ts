// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { readEvidence } from "../../../src/integrations/artifacts/read.ts";

export const read = readEvidence;
