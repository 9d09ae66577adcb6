/** A Go release, e.g. go1.23.5. A development version ("devel go1.28-abc") counts as its release. */
export interface GoVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads "go1.23.5", "go1.26rc1", "devel go1.28-1a2b3c" or "go1.25.1 X:nogreenteagc". */
export function parseGoVersion(text: string): GoVersion | undefined {
  const match = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

/** True when `version` is at least `major.minor`; undefined when the version is unknown. */
export function isAtLeast(version: GoVersion | undefined, major: number, minor: number): boolean | undefined {
  if (version === undefined) return undefined;
  return version.major > major || (version.major === major && version.minor >= minor);
}
