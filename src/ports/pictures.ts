import type { Analysis } from "../domain/findings/finding.ts";
import type { ReplyFile } from "../domain/incidents/incident.ts";

/** What pictures are drawn from. */
export interface PictureSource {
  /** Artifact key prefix of the capture bundle, ending in "/". */
  readonly bundle: string;
  readonly analysis: Analysis;
  /** Import paths that are the service's own besides what is told from symbols and files. */
  readonly modules: readonly string[];
}

/** Pictures that make an analysis easier to grasp: flame graphs of the profiles that it speaks of. */
export interface Pictures {
  /**
   * Stores pictures below `intoPrefix`, which ends in "/", and returns what is worth showing in the thread, best first;
   * empty when the bundle has no profile to draw. Throws PortError.
   */
  draw(source: PictureSource, intoPrefix: string, signal: AbortSignal): Promise<readonly ReplyFile[]>;
  /**
   * What differs between two captures, by the profile that the second one's first finding speaks of: what changed over
   * time, or, with names, what two processes do not have in common. Undefined when they have no such profile in common.
   */
  compare(
    first: PictureSource,
    second: PictureSource,
    picture: {
      readonly intoPrefix: string;
      readonly processes?: { readonly first: string; readonly second: string };
    },
    signal: AbortSignal,
  ): Promise<ReplyFile | undefined>;
}
