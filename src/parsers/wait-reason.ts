import type { Frame } from "../domain/code/frame.ts";
import type { WaitReason } from "../domain/goroutines/goroutine.ts";

/** A goroutine's state in the words of a traceback, and the same folded into one word for all Go versions. */
export interface WaitState {
  readonly state: string;
  readonly wait: WaitReason;
}

/**
 * Go source: runtime/traceback.go gStatusStrings and runtime/runtime2.go waitReasonStrings, Go 1.18 to 1.27.
 * What is not listed here is `other` and keeps its words in `state`.
 */
const reasonOfState: ReadonlyMap<string, WaitReason> = new Map<string, WaitReason>([
  ["chan send", "chan send"],
  ["chan receive", "chan receive"],
  ["chan send (nil chan)", "chan send (nil chan)"],
  ["chan receive (nil chan)", "chan receive (nil chan)"],
  ["select", "select"],
  ["select (no cases)", "select (no cases)"],
  ["sync.Mutex.Lock", "sync.Mutex.Lock"],
  ["sync.RWMutex.RLock", "sync.RWMutex.RLock"],
  ["sync.RWMutex.Lock", "sync.RWMutex.Lock"],
  ["sync.WaitGroup.Wait", "sync.WaitGroup.Wait"],
  ["sync.Cond.Wait", "sync.Cond.Wait"],
  ["semacquire", "semacquire"],
  ["IO wait", "IO wait"],
  ["syscall", "syscall"],
  ["sleep", "sleep"],
  ["running", "active"],
  ["runnable", "active"],
  ["preempted", "active"],
  ["copystack", "active"],
  ["garbage collection", "GC"],
  ["garbage collection scan", "GC"],
  ["wait for GC cycle", "GC"],
  ["force gc (idle)", "GC"],
  ["finalizer wait", "GC"],
  ["cleanup wait", "GC"],
]);

/**
 * What the runtime appends to a state: the scan bit, the leak finding of Go 1.26, and the marks of testing/synctest
 * ("(synctest)" in Go 1.24, "(durable)" since). Other parentheses belong to the reason itself.
 */
const stateMarks = /(?: \((?:scan|leaked|durable|synctest)\))+$/;

/** Folds the state of a dump into the word that holds for every Go version. `stack` is innermost first. */
export function waitReason(state: string, stack: readonly Frame[]): WaitReason {
  const bare = state.replace(stateMarks, "");
  const reason = reasonOfState.get(bare);
  if (reason === undefined) return bare.startsWith("GC ") ? "GC" : "other";
  return reason === "semacquire" ? (semaphoreOwner(stack) ?? reason) : reason;
}

/**
 * Derives the state from the leaf frames, for captures that do not print it (pprof profiles).
 *
 * A parked goroutine has runtime.gopark as leaf; the first frame further out that is known says what it waits for.
 * The result is worded as the traceback of a Go 1.25 process would word it, except `active`, which stands for running
 * and runnable: a profile cannot tell these apart. Neither does it know a nil channel from any other. An empty stack
 * is a goroutine that has not run yet.
 */
export function stateFromStack(stack: readonly Frame[]): WaitState {
  const leaf = stack[0]?.function;
  if (leaf === undefined) return active;
  if (isSystemCall(leaf)) return { state: "syscall", wait: "syscall" };
  if (!parkFrames.has(leaf)) {
    // A leaf outside the runtime is running code, unless hidden runtime frames stood before it.
    return hiddenParkState(stack) ?? active;
  }
  for (const frame of stack) {
    if (parkFrames.has(frame.function)) continue;
    const parked = parkedIn(frame.function, stack);
    if (parked !== undefined) return parked;
    if (!isRuntimeInternal(frame.function)) break;
  }
  return { state: "waiting", wait: "other" };
}

const active: WaitState = { state: "active", wait: "active" };

/** Frames that say only that a goroutine is parked, not for what. */
const parkFrames: ReadonlySet<string> = new Set([
  "runtime.gopark",
  "runtime.goparkunlock",
  "runtime.semacquire",
  "runtime.semacquire1",
  "runtime.mcall",
]);

