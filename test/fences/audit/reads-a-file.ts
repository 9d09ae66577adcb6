// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { readFileSync } from "node:fs";
import { keptLog } from "../../../src/integrations/audit-log/kept-log.ts";
import type { AuditLog } from "../../../src/ports/audit-log.ts";

export const wrong = [readFileSync, keptLog] satisfies readonly unknown[];
export type Wrong = AuditLog;
