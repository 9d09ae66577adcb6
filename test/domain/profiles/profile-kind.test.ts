import { describe, expect, it } from "vitest";
import { captureKind, kindOfName } from "../../../src/domain/evidence/capture-kind.ts";
import { isContentionProfile, profileKind } from "../../../src/domain/profiles/profile-kind.ts";
import { profile, type SampleText } from "./profiles.ts";

const contention = ["contentions/count", "delay/nanoseconds"];

function contentionAt(...leaves: readonly string[]) {
  return profile(
    contention,
    leaves.map((leaf): SampleText => [[1, 1], leaf, "shop/cart.Add:3"]),
  );
}

describe("profileKind", () => {
  it.each([
    ["heap", ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"]],
    ["cpu", ["samples/count", "cpu/nanoseconds"]],
    ["goroutine", ["goroutine/count"]],
    ["goroutineleak", ["goroutineleak/count"]],
    ["threadcreate", ["threadcreate/count"]],
    [undefined, ["widgets/count"]],
    [undefined, ["wall/nanoseconds", "events/count"]],
  ])("tells %s by its sample types", (kind, types) => {
    expect(profileKind(profile(types, []))).toBe(kind);
  });

  it("tells allocs from heap by the declared default", () => {
    const types = ["alloc_space/bytes", "inuse_space/bytes"];
    expect(profileKind(profile(types, [], { defaultSampleType: "alloc_space" }))).toBe("allocs");
  });

  it.each([
    ["sync.(*Mutex).Unlock:223"],
    ["internal/sync.(*Mutex).Unlock:200"],
    ["sync.(*RWMutex).RUnlock:120"],
    ["sync.(*RWMutex).Unlock:209"],
    ["runtime.unlock:123"],
    ["runtime._LostContendedRuntimeLock:1"],
  ])("takes stacks that end in %s for a mutex profile", (leaf) => {
    expect(profileKind(contentionAt(leaf))).toBe("mutex");
  });

  it.each([
    ["sync.(*Mutex).Lock:90"],
    ["runtime.chanrecv1:489"],
    ["runtime.selectgo:327"],
    ["sync.(*WaitGroup).Wait:118"],
    ["sync.(*Cond).Wait:70"],
  ])("takes stacks that end in %s for a block profile", (leaf) => {
    expect(profileKind(contentionAt(leaf))).toBe("block");
  });

  it("does not guess where the stacks do not tell", () => {
    for (const ambiguous of [
      profile(contention, []),
      contentionAt("sync.(*Mutex).Unlock:1", "sync.(*Mutex).Lock:1"),
    ]) {
      expect(profileKind(ambiguous)).toBeUndefined();
      expect(isContentionProfile(ambiguous)).toBe(true);
    }
  });
});

describe("captureKind", () => {
  it("goes by content, and by name where the content does not tell", () => {
    const empty = profile(contention, [], { artifact: "shop/2-mutex.pb.gz" });
    expect(captureKind({ type: "profile", profile: empty })).toBe("mutex");
    const heap = profile(["inuse_space/bytes"], [], { artifact: "mutex.pb.gz" });
    expect(captureKind({ type: "profile", profile: heap })).toBe("heap");
    expect(captureKind({ type: "threads", threads: 4 })).toBe("threadcreate");
    expect(captureKind({ type: "unread", format: "trace" })).toBe("trace");
  });
});

describe("kindOfName", () => {
  it.each([
    ["/mutex/a/heap-2.pb.gz", "heap"],
    ["goroutineleak.pb.gz", "goroutineleak"],
    ["goroutine-dump.txt", "goroutine"],
    ["profile", "cpu"],
    ["out.bin", undefined],
  ])("reads %s as %s", (name, kind) => {
    expect(kindOfName(name)).toBe(kind);
  });
});
