import type { FileState } from "./config-history.ts";

/** Configuration files on this machine. */
export interface ConfigFiles {
  /**
   * Files that a person named, and of named folders the files below that are `wanted` by their paths, in the order of these;
   * links and folders whose names begin with a dot are passed over there. What cannot be read says why.
   */
  read(
    paths: readonly string[],
    wanted: (path: string) => boolean,
    signal: AbortSignal,
  ): AsyncIterable<NamedFile>;
}

export interface NamedFile {
  /** As it can be named again. */
  readonly path: string;
  readonly state: Exclude<FileState, "absent">;
}
