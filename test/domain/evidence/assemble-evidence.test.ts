import { describe, expect, it } from "vitest";
import type { ParsedArtifact } from "../../../src/domain/evidence/artifact.ts";
import { assembleEvidence } from "../../../src/domain/evidence/assemble-evidence.ts";
import type { ReadCapture } from "../../../src/domain/evidence/read-capture.ts";
import type {
  GoroutineGroup,
  GoroutineSnapshot,
  SnapshotForm,
} from "../../../src/domain/goroutines/goroutine.ts";
import type { MetricsScrape } from "../../../src/domain/metrics/metrics.ts";
import type { Profile } from "../../../src/domain/profiles/profile.ts";
import { frame, group } from "../goroutines/goroutines.ts";
import { profile } from "../profiles/profiles.ts";

function goroutines(
  file: string,
  form: SnapshotForm,
  count: number,
  rest: Partial<GoroutineSnapshot> = {},
): ReadCapture {
  const groups = [group("chan send", ["runtime.gopark:1", "shop/orders.Place:41"], { count })];
  const snapshot = { artifact: file, form, total: count, counted: count, groups, ...rest };
  return { file, artifact: { type: "goroutines", snapshot, leaked: false } };
}

function seriesLength(...captures: readonly ReadCapture[]): number | undefined {
  return assembleEvidence(captures).evidence.goroutines?.series.length;
}

function dumpOf(file: string, writer: number): ReadCapture {
  const exemplars = [{ id: 7, pointers: [{ frame: 0, value: writer }] }];
  const groups = [group("active", ["runtime/pprof.writeGoroutineStacks:761"], { count: 1, exemplars })];
  return goroutines(file, "dump", 1, { groups });
}

function ofProfile(file: string, value: Profile, rest: Partial<ReadCapture> = {}): ReadCapture {
  return { file, artifact: { type: "profile", profile: { ...value, artifact: file } }, ...rest };
}

function scrape(
  takenAtMs: number,
  ...samples: readonly (readonly [string, number, Record<string, string>?])[]
) {
  const value: MetricsScrape = {
    artifact: "metrics.txt",
    takenAtMs,
    samples: new Map(samples.map(([name, value, labels = {}]) => [name, [{ name, labels, value }]])),
  };
  return { file: "metrics.txt", takenAtMs, artifact: { type: "metrics", scrape: value } } as const;
}

function index(goroutineCount: number, takenAtMs?: number): ReadCapture {
  const profiles = [
    { name: "goroutine", count: goroutineCount },
    { name: "threadcreate", count: 12 },
  ];
  return {
    file: "index.html",
    ...(takenAtMs === undefined ? {} : { takenAtMs }),
    artifact: { type: "index", index: { artifact: "index.html", profiles } },
  };
}

const heap = profile(["alloc_space/bytes", "inuse_space/bytes"], [[[1, 1], "shop/cart.Add:3"]]);
const contention = ["contentions/count", "delay/nanoseconds"];

