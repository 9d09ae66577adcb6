/** A running process of a service, as gofire, people and alerts call it. */
export interface ServiceProcess {
  /** Unique among its service's: what gofire.yaml calls it, its pod's name, or its address. */
  readonly name: string;
  /** What else it is called: addresses with or without a scheme and a port. */
  readonly aliases: readonly string[];
  /** Name of its pod, where that is known for certain. */
  readonly pod?: string;
  /** The machine that it runs on, where that is known. */
  readonly node?: string;
  /** Whoever lists it takes it for sick: it is no measure of health. */
  readonly isReady?: false;
}

/** All processes of a service that gofire knows. */
export interface ServiceProcesses {
  /** Those of gofire.yaml in its order, then those that were found: ready ones first, by name. */
  readonly processes: readonly ServiceProcess[];
  /** Who knows them, for sentences: "gofire.yaml", "Kubernetes", "gofire.yaml and DNS". */
  readonly knownFrom: string;
  /** What stood in the way of a whole list as of now, in words; absent when nothing did. */
  readonly trouble?: string;
}

/** The process that a person's or an alert's word means: its name, else an address of it. */
export function processNamed<Process extends ServiceProcess>(
  word: string,
  processes: readonly Process[],
): Process | undefined {
  return (
    processes.find(({ name }) => name === word) ??
    processes.find(({ name, aliases }) =>
      [name, ...aliases].some((alias) => alias === word || authorityOf(alias) === word),
    )
  );
}

/** Host and port of an address that may have a scheme. */
export function authorityOf(address: string): string {
  return /^https?:\/\/(?<authority>[^/]+)/.exec(address)?.groups?.["authority"] ?? address;
}

/** `10.0.0.5` of `10.0.0.5:6060`, `[::1]` of `[::1]:6060`. */
export function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, "");
}
