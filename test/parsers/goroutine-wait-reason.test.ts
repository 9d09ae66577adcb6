import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/domain/code/frame.ts";
import { stateFromStack, waitReason } from "../../src/parsers/wait-reason.ts";

function frames(...functions: string[]): Frame[] {
  return functions.map((symbol) => ({ function: symbol, file: "x.go", line: 1 }));
}

describe("waitReason", () => {
  it.each([
    ["chan receive", "chan receive"],
    ["chan receive (nil chan)", "chan receive (nil chan)"],
    ["chan receive (durable)", "chan receive"],
    ["chan send (synctest)", "chan send"],
    ["select (no cases)", "select (no cases)"],
    ["select (leaked) (scan)", "select"],
    ["GC worker (idle)", "GC"],
    ["force gc (idle)", "GC"],
    ["cleanup wait", "GC"],
    ["runnable", "active"],
    ["copystack", "active"],
    ["coroutine", "other"],
    ["trace reader (blocked)", "other"],
    ["a state of Go 1.40", "other"],
    ["", "other"],
  ])("folds %s into %s", (state, expected) => {
    expect(waitReason(state, frames("main.f"))).toBe(expected);
  });

  it.each([
    [
      "sync.Mutex.Lock",
      frames("sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock"),
    ],
    ["sync.RWMutex.RLock", frames("sync.runtime_SemacquireMutex", "sync.(*RWMutex).RLock", "main.read")],
    ["sync.RWMutex.Lock", frames("sync.runtime_SemacquireMutex", "sync.(*RWMutex).Lock", "main.write")],
    // A writer behind another writer waits for the mutex inside the RWMutex.
    [
      "sync.Mutex.Lock",
      frames("sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow", "sync.(*RWMutex).Lock"),
    ],
    ["sync.WaitGroup.Wait", frames("sync.runtime_Semacquire", "sync.(*WaitGroup).Wait", "main.main")],
    [
      "semacquire",
      frames("internal/poll.runtime_Semacquire", "internal/poll.(*fdMutex).rwlock", "net.(*conn).Write"),
    ],
  ])("tells %s in the semacquire of older versions by its frames", (expected, stack) => {
    expect(waitReason("semacquire", stack)).toBe(expected);
  });
});

describe("stateFromStack", () => {
  it.each([
    ["chan send", frames("runtime.gopark", "runtime.chansend", "runtime.chansend1", "main.f")],
    ["chan receive", frames("runtime.gopark", "runtime.chanrecv", "runtime.chanrecv2", "main.f")],
    ["select", frames("runtime.gopark", "runtime.selectgo", "main.f")],
    ["select (no cases)", frames("runtime.gopark", "runtime.block", "main.main")],
    [
      "sync.Mutex.Lock",
      frames(
        "runtime.gopark",
        "runtime.goparkunlock",
        "runtime.semacquire1",
        "internal/sync.runtime_SemacquireMutex",
        "internal/sync.(*Mutex).lockSlow",
        "internal/sync.(*Mutex).Lock",
        "sync.(*Mutex).Lock",
        "main.f",
      ),
    ],
    [
      "sync.RWMutex.RLock",
      frames(
        "runtime.gopark",
        "runtime.goparkunlock",
        "runtime.semacquire1",
        "sync.runtime_SemacquireRWMutexR",
      ),
    ],
    [
      "sync.RWMutex.Lock",
      frames(
        "runtime.gopark",
        "runtime.goparkunlock",
        "runtime.semacquire1",
        "sync.runtime_SemacquireRWMutex",
      ),
    ],
    [
      "sync.WaitGroup.Wait",
      frames("runtime.gopark", "runtime.semacquire1", "sync.runtime_Semacquire", "sync.(*WaitGroup).Wait"),
    ],
    ["sync.Cond.Wait", frames("runtime.gopark", "runtime.goparkunlock", "sync.runtime_notifyListWait")],
    ["IO wait", frames("runtime.gopark", "runtime.netpollblock", "internal/poll.runtime_pollWait")],
    ["sleep", frames("runtime.gopark", "time.Sleep", "main.f")],
    ["syscall", frames("syscall.Syscall", "syscall.read", "os.(*File).Read")],
    ["syscall", frames("runtime.cgocall", "main._Cfunc_sleep")],
    ["syscall", frames("runtime.notetsleepg", "os/signal.signal_recv", "os/signal.loop")],
    ["active", frames("main.spin", "main.main")],
    ["active", frames("runtime.mallocgc", "runtime.newobject", "main.f")],
    ["active", []],
  ])("derives %s", (expected, stack) => {
    expect(stateFromStack(stack)).toEqual({ state: expected, wait: expected });
  });

  it("keeps the words of waits that have no class of their own", () => {
    expect(stateFromStack(frames("runtime.gopark", "runtime.gcParkAssist", "runtime.gcAssistAlloc"))).toEqual(
      {
        state: "GC assist wait",
        wait: "GC",
      },
    );
    expect(stateFromStack(frames("runtime.gopark", "runtime.semacquire1", "runtime.gcStart"))).toEqual({
      state: "semacquire",
      wait: "GC",
    });
    expect(
      stateFromStack(
        frames("runtime.gopark", "internal/poll.runtime_Semacquire", "internal/poll.(*fdMutex).rwlock"),
      ),
    ).toEqual({ state: "semacquire", wait: "semacquire" });
    expect(stateFromStack(frames("runtime.gopark", "main.unheardOf"))).toEqual({
      state: "waiting",
      wait: "other",
    });
  });

  it("does not take the caller of a park function for the park itself", () => {
    // main.f runs a callback that is named like a runtime function.
    expect(stateFromStack(frames("main.f", "runtime.chanrecv"))).toEqual({ state: "active", wait: "active" });
  });
});
