import type { TargetPlace } from "../domain/targets/target-place.ts";
import type { WebAccess } from "./web-access.ts";

/** A process that was found. */
export interface FoundTarget {
  /** Unique among those that were found with it: its pod's name, or host and port. */
  readonly name: string;
  /** What else it is called: addresses with or without a port. */
  readonly aliases: readonly string[];
  /** Name of its pod, where it was found by that. */
  readonly pod?: string;
  /** The machine that it runs on, where that is known. */
  readonly node?: string;
  /** Whoever lists it takes it for sick. */
  readonly isReady?: false;
  /** Scheme, host and port that questions go to. */
  readonly origin: string;
  /** What its own paths are prefixed with there, e.g. `/api/v1/namespaces/shop/pods/order-1:6060/proxy`; usually "". */
  readonly prefix: string;
  /** Where its scrape is known to be, when that is not at the usual path of `origin`; without a query. */
  readonly metrics?: string;
  /** Name to expect in its certificate, when it was found by a name and is asked at an address. */
  readonly tlsName?: string;
}

export interface FoundTargets {
  /** Ready ones first, then by name; at most `mostFound`. */
  readonly targets: readonly FoundTarget[];
  /** What matched and is not among them, and why, in words: "2 pods are not running"; absent when nothing. */
  readonly leftOut?: string;
}

/** Somebody who knows where the processes of a service are now. */
export interface TargetSource {
  /**
   * Asks once. None is an answer, too. Throws PortError, in a sentence that says who was asked and what came:
   * `not-found` (no such name or namespace), `forbidden` (401, 403), `rate-limited`, `unavailable`, `bad-response`;
   * UsageError when it cannot be asked as it is configured; and the signal's reason when it is aborted.
   */
  find(signal: AbortSignal): Promise<FoundTargets>;
  /**
   * What proves to `origin` who asks, where the source itself stands between gofire and its targets; undefined where
   * targets are asked directly. As of now: it may expire. Throws as `find`.
   */
  passage(signal: AbortSignal): Promise<WebAccess | undefined>;
}

/** How the servers are reached that places refer to. */
export interface SourceServers {
  readonly prometheus?: { readonly url: string; readonly access: WebAccess };
  /** Absolute path of a kubeconfig, and which of its contexts; absent: what is usual where gofire runs. */
  readonly kubernetes?: { readonly kubeconfig?: string; readonly context?: string };
}

export interface TargetSources {
  /** Nothing is asked yet. Throws UsageError when the place cannot be asked as it is. */
  open(place: TargetPlace, servers: SourceServers): Promise<TargetSource>;
}
