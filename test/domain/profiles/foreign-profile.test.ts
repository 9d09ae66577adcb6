import { expect, it } from "vitest";
import { assembleEvidence } from "../../../src/domain/evidence/assemble-evidence.ts";
import { countsCpuSamples, whyNotJudged, withCpuTime } from "../../../src/domain/profiles/foreign-profile.ts";
import type { Profile } from "../../../src/domain/profiles/profile.ts";
import { profileKind } from "../../../src/domain/profiles/profile-kind.ts";
import { profile } from "./profiles.ts";

type Named = readonly [symbol: string, file?: string];

/** A CPU profile as its producer names functions and files. */
function cpuOf(...frames: readonly Named[]): Profile {
  const made = profile(
    ["samples/count", "cpu/nanoseconds"],
    frames.map(([symbol]) => [[1, 1e7], `${symbol}:1`] as const),
  );
  return { ...made, frames: frames.map(([symbol, file = ""]) => ({ function: symbol, file, line: 1 })) };
}

const foreign: readonly (readonly [language: string, frames: readonly Named[]])[] = [
  [
    "C++",
    [
      ["std::vector<int>::push_back(int const&)", "vector.h"],
      ["Server::run()", "server.cc"],
    ],
  ],
  ["Java, by async-profiler", [["java/util/regex/Pattern.compile"], ["com/acme/Order.check"]]],
  [
    "Rust",
    [
      ["myapp::main::{{closure}}", "src/main.rs"],
      ["std::rt::lang_start", "rt.rs"],
    ],
  ],
  [
    "Python with a module runtime",
    [
      ["runtime.loop", "/app/runtime.py"],
      ["main.main", "/app/main.py"],
    ],
  ],
  ["Java with a package runtime", [["runtime.access.Door.open"], ["main.init", "Door.java"]]],
  [
    "Rust with assembly of musl",
    [
      ["memcpy", "/musl/src/string/x86_64/memcpy.s"],
      ["myapp::place", "src/orders.rs"],
    ],
  ],
  ["Python, by Pyroscope", [["/app/orders.py:20 - check"], ["/app/main.py:3 - <module>"]]],
  [
    "Node",
    [
      ["parse", "/app/node_modules/qs/lib/parse.js"],
      ["(anonymous:L#1:C#1)", "/app/index.js"],
    ],
  ],
];

it.each(foreign)("does not judge a profile of %s", (_language, frames) => {
  const given = cpuOf(...frames);
  expect(whyNotJudged(given)).toMatch(/^is of a program in another language, by its functions \(/);
  const { evidence, leftOut, notes } = assembleEvidence([
    { file: "cpu.pb.gz", artifact: { type: "profile", profile: given } },
  ]);
  expect(evidence.cpu).toBeUndefined();
  expect(leftOut.map(({ file }) => file)).toEqual(["cpu.pb.gz"]);
  expect(notes).toHaveLength(1);
});

it("says how addresses get names", () => {
  expect(whyNotJudged(cpuOf(["[pay]"], ["<unknown>"]))).toMatch(
    /^holds addresses without names .*go tool pprof -proto/,
  );
});

it.each([
  ["a file of Go", cpuOf(["Add", "/src/cart.go"])],
  ["an export without files", cpuOf(["github.com/acme/pay/rules.(*Set).Match"])],
  ["the kernel beside Go", cpuOf(["[kernel.kallsyms]"], ["runtime.mallocgc"])],
  ["nothing", cpuOf()],
])("judges %s", (_what, given) => {
  expect(whyNotJudged(given)).toBeUndefined();
});

it("gives CPU time to a profile that only counts samples", () => {
  const counted = profile(["samples/count"], [[[3], "shop/cart.Add:3"]], {
    periodType: { type: "cpu", unit: "nanoseconds" },
    period: 50_000_000,
  });
  expect(profileKind(counted)).toBe("cpu");
  const { sampleTypes, values, defaultSampleIndex } = withCpuTime(counted);
  expect(sampleTypes.map(({ type }) => type)).toEqual(["samples", "cpu"]);
  expect(values.map((list) => [...list])).toEqual([[3], [150_000_000]]);
  expect(defaultSampleIndex).toBe(1);
  // A second a sample, as Pyroscope says of whatever it exports, is nobody's rate.
  expect(profileKind({ ...counted, period: 1e9 })).toBeUndefined();
  // Without a period nobody knows how long a sample is.
  expect(countsCpuSamples({ ...counted, period: 0 })).toBe(false);
  expect(profileKind({ ...counted, period: 0 })).toBeUndefined();
});
