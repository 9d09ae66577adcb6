import type { Evidence } from "./evidence.ts";

/**
 * What to say to somebody who asked for the block profile and got an empty one; undefined when there is something in it,
 * or none came. The profile does not carry its rate, so that it is off is inferred
 * (https://pkg.go.dev/runtime#SetBlockProfileRate: off by default, one sample for each so many nanoseconds of waiting).
 */
export function emptyBlockProfile({ block }: Partial<Evidence>): string | undefined {
  if (block === undefined || block.some(({ fileSampleCount }) => fileSampleCount > 0)) return undefined;
  return (
    "The block profile is empty. Most likely the program never called runtime.SetBlockProfileRate: Go records no waits " +
    "until then. For example runtime.SetBlockProfileRate(10000) in main takes a sample for every 10 µs of waiting."
  );
}
