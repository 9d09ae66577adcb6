/** Something on the workspace's page that a person can do to the service. */
export interface Lever {
  readonly id: string;
  /** What stands on the button. */
  readonly label: string;
  /** Heading that it stands under. */
  readonly group: string;
  pull(): Promise<void>;
}

export interface DemoService {
  /** Its processes, the sick one first. */
  readonly processes: readonly DemoProcess[];
  readonly levers: readonly Lever[];
  /**
   * It is sick because of its configuration: takes these values over while it runs, by dotted path. Absent when it is sick in
   * another way.
   */
  readonly configure?: (settings: Readonly<Record<string, string>>) => Promise<void>;
  /** It is not a running service but recordings of one. */
  readonly isRecorded: boolean;
}

export interface DemoProcess {
  readonly instance: string;
  /** `http://127.0.0.1:PORT` of its pprof and metrics listener. */
  readonly debugUrl: string;
}

/** Who is on call. */
export type DemoPerson = "mira" | "jonas";

/** A chat workspace with gofire in it, on this machine. */
export interface DemoWorld {
  /** Page for people. */
  readonly url: string;
  /** Somebody types into the incidents channel. Rejects when gofire does not acknowledge it. */
  type(who: DemoPerson, text: string): Promise<void>;
  /**
   * Presses the newest button there, in threads too, with this label; false where they see none, or gofire does not
   * acknowledge it.
   */
  press(who: DemoPerson, label: string): Promise<boolean>;
  /**
   * The record of who rolled back what, the key that it is checked with, and what to type to look at it, line by line. Absent
   * when the service is sick for another reason than its configuration, or where git is not there or too old to roll back.
   */
  readonly auditLog?: { readonly folder: string; readonly key: string; readonly look: readonly string[] };
  /** What stands in the incidents channel and its threads now, in order, in words. */
  transcript(): readonly string[];
  /** A picture of the newest thread, as PNG; undefined where there is no Chromium. */
  screenshot(file: string, signal: AbortSignal): Promise<string | undefined>;
  /** What the chat had to refuse, which is a fault of gofire. */
  problems(): readonly string[];
  stop(): Promise<void>;
}

export interface DemoWorlds {
  /** `tell` hears what the bot says to who looks after it. */
  start(service: DemoService, tell: (line: string) => void): Promise<DemoWorld>;
  /** Answers as a recorded process did. `folder` is its bundle. */
  replay(folder: string): Promise<ReplayedProcess>;
}

export interface ReplayedProcess {
  readonly debugUrl: string;
  /** From now on it answers as in another recording. */
  become(folder: string): Promise<void>;
  stop(): Promise<void>;
}
