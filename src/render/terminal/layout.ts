import type { Style } from "../style.ts";

export interface TerminalOptions {
  readonly style: Style;
  /** Columns; lines are wrapped to this. */
  readonly width: number;
  /** Also the groups, all evidence and every check. */
  readonly verbose: boolean;
  /** Where the files lie that findings name, when that is not the working directory. */
  readonly folder?: string;
}

/** Columns in front of what stands below a heading. */
export const indent = 2;
/** Columns of the word in front of it: "measured", "evidence". */
export const labelWidth = 10;

/** How many are shown without `verbose`: findings that are only noted, groups, reasons, revisions of configuration. */
export const shortList = { noted: 3, groups: 3, reasons: 4, revisions: 3 };