describe("assembleEvidence: goroutines", () => {
  it("prefers a whole dump, then a profile, then counts, and compares what is of one form", () => {
    const captures = [
      goroutines("p1", "profile", 10, { takenAtMs: 1000 }),
      goroutines("c1", "counts", 11, { takenAtMs: 2000 }),
      goroutines("d1", "dump", 12, { takenAtMs: 3000 }),
      goroutines("p2", "profile", 15, { takenAtMs: 16_000 }),
    ];
    const { evidence } = assembleEvidence(captures);
    expect(evidence.goroutines?.best.artifact).toBe("d1");
    expect(evidence.goroutines?.series.map(({ artifact }) => artifact)).toEqual(["p1", "p2"]);
    expect(evidence.goroutines?.windowMs).toBe(15_000);
    expect(evidence.dump?.artifact).toBe("d1");
  });

  it("takes the latest of a form, by time and not by order", () => {
    const captures = [
      goroutines("later", "profile", 15, { takenAtMs: 16_000 }),
      goroutines("earlier", "profile", 10, { takenAtMs: 1000 }),
    ];
    expect(assembleEvidence(captures).evidence.goroutines).toMatchObject({
      best: { artifact: "later" },
      series: [{ artifact: "earlier" }, { artifact: "later" }],
      windowMs: 15_000,
    });
  });

  it("keeps the order given when a time is missing, and then knows no window", () => {
    const captures = [goroutines("b", "dump", 15), goroutines("a", "dump", 10, { takenAtMs: 5 })];
    const { evidence } = assembleEvidence(captures);
    expect(evidence.goroutines?.series.map(({ artifact }) => artifact)).toEqual(["b", "a"]);
    expect(evidence.goroutines?.windowMs).toBeUndefined();
  });

  it("counts the same capture once, however often it was saved: nothing grows between it and itself", () => {
    const once = goroutines("a.pb.gz", "profile", 300, { takenAtMs: 5 });
    const copy = goroutines("copy.pb.gz", "profile", 300, { takenAtMs: 5 });
    const fromCache = {
      ...goroutines("goroutine-2.pb.gz", "profile", 300, { takenAtMs: 5 }),
      takenAtMs: 16_000,
    };
    for (const other of [copy, fromCache]) {
      const { evidence, leftOut, notes } = assembleEvidence([once, other]);
      expect(evidence.goroutines?.series).toHaveLength(1);
      const reason = "left out, it is the same capture as a.pb.gz: what grows shows between two moments";
      expect(leftOut).toEqual([{ file: other.file, reason }]);
      expect(notes).toEqual([`${other.file}: ${reason}`]);
    }
    const heaps = ["heap-1.pb.gz", "heap-2.pb.gz"].map((file) => ofProfile(file, { ...heap, timeMs: 7 }));
    expect(assembleEvidence(heaps).evidence.heap).toHaveLength(1);

    const later = goroutines("b.pb.gz", "profile", 300, { takenAtMs: 6 });
    expect(assembleEvidence([once, later]).evidence.goroutines?.series).toHaveLength(2);
    const idle = ["c1", "c2"].map((file) => goroutines(file, "counts", 3));
    expect(assembleEvidence(idle).evidence.goroutines?.series).toHaveLength(2);
  });

  it("takes a dump for a copy when who wrote it has the same live arguments", () => {
    expect(seriesLength(dumpOf("d1", 0xc0001000), dumpOf("copy of d1", 0xc0001000))).toBe(1);
    expect(seriesLength(dumpOf("d1", 0xc0001000), dumpOf("d2", 0xc0002000))).toBe(2);
  });

  it("goes by the manifest's clock where there is one", () => {
    const captures = [
      { ...goroutines("second", "profile", 2, { takenAtMs: 1 }), takenAtMs: 9000 },
      { ...goroutines("first", "profile", 1, { takenAtMs: 2 }), takenAtMs: 1000 },
    ];
    const { evidence } = assembleEvidence(captures);
    expect(evidence.goroutines?.series.map(({ artifact }) => artifact)).toEqual(["first", "second"]);
    expect(evidence.goroutines?.windowMs).toBe(8000);
  });

  it("does not prefer a cut dump, and tells how many goroutines it should have had", () => {
    const cut = goroutines("dump", "dump", 25_000, { incomplete: "cut at 64 MiB", takenAtMs: 10_000 });
    const whole = goroutines("profile", "profile", 90_000, { takenAtMs: 5_000 });
    const both = assembleEvidence([cut, whole, index(100_000, 10_500), scrape(0, ["go_goroutines", 80_000])]);
    expect(both.evidence.goroutines?.best.artifact).toBe("profile");
    expect(both.evidence.dump).toMatchObject({ total: 100_000, counted: 25_000 });

    const alone = assembleEvidence([cut, index(100_000)]);
    expect(alone.evidence.goroutines).toMatchObject({ best: { total: 100_000, counted: 25_000 } });
    expect(alone.evidence.goroutines?.series).toHaveLength(1);
    expect(assembleEvidence([cut, scrape(0, ["go_goroutines", 30_000])]).evidence.dump?.total).toBe(30_000);
  });

  it("does not lower a count, nor raise that of a whole snapshot", () => {
    const cut = goroutines("dump", "dump", 25_000, { incomplete: "cut at 64 MiB" });
    expect(assembleEvidence([cut, index(10)]).evidence.dump?.total).toBe(25_000);
    const whole = goroutines("dump", "dump", 25_000);
    expect(assembleEvidence([whole, index(30_000)]).evidence.dump?.total).toBe(25_000);
  });

  it("keeps the runtime's own leak finding apart", () => {
    const leak = goroutines("leak", "profile", 3);
    if (leak.artifact.type !== "goroutines") throw new Error("unreachable");
    const leaked: ParsedArtifact = { ...leak.artifact, leaked: true };
    const { evidence } = assembleEvidence([goroutines("all", "profile", 9), { ...leak, artifact: leaked }]);
    expect(evidence.goroutineLeak?.artifact).toBe("leak");
    expect(evidence.goroutines).toMatchObject({ best: { artifact: "all" }, series: [{ artifact: "all" }] });
  });

  it("has the crash of the log that the dump came from", () => {
    const log = goroutines("shop.log", "dump", 4);
    const crash = {
      artifact: "shop.log",
      kind: "panic",
      message: "boom",
      at: { unit: "line", value: 3 },
    } as const;
    if (log.artifact.type !== "goroutines") throw new Error("unreachable");
    const { evidence } = assembleEvidence([{ ...log, artifact: { ...log.artifact, crash } }]);
    expect(evidence.crash).toEqual(crash);
  });

  it("is empty of nothing", () => {
    expect(assembleEvidence([]).evidence).toEqual({});
  });
});

