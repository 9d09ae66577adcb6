import type { Evidence } from "../evidence/evidence.ts";
import { hasRecorded } from "./block-window.ts";

/**
 * Why block profiles say nothing about waits; undefined when they say something, or when none came. A profile does not
 * carry its rate, so that it is off is inferred (https://pkg.go.dev/runtime#SetBlockProfileRate: off by default). What an
 * earlier lease left in the profile stays there: only what came in between counts.
 */
export function unrecordedWaits({
  block,
  blockWindow,
}: Partial<Pick<Evidence, "block" | "blockWindow">>): string | undefined {
  const recorded =
    blockWindow === undefined
      ? block === undefined || block.some(({ fileSampleCount }) => fileSampleCount > 0)
      : hasRecorded(blockWindow);
  return recorded
    ? undefined
    : "no wait was recorded: the block profile's rate is most likely 0 (docs/guide/block-profile.md)";
}

/** The same for whoever asked for the block profile, with what to do about it. */
export function unrecordedWaitsNote(evidence: Partial<Evidence>): string | undefined {
  if (unrecordedWaits(evidence) === undefined) return undefined;
  return (
    "No wait was recorded: most likely nothing set the block profile's rate, and Go records none until then. A service " +
    "lends it for a moment, without a restart, where gofire.yaml names profileRatesPath: docs/guide/block-profile.md."
  );
}
