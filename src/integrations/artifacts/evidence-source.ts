import type { EvidenceSource } from "../../ports/evidence-source.ts";
import { readEvidence } from "./read.ts";

/** Captures on this machine's file system. */
export function evidenceSource(): EvidenceSource {
  return { read: readEvidence };
}