describe("assembleEvidence: profiles", () => {
  it("sorts profiles by what they show, oldest first", () => {
    const { evidence, notes } = assembleEvidence([
      ofProfile("heap-2", { ...heap, timeMs: 20 }),
      ofProfile("heap-1", { ...heap, timeMs: 10 }),
      ofProfile("cpu-1", profile(["samples/count", "cpu/nanoseconds"], [], { timeMs: 1, durationMs: 10 })),
      ofProfile("m", profile(contention, [[[1, 2], "sync.(*Mutex).Unlock:2", "shop/cart.Add:3"]])),
      ofProfile("b", profile(contention, [[[1, 2], "runtime.chanrecv1:2", "shop/cart.Add:3"]])),
    ]);
    expect(evidence.heap?.map(({ artifact }) => artifact)).toEqual(["heap-1", "heap-2"]);
    expect(evidence.cpu?.artifact).toBe("cpu-1");
    expect(evidence.mutex?.map(({ artifact }) => artifact)).toEqual(["m"]);
    expect(evidence.block?.map(({ artifact }) => artifact)).toEqual(["b"]);
    expect(notes).toEqual([]);
  });

  it("uses allocs, which has the same data, only where there is no heap profile", () => {
    const allocs = ofProfile("allocs", { ...heap, defaultSampleType: "alloc_space" });
    expect(assembleEvidence([allocs]).evidence.heap?.[0].artifact).toBe("allocs");
    expect(assembleEvidence([allocs, ofProfile("heap", heap)]).evidence.heap).toMatchObject([
      { artifact: "heap" },
    ]);
  });

  it("leaves a difference over time out where there are whole profiles", () => {
    const delta = ofProfile("heap-delta", { ...heap, durationMs: 5000 });
    const { evidence, notes } = assembleEvidence([delta, ofProfile("heap", heap)]);
    expect(evidence.heap).toMatchObject([{ artifact: "heap" }]);
    expect(notes).toEqual([
      "heap-delta: left out, a difference over time does not compare with whole profiles",
    ]);
    expect(assembleEvidence([delta]).evidence.heap).toMatchObject([{ artifact: "heap-delta" }]);
  });

  it("tells mutex from block by manifest or name where the stacks do not, and says when nothing tells", () => {
    const unclear = profile(contention, [
      [[1, 2], "sync.(*Mutex).Unlock:2"],
      [[1, 2], "runtime.chanrecv1:2"],
    ]);
    expect(assembleEvidence([ofProfile("x.pb.gz", unclear, { kind: "block" })]).evidence.block).toHaveLength(
      1,
    );
    expect(assembleEvidence([ofProfile("out/mutex.pb.gz", unclear)]).evidence.mutex).toHaveLength(1);
    const { evidence, notes } = assembleEvidence([ofProfile("mutexes/x.pb.gz", unclear)]);
    expect(evidence).toEqual({});
    expect(notes).toEqual([
      "mutexes/x.pb.gz: cannot be told to be a mutex or a block profile; name the file so",
    ]);
  });

  it("says which profiles are not judged", () => {
    const { evidence, notes } = assembleEvidence([ofProfile("w", profile(["widgets/count"], []))]);
    expect(evidence).toEqual({});
    expect(notes).toEqual(["w: a profile of widgets/count is not judged: go tool pprof -top FILE shows it"]);
  });

  it("reads contention from text, in the shape of a profile", () => {
    const { evidence, notes } = assembleEvidence([
      {
        file: "mutex.txt",
        artifact: {
          type: "contention",
          contention: {
            artifact: "mutex.txt",
            of: "mutex",
            samplingPeriod: 0,
            sites: [
              { stack: [frame("shop/cart.Add:3"), frame("main.main:1")], contentions: 3, delayMs: 1.5 },
            ],
          },
        },
      },
    ]);
    expect(evidence.mutex?.[0]).toMatchObject({ artifact: "mutex.txt", sampleCount: 1 });
    expect(evidence.mutex?.[0].values.map((list) => list[0])).toEqual([3, 1_500_000]);
    expect(notes).toEqual(["mutex.txt: mutex profiling is off in this process"]);
  });
});

