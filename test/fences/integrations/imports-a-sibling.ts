// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { systemClock } from "../../../src/integrations/clock/system-clock.ts";

export const clock = systemClock;
