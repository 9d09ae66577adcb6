/** A Go service from lab/ that is running now. */
export interface RunningLab {
  /** `http://127.0.0.1:PORT` of its pprof and metrics listener. */
  readonly debugUrl: string;
  /** `http://127.0.0.1:PORT` of the shop itself. */
  readonly shopUrl: string;
  readonly goVersion: string;
  /** Makes it sick in one more way, or cures that; rejects for modes that need another start. */
  enter(mode: string): Promise<void>;
  leave(mode: string): Promise<void>;
  /** Takes over those of these values, by dotted path, that it has a setting for now; the others are none of its business. */
  configure(settings: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

export interface LabMode {
  readonly name: string;
  readonly kind: "sick" | "healthy" | "tool";
  readonly title: string;
  readonly description: string;
  /** Functions to blame, best first; empty for an illness that no function shows. */
  readonly culprits: readonly string[];
  /** Rules that should speak, best first. */
  readonly rules: readonly string[];
  /** Where a capture shows it; `crash` when the process dies and only its last words are left. */
  readonly seenIn: string;
  /** Seconds until the illness shows. */
  readonly settleSeconds: number;
  /** Go releases that can have it, e.g. "1.26"; both inclusive. */
  readonly minGo?: string;
  readonly maxGo?: string;
}

export interface BuiltLab {
  readonly modes: readonly LabMode[];
  /** Of the toolchain, e.g. `go1.26.8`. */
  readonly goVersion: string;
}

/** The Go service that can be made sick, for the demo and for tests. */
export interface LabService {
  /** Folder of a recorded capture of `mode`, for machines without Go; undefined when there is none. */
  recorded(mode: string): Promise<string | undefined>;
  /** The modes that there are recorded captures of; none where there is no lab/. */
  recordedModes(): Promise<readonly LabMode[]>;
  /** Builds the service when needed. Undefined when there is no Go toolchain or no lab/ here. */
  build(signal: AbortSignal): Promise<BuiltLab | undefined>;
  /** Starts it in `mode`; rejects with a plain sentence when it does not come up within 20 s. */
  start(mode: string, signal: AbortSignal): Promise<RunningLab>;
  /** Starts it in a `mode` that kills it, and returns what it wrote to standard error by then. Waits 30 s at most. */
  lastWords(mode: string, signal: AbortSignal): Promise<string>;
}
