import type { Analysis } from "../domain/finding.ts";
import type { ReplyFile } from "../domain/incident.ts";

/** Pictures that make an analysis easier to grasp: flame graphs of the profiles that it speaks of. */
export interface Pictures {
  /**
   * Draws from the bundle at `bundlePrefix`, stores below `intoPrefix`, and returns what is worth showing in the
   * thread, best first; empty when the bundle has no profile to draw. Throws PortError.
   */
  draw(
    bundlePrefix: string,
    analysis: Analysis,
    intoPrefix: string,
    signal: AbortSignal,
  ): Promise<readonly ReplyFile[]>;
}
