/**
 * Bounds on what one profile may make the reader hold. The largest profile that we have measured, a heap profile of
 * 250,000 samples 80 deep (50 MB), stays at least four times below each of them.
 */
export const limits = {
  /** Longest top-level field (one sample, location, string): it is held when a chunk ends inside it. */
  fieldBytes: 16 * 1024 * 1024,
  /** Locations of one stack. Go records at most 1024 (Go source: runtime/runtime1.go, profstackdepth). */
  stackDepth: 1 << 16,
  /** Locations of all distinct stacks together: 512 MiB. */
  stackLocations: 1 << 27,
  /** Frames of all distinct stacks together, inlined ones expanded: bounds what adding up takes. */
  stackFrames: 1 << 29,
  distinctStacks: 1 << 23,
  sampleTypes: 64,
  locations: 1 << 20,
  functions: 1 << 20,
  /** Function calls of all locations together, inlined ones included. Each may become a frame object. */
  lines: 1 << 21,
  strings: 1 << 23,
  stringBytes: 1 << 28,
  /** Longest function or file name that is kept whole; Go's linker has no limit, people do. */
  nameBytes: 64 * 1024,
  /** Broken fields that are passed over before the rest is given up. */
  badFields: 1000,
} as const;
