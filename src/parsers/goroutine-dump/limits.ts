/**
 * Bounds of one goroutine dump. They stand far above what Go writes: a traceback keeps at most 100 frames of a
 * goroutine (Go source: runtime/traceback.go, tracebackInnerFrames and tracebackOuterFrames), and the heaviest
 * services have thousands of distinct stacks.
 */
export interface DumpLimits {
  /** Bytes of the whole input. */
  readonly maxBytes: number;
  /** Bytes of one goroutine from its header to its last line; also the longest line that is kept. */
  readonly maxGoroutineBytes: number;
  /** Frames of one stack; what lies further out counts as elided. */
  readonly maxDepth: number;
  /** Distinct groups (state, stack and creator). */
  readonly maxGroups: number;
  /** Distinct frames over all stacks. */
  readonly maxFrames: number;
  /** What is learnt to recognise goroutines quickly: distinct calls as written, their bytes, beginnings of stacks. */
  readonly maxTexts: number;
  readonly maxTextBytes: number;
  readonly maxNodes: number;
}

export const dumpLimits: DumpLimits = {
  maxBytes: 16 * 1024 ** 3,
  maxGoroutineBytes: 1024 ** 2,
  maxDepth: 1000,
  maxGroups: 50_000,
  maxFrames: 200_000,
  maxTexts: 100_000,
  maxTextBytes: 12 * 1024 ** 2,
  maxNodes: 200_000,
};

/**
 * Where net/http/pprof stops writing a debug=2 dump, in the middle of a line and without a word
 * (Go source: runtime/pprof/pprof.go writeGoroutineStacks, "if len(buf) >= 64<<20").
 */
export const runtimeDumpCapBytes = 64 * 1024 ** 2;