/** Go source: the callers of gopark and semacquire in runtime/{chan,select,sema,netpoll,time,mgc*,coro}.go. */
const stateOfFunction: ReadonlyMap<string, WaitState> = new Map<string, WaitState>([
  ["runtime.chansend", { state: "chan send", wait: "chan send" }],
  ["runtime.chansend1", { state: "chan send", wait: "chan send" }],
  ["runtime.chanrecv", { state: "chan receive", wait: "chan receive" }],
  ["runtime.chanrecv1", { state: "chan receive", wait: "chan receive" }],
  ["runtime.chanrecv2", { state: "chan receive", wait: "chan receive" }],
  ["runtime.selectgo", { state: "select", wait: "select" }],
  ["runtime.block", { state: "select (no cases)", wait: "select (no cases)" }],
  ["sync.runtime_SemacquireRWMutexR", { state: "sync.RWMutex.RLock", wait: "sync.RWMutex.RLock" }],
  ["sync.runtime_SemacquireRWMutex", { state: "sync.RWMutex.Lock", wait: "sync.RWMutex.Lock" }],
  ["sync.runtime_SemacquireWaitGroup", { state: "sync.WaitGroup.Wait", wait: "sync.WaitGroup.Wait" }],
  ["sync.runtime_notifyListWait", { state: "sync.Cond.Wait", wait: "sync.Cond.Wait" }],
  ["runtime.notifyListWait", { state: "sync.Cond.Wait", wait: "sync.Cond.Wait" }],
  ["internal/poll.runtime_pollWait", { state: "IO wait", wait: "IO wait" }],
  ["internal/poll.runtime_pollWaitCanceled", { state: "IO wait", wait: "IO wait" }],
  ["runtime.netpollblock", { state: "IO wait", wait: "IO wait" }],
  ["time.Sleep", { state: "sleep", wait: "sleep" }],
  ["runtime.timeSleep", { state: "sleep", wait: "sleep" }],
  ["runtime.coroswitch", { state: "coroutine", wait: "other" }],
  ["runtime.coroswitch_m", { state: "coroutine", wait: "other" }],
  ["runtime.gcAssistAlloc", { state: "GC assist wait", wait: "GC" }],
  ["runtime.gcAssistAlloc1", { state: "GC assist marking", wait: "GC" }],
  ["runtime.gcParkAssist", { state: "GC assist wait", wait: "GC" }],
  ["runtime.gcStart", { state: "semacquire", wait: "GC" }],
  ["runtime.gcWaitOnMark", { state: "wait for GC cycle", wait: "GC" }],
  ["runtime.gcBgMarkWorker", { state: "GC worker (idle)", wait: "GC" }],
  ["runtime.bgsweep", { state: "GC sweep wait", wait: "GC" }],
  ["runtime.bgscavenge", { state: "GC scavenge wait", wait: "GC" }],
  ["runtime.forcegchelper", { state: "force gc (idle)", wait: "GC" }],
  ["runtime.runfinq", { state: "finalizer wait", wait: "GC" }],
  ["runtime.runFinalizers", { state: "finalizer wait", wait: "GC" }],
  ["runtime.runCleanups", { state: "cleanup wait", wait: "GC" }],
  ["os/signal.signal_recv", { state: "syscall", wait: "syscall" }],
]);

function parkedIn(symbol: string, stack: readonly Frame[]): WaitState | undefined {
  const known = stateOfFunction.get(symbol);
  if (known !== undefined) return known;
  if (!isSemaphoreEntry(symbol)) return undefined;
  const owner = semaphoreOwner(stack);
  return owner === undefined ? { state: "semacquire", wait: "semacquire" } : { state: owner, wait: owner };
}

/** debug=1 and some tools hide leading `runtime.` frames; these leaves are reached only while parked or in the kernel. */
function hiddenParkState(stack: readonly Frame[]): WaitState | undefined {
  const leaf = stack[0]?.function ?? "";
  return leaf.startsWith("runtime.") ? undefined : parkedIn(leaf, stack);
}

/** `sync.runtime_SemacquireMutex`; since Go 1.24 `internal/sync.runtime_SemacquireMutex`. */
function isSemaphoreEntry(symbol: string): boolean {
  return symbol.includes(".runtime_Semacquire");
}

/** How far from the leaf the function that took the semaphore can stand: park frames, entry, then that function. */
const semaphoreDepth = 8;

/**
 * Which `sync` type a goroutine in "semacquire" waits for, read from the function that called the semaphore.
 * Before Go 1.20 the runtime had one wait reason for them all, and WaitGroup kept it until Go 1.25.
 */
function semaphoreOwner(stack: readonly Frame[]): WaitReason | undefined {
  const depth = Math.min(stack.length, semaphoreDepth);
  for (let i = 0; i < depth; i++) {
    const symbol = stack[i]?.function ?? "";
    if (!symbol.startsWith("sync.") && !symbol.startsWith("internal/sync.")) {
      if (symbol === "runtime.gcStart") return "GC";
      continue;
    }
    if (symbol.endsWith("(*Mutex).lockSlow") || symbol.endsWith("(*Mutex).Lock")) return "sync.Mutex.Lock";
    if (symbol.endsWith("(*RWMutex).RLock") || symbol.endsWith("(*RWMutex).rLockSlow"))
      return "sync.RWMutex.RLock";
    if (symbol.endsWith("(*RWMutex).Lock")) return "sync.RWMutex.Lock";
    if (symbol.endsWith("(*WaitGroup).Wait")) return "sync.WaitGroup.Wait";
  }
  return undefined;
}

/**
 * A goroutine in a system call or in C: the traceback starts at the function that called entersyscall
 * (Go source: runtime/proc.go reentersyscall; syscall/, internal/runtime/syscall, runtime/cgocall.go).
 */
function isSystemCall(leaf: string): boolean {
  return (
    leaf.startsWith("syscall.") ||
    leaf.startsWith("internal/runtime/syscall.") ||
    leaf.startsWith("runtime/internal/syscall.") ||
    leaf.startsWith("golang.org/x/sys/unix.Syscall") ||
    leaf.startsWith("golang.org/x/sys/unix.syscall_") ||
    leaf === "runtime.cgocall" ||
    leaf === "runtime.notetsleepg" ||
    leaf === "os/signal.signal_recv"
  );
}

function isRuntimeInternal(symbol: string): boolean {
  return symbol.startsWith("runtime.") || symbol.startsWith("internal/") || symbol.startsWith("sync.");
}
