import type { CaptureKind, OptionalKind } from "../domain/evidence/capture.ts";
import type { ServiceProcesses } from "../domain/targets/service-process.ts";
import type { GoTarget } from "./go-target.ts";

/** What the configuration says about capturing a service; what it does not say is left to the capture itself. */
export interface ServiceCapture {
  readonly cpuSeconds?: number;
  readonly blockSeconds?: number;
  readonly goroutineGapMs?: number;
  readonly traceSeconds?: number;
  readonly deadlineMs?: number;
  readonly dumpLimit?: number;
  readonly include?: readonly OptionalKind[];
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
  /** Names of its processes, as far as they are known without asking anybody. */
  readonly instances: readonly string[];
}

/** A process of a service, ready to be asked. */
export interface OpenedTarget {
  /** The caller closes it. */
  readonly target: GoTarget;
  /** What the process is called among its service's; an address that none of them has stays as it is. */
  readonly instance: string;
  /** The machine that it runs on, where that is known. */
  readonly node?: string;
  readonly capture: ServiceCapture;
  /** What stood in the way of a whole list of the service's processes as of now, in words; absent when nothing did. */
  readonly trouble?: string;
}

/** The services that may be captured, by name. */
export interface Services {
  /** In name order. */
  list(): Promise<readonly ServiceEntry[]>;
  /**
   * The processes of a service: those that gofire.yaml lists, and those that are found where it says to look, as of the
   * last seconds or, when nobody answers, the last hour. None of a service that there is not. Throws PortError when
   * nobody answers and nothing is known, UsageError when nobody can be asked as gofire.yaml says; the signal's reason.
   */
  processes(service: string, signal: AbortSignal): Promise<ServiceProcesses>;
  /**
   * A process of the service, the first when none is named. Throws UsageError, in words for the person who asked, for a
   * name that there is not, a service without processes or a secret that is not set; and as `processes`.
   */
  open(service: string, instance: string | undefined, signal: AbortSignal): Promise<OpenedTarget>;
  /**
   * Whether `open` would take an address that is none of the service's processes now; asks nobody. Throws UsageError, in
   * words for the person who asked, where it would not.
   */
  permit(service: string, address: string): Promise<void>;
  /** Of a service that there is not: the defaults. */
  rules(service: string): Promise<ServiceRules>;
}
