import type { ParsedArtifact } from "./artifact.ts";
import type { CaptureKind } from "./capture.ts";

/** One capture file as read. */
export interface ReadCapture {
  /** Name as findings show it. */
  readonly file: string;
  readonly artifact: ParsedArtifact;
  /** What the manifest says was asked for. */
  readonly kind?: CaptureKind;
  /** Milliseconds since the epoch, as the manifest says; comparable within one bundle. */
  readonly takenAtMs?: number;
}

/** A text with several dumps is as many captures, oldest first. */
export function capturesOf(capture: ReadCapture): readonly ReadCapture[] {
  const { artifact } = capture;
  if (artifact.type !== "goroutines" || artifact.earlier === undefined) return [capture];
  const { leaked } = artifact;
  const earlier = artifact.earlier.map((snapshot): ReadCapture => {
    return { ...capture, artifact: { type: "goroutines", snapshot, leaked } };
  });
  return [...earlier, capture];
}

/** What one capture holds, and when it was taken, milliseconds since the epoch. */
export interface Timed<T> {
  readonly value: T;
  readonly takenAtMs: number | undefined;
}

/** The manifest's clock wins: it is the same for all captures of a bundle. */
export function timed<T>({ takenAtMs }: ReadCapture, value: T, ownTimeMs: number | undefined): Timed<T> {
  return { value, takenAtMs: takenAtMs ?? ownTimeMs };
}

/** Oldest first when every one has a time, else as they came. */
export function inTimeOrder<T>(list: readonly Timed<T>[]): T[] {
  const allTimed = list.every(({ takenAtMs }) => takenAtMs !== undefined);
  const ordered = allTimed ? list.toSorted((a, b) => (a.takenAtMs ?? 0) - (b.takenAtMs ?? 0)) : list;
  return ordered.map(({ value }) => value);
}