describe("assembleEvidence: the process", () => {
  it("counts threads by the profile, then the index, then the metric", () => {
    const threads: ReadCapture = { file: "t", artifact: { type: "threads", threads: 40 } };
    const metric = scrape(0, ["go_threads", 20]);
    expect(assembleEvidence([metric, index(1), threads]).evidence.threadCount).toEqual({
      threads: 40,
      artifact: "t",
    });
    expect(assembleEvidence([metric, index(1)]).evidence.threadCount?.threads).toBe(12);
    expect(assembleEvidence([metric]).evidence.threadCount?.threads).toBe(20);
  });

  it("orders scrapes by time", () => {
    const { evidence } = assembleEvidence([scrape(5, ["a", 1]), scrape(1, ["a", 2])]);
    expect(evidence.metrics?.map(({ takenAtMs }) => takenAtMs)).toEqual([1, 5]);
  });

  it.each([
    ["/root/sdk/go1.22.4/src/runtime/proc.go", { major: 1, minor: 22, patch: 4 }],
    [
      "/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.1.linux-amd64/src/runtime/proc.go",
      { major: 1, minor: 25, patch: 1 },
    ],
    ["/opt/hostedtoolcache/go/1.23.5/x64/src/runtime/proc.go", { major: 1, minor: 23, patch: 5 }],
    ["/usr/local/go/src/runtime/proc.go", undefined],
    ["runtime/proc.go", undefined],
  ])("infers the Go version from %s", (file, version) => {
    const stack = [{ function: "runtime.gopark", file, line: 1 }];
    const groups = [{ ...group("chan send", []), stack }];
    const { target } = assembleEvidence([goroutines("p", "profile", 1, { groups })]);
    expect(target.goVersion).toEqual(version);
  });

  it("believes the manifest before the metric, and both before paths", () => {
    const captures = [
      goroutines("p", "profile", 1, {
        groups: [
          {
            ...group("chan send", []),
            stack: [{ function: "runtime.gopark", file: "/sdk/go1.20.1/src/runtime/proc.go", line: 1 }],
          },
        ],
      }),
      scrape(0, ["go_info", 1, { version: "go1.22.4" }]),
    ];
    expect(assembleEvidence(captures).target.goVersion).toMatchObject({ minor: 22 });
    expect(assembleEvidence(captures, { goVersion: "go1.24.1" }).target.goVersion).toMatchObject({
      minor: 24,
    });
  });

  it("tells own code by the frames seen and the modules configured", () => {
    const dependency = {
      function: "github.com/acme/lib.Run",
      file: "/go/pkg/mod/github.com/acme/lib@v1.2.3/run.go",
      line: 1,
    };
    const capture = goroutines("p", "profile", 1);
    const plain = assembleEvidence([capture], { service: "shop", instance: "a:1" }).target;
    expect(plain).toMatchObject({ service: "shop", instance: "a:1" });
    expect(plain.own.isOwn(frame("shop/orders.Place:41"))).toBe(true);
    expect(plain.own.isOwn(frame("net/http.(*conn).serve:1"))).toBe(false);
    expect(plain.own.isOwn(dependency)).toBe(false);
    const { own } = assembleEvidence([capture], { modules: ["github.com/acme/lib"] }).target;
    expect(own.isOwn(dependency)).toBe(true);
  });
});

