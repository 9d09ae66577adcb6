import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { hasAnyOf, workClassifier, workSet } from "../../../src/domain/code/work-kinds.ts";
import { cpuTime, does, sampleWork, workSites, workTotal } from "../../../src/domain/profiles/sample-work.ts";
import { profile } from "./profiles.ts";

const own = ownCode([], ["shop"]);

describe("workClassifier", () => {
  const workOf = workClassifier();
  it.each([
    ["runtime.gcBgMarkWorker.func2", "gcMark"],
    ["runtime.gcDrainMarkWorkerIdle", "gcIdleMark"],
    ["regexp.MustCompile", "regexpCompile"],
    ["encoding/json.(*encodeState).marshal", "json"],
    ["encoding/json/v2.Marshal", "json"],
    ["example.com/acme/vendor/github.com/json-iterator/go.(*Stream).WriteVal", "json"],
    ["encoding/xml.(*Decoder).Token", "otherEncoding"],
    ["google.golang.org/protobuf/proto.MarshalOptions.marshal", "otherEncoding"],
    ["gopkg.in/yaml%2ev3.(*parser).parse", "otherEncoding"],
    ["fmt.(*pp).doPrintf", "format"],
    ["reflect.Value.Field", "reflection"],
    ["log/slog.(*Logger).log", "logging"],
    ["go.uber.org/zap/zapcore.(*ioCore).Write", "logging"],
    ["k8s.io/klog/v2.(*loggingT).output", "logging"],
    ["time.NewTimer", "newTimer"],
    ["context.WithDeadlineCause", "newTimer"],
    ["runtime.selectnbrecv", "tryChannel"],
    ["runtime.gosched_m", "yield"],
    ["sync/atomic.(*Bool).Load", "atomicRead"],
    ["net/http.(*conn).serve", "libraryWork"],
    ["shop/config.init.0", "packageInit"],
    ["shop/config.init.func1", "packageInit"],
  ] as const)("%s is %s", (symbol, kind) => {
    expect(hasAnyOf(workOf(symbol), workSet(kind))).toBe(true);
  });

  it.each([
    "runtime.chanrecv",
    "sync.(*Mutex).Lock",
    "time.Now",
    "context.(*cancelCtx).Done",
    "internal/runtime/maps.(*Map).getWithKey",
  ])("%s is no work by itself", (symbol) => {
    expect(workOf(symbol)).toBe(0);
  });
});

describe("sampleWork", () => {
  const cpu = profile(
    ["samples/count", "cpu/nanoseconds"],
    [
      [[3, 30], "regexp/syntax.Parse", "regexp.compile + regexp.MustCompile", "shop/a.F:7", "shop/b.G:1"],
      [[2, 20], "regexp/syntax.Parse", "regexp.compile", "shop/a.F:9"],
      [[1, 10], "runtime.memmove + shop/c.H:3", "net/http.(*conn).serve"],
      [[4, 40], "runtime.gcDrainMarkWorkerIdle", "runtime.gcBgMarkWorker.func2"],
    ],
    { durationMs: 1 },
  );

  it("finds the innermost own frame, inlined ones included, and what it called", () => {
    const { ownFrame, below, anywhere } = sampleWork(cpu, own);
    expect([...ownFrame].map((id) => cpu.frames[id]?.function)).toEqual([
      "shop/a.F",
      "shop/a.F",
      "shop/c.H",
      undefined,
    ]);
    expect(hasAnyOf(below[2] ?? 0, workSet("libraryWork"))).toBe(false);
    expect(hasAnyOf(anywhere[2] ?? 0, workSet("libraryWork"))).toBe(true);
    expect(sampleWork(cpu, own)).toBe(sampleWork(cpu, own));
  });

  it("adds up by function and names its heaviest line", () => {
    const compiles = does(workSet("regexpCompile"));
    expect(workTotal(cpu, 1, own, compiles)).toBe(50);
    const sites = workSites(cpu, 1, own, compiles);
    expect(sites).toHaveLength(1);
    expect(sites[0]).toMatchObject({ value: 50, frame: { function: "shop/a.F", line: 7 } });
    expect(sites[0]?.stack.map((frame) => frame.function)).toEqual([
      "regexp/syntax.Parse",
      "regexp.compile",
      "regexp.MustCompile",
      "shop/a.F",
      "shop/b.G",
    ]);
  });

  it("knows a CPU profile's time", () => {
    expect(cpuTime(cpu)).toMatchObject({ totalNs: 100, samples: 10, cores: 0.0001 });
    expect(cpuTime(profile(["goroutine/count"], [[[1], "shop/a.F"]]))).toBeUndefined();
  });
});
