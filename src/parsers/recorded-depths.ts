/**
 * Numbers of program counters at which the runtime stops recording the stack of a goroutine: 32 until Go 1.22, 128 since
 * (Go source: runtime/runtime1.go, profstackdepth; runtime/pprof/pprof.go, writeGoroutine). A stack that is as deep may
 * lack its outer frames.
 */
export const recordedDepths: readonly number[] = [32, 128];
