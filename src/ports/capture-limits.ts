import type { CaptureKind } from "../domain/evidence/capture.ts";

type Entry =
  | {
      readonly entered: true;
      /** `begun`: something was captured, which counts for the minute. */
      leave(begun: boolean): Promise<void>;
    }
  | {
      readonly entered: false;
      /** In words for people. */
      readonly reason: string;
    };

/** Why alerts may not have a kind of capture again yet. */
export interface Cooldown {
  /** Milliseconds until they may. */
  readonly restMs: number;
  /** Milliseconds since it was captured. */
  readonly agoMs: number;
  /** The incident that it was captured for. */
  readonly incidentId: string;
}

/**
 * How much may be captured at the same time and how soon again, over all workers. Methods throw PortError
 * `unavailable` and the signal's reason.
 */
export interface CaptureLimits {
  /** Takes a place under the caps of `service`, of all services and of the minute, or says which of them is reached. */
  enter(service: string, signal: AbortSignal): Promise<Entry>;
  /** Takes a place under the cap of a node besides, once it is known which one it is. */
  enterNode(node: string, signal: AbortSignal): Promise<Entry>;
  /** Kinds that alerts may not have captured of `service` yet; people may have them always. */
  cooldowns(service: string, signal: AbortSignal): Promise<ReadonlyMap<CaptureKind, Cooldown>>;
  /** Which of these processes of `service` were captured so lately that alerts may not have them captured again. */
  cooling(service: string, instances: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Begins the cooldowns of these kinds of `service`, and that of the process. */
  captured(
    capture: {
      readonly service: string;
      readonly instance: string | undefined;
      readonly incidentId: string;
      readonly kinds: readonly CaptureKind[];
    },
    signal: AbortSignal,
  ): Promise<void>;
}
