import type { CaptureKind } from "../domain/capture.ts";
import type { GoTarget } from "./go-target.ts";

/** What the configuration says about capturing a service; what it does not say is left to the capture itself. */
export interface ServiceCapture {
  readonly cpuSeconds?: number;
  readonly goroutineGapMs?: number;
  readonly traceSeconds?: number;
  readonly deadlineMs?: number;
  readonly dumpLimit?: number;
  readonly include?: readonly ("allocs" | "goroutineleak" | "expvar" | "cmdline" | "trace")[];
  readonly exclude?: readonly CaptureKind[];
}

/** What the configuration says about judging a service. */
export interface ServiceRules {
  /** Import paths of the service's own code besides what is recognised by itself. */
  readonly modules: readonly string[];
  /** Rule id -> threshold name -> limit. */
  readonly thresholds: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface ServiceEntry {
  readonly name: string;
  /** Names of its targets, or their addresses without credentials. */
  readonly instances: readonly string[];
}

/** The services that may be captured, by name. */
export interface Services {
  /** In name order. */
  list(): Promise<readonly ServiceEntry[]>;
  /**
   * A target of the service, the first when no instance is named. The caller closes it. Throws UsageError, in words
   * for the person who asked, for a name that there is not or a secret that is not set.
   */
  open(
    service: string,
    instance: string | undefined,
  ): Promise<{ readonly target: GoTarget; readonly capture: ServiceCapture }>;
  /** Of a service that there is not: the defaults. */
  rules(service: string): Promise<ServiceRules>;
}
