import type { CaptureRecord } from "../domain/evidence/capture.ts";
import type { Evidence, TargetFacts } from "../domain/evidence/evidence.ts";

export interface EvidenceSettings {
  /** Import paths that count as the service's own code besides what is recognised by itself; a function where they
   * depend on the service that a bundle's manifest names. */
  readonly modules: readonly string[] | ((service: string | undefined) => readonly string[]);
  /** Text of the manifest that found no room in the folder, which is given alone. Only where folders can be full. */
  readonly unkeptManifest?: string;
}

/** Captures as read: what they show, whose they are, and how each of them came out. */
export interface ReadEvidence {
  readonly evidence: Partial<Evidence>;
  readonly target: TargetFacts;
  /** One per input, in the order given (a bundle: in the order captured). */
  readonly captures: readonly CaptureRecord[];
  /** What could not be read, or not whole, one sentence each, with file and position. */
  readonly problems: readonly string[];
  /** How many inputs gave nothing at all. */
  readonly unread: number;
  /** Files that are not what their manifest says was captured; what they hold now is part of the evidence. */
  readonly changed: readonly string[];
  /** The bundle that all of it is from: its files are called by their names in there. */
  readonly folder?: string;
}

/** Reads capture files and bundles. */
export interface EvidenceSource {
  /**
   * Files, or folders with a manifest (bundles) or without one (all files in name order). Formats are told by content.
   * A path that is given twice is read once. What does not exist or cannot be read is a problem, not an exception.
   */
  read(paths: readonly string[], settings: EvidenceSettings, signal: AbortSignal): Promise<ReadEvidence>;
}
