import { describe, expect, it } from "vitest";
import { assembleEvidence } from "../../../src/domain/evidence/assemble-evidence.ts";
import type { Profile } from "../../../src/domain/profiles/profile.ts";
import {
  hasPlacesOfNobody,
  lacksItsWriter,
  whyNoCapture,
} from "../../../src/domain/profiles/put-together.ts";
import { goroutinesOfProfile } from "../../../src/parsers/goroutine-profile.ts";
import { profile, type SampleText } from "./profiles.ts";

const writer = [
  "runtime.goroutineProfileWithLabels:1",
  "runtime.pprof_goroutineProfileWithLabels:2",
  "runtime/pprof.writeGoroutine:3",
] as const;
/** Another request for the profile, which waits until the first has it. */
const waiter: SampleText = [[1], "runtime.gopark:9", "runtime.semacquire1:8", ...writer];

function goroutines(writers: number, ...others: readonly SampleText[]): Profile {
  const samples: SampleText[] = [[[300], "runtime.gopark:1", "shop/orders.Place:41"], ...others];
  if (writers !== 0) samples.push([[writers], ...writer]);
  return profile(["goroutine/count"], samples, { rewritten: true });
}

function notesOf(value: Profile): readonly string[] {
  return assembleEvidence([{ file: "x.pb.gz", artifact: { type: "profile", profile: value } }]).notes;
}

/** A heap profile that was written again. */
function heap(...types: readonly string[]): Profile {
  return profile(types, [[types.map(() => 5), "shop/cart.Add:3"]], { rewritten: true });
}

describe("a profile of goroutines that another program wrote again", () => {
  it("is told to be a sum by those who were writing it", () => {
    expect(whyNoCapture(goroutines(240))).toMatch(/^is the sum of 240 captures/);
    expect(whyNoCapture(goroutines(1, waiter))).toBeUndefined();
    expect(notesOf(goroutines(2))).toEqual([expect.stringMatching(/^x\.pb\.gz: is the sum of 2 captures/)]);
  });

  it("lacks a part when nobody in it was writing it", () => {
    expect(lacksItsWriter(goroutines(0))).toBe(true);
    expect(lacksItsWriter(goroutines(1))).toBe(false);
    // As the process wrote it, whatever its version calls the function.
    const { rewritten, ...asWritten } = goroutines(0);
    expect(rewritten).toBe(true);
    expect(lacksItsWriter(asWritten)).toBe(false);
    expect(lacksItsWriter(profile(["goroutine/count"], []))).toBe(true);
    expect(lacksItsWriter(profile(["goroutineleak/count"], []))).toBe(false);
  });

  it("lacks a part when it has places of nobody, as go tool pprof -focus and -ignore leave it", () => {
    const whole = profile(
      ["goroutine/count"],
      [
        [[1], ...writer],
        [[300], "shop/orders.Place:41"],
      ],
      {
        rewritten: true,
      },
    );
    const filtered = { ...whole, sampleCount: 1 };
    expect(lacksItsWriter(filtered)).toBe(false);
    expect(hasPlacesOfNobody(filtered)).toBe(true);
    expect(goroutinesOfProfile(filtered).incomplete).toMatch(
      /^a part was taken out of the profile: it names/,
    );
    expect(hasPlacesOfNobody(whole)).toBe(false);
    expect(goroutinesOfProfile(whole).incomplete).toBeUndefined();
    const { rewritten, ...asWritten } = filtered;
    expect(rewritten).toBe(true);
    expect(hasPlacesOfNobody(asWritten)).toBe(false);
  });
});

it("does not judge one sample type of a heap profile, which a profile store exports", () => {
  expect(notesOf(heap("inuse_space/bytes"))).toEqual([expect.stringContaining("profile store")]);
  expect(notesOf(heap("alloc_objects/count"))).toEqual([expect.stringContaining("profile store")]);
  const whole = heap("alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes");
  expect(whyNoCapture(whole)).toBeUndefined();
  expect(notesOf(whole)).toEqual([expect.stringContaining("written by another program than the process")]);
});

it.each([
  ["trace", ["contentions/count", "delay/nanoseconds"], "execution trace"],
  ["delay", ["delay/nanoseconds"], "one of the two figures"],
  ["samples", ["samples/count", "time/nanoseconds"], "no CPU time"],
])("does not judge what only looks like a profile by the process: %s", (periodType, types, told) => {
  const value = profile(types, [[types.map(() => 5), "runtime.selectgo:1", "shop/cart.Add:3"]], {
    periodType: { type: periodType, unit: "count" },
  });
  expect(notesOf(value)).toEqual([expect.stringContaining(told)]);
});