/** A goroutine in the main function of this file. */
function inMain(file: string): readonly GoroutineGroup[] {
  return [{ ...group("select", []), stack: [{ ...frame("main.main:9"), file }] }];
}

describe("assembleEvidence: two programs", () => {
  const order = { file: "/app/order", buildId: "aa" };

  it("does not compare captures of different binaries, and says which were left out", () => {
    const { evidence, notes } = assembleEvidence([
      goroutines("a", "profile", 10, { takenAtMs: 1, binary: { file: "/app/billing", buildId: "bb" } }),
      goroutines("b", "profile", 900, { takenAtMs: 2, binary: order }),
    ]);
    expect(evidence.goroutines?.series.map(({ artifact }) => artifact)).toEqual(["b"]);
    expect(notes).toEqual([
      "a: left out, it is of the program billing, the last capture is of order; captures of two programs do not compare",
    ]);
  });

  it("takes another build for another program", () => {
    const { evidence, notes } = assembleEvidence([
      ofProfile("heap-1", { ...heap, binary: { ...order, buildId: "ab" } }),
      ofProfile("heap-2", { ...heap, binary: order }),
    ]);
    expect(evidence.heap?.map(({ artifact }) => artifact)).toEqual(["heap-2"]);
    expect(notes[0]).toContain("another build of order");
  });

  it("tells texts by where their main function stands", () => {
    const { evidence } = assembleEvidence([
      goroutines("a", "dump", 1, { groups: inMain("/src/billing/main.go") }),
      goroutines("b", "dump", 1, { groups: inMain("/src/order/main.go") }),
    ]);
    expect(evidence.goroutines?.series.map(({ artifact }) => artifact)).toEqual(["b"]);
  });

  it("keeps everything of one build, whatever its path, and what names no program", () => {
    const { evidence, notes } = assembleEvidence([
      goroutines("a", "profile", 10, { takenAtMs: 1, binary: { file: "/old/order (deleted)", buildId: "" } }),
      goroutines("b", "profile", 10, { takenAtMs: 2 }),
      goroutines("c", "profile", 10, { takenAtMs: 3, binary: order }),
    ]);
    expect(evidence.goroutines?.series).toHaveLength(3);
    expect(notes).toEqual([]);
  });
});
