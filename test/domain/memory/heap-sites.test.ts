import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { growthOf } from "../../../src/domain/memory/heap-sampling.ts";
import { collectedBetween, heapMoves, heapSites } from "../../../src/domain/memory/heap-sites.ts";
import type { Profile } from "../../../src/domain/profiles/profile.ts";
import { profile } from "../profiles/profiles.ts";

const types = ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"];
const own = ownCode([], ["shop"]);
const kib = 1024;

function heap(inuseObjects: number, size: number, allocObjects = inuseObjects) {
  return profile(
    types,
    [
      [
        [allocObjects, allocObjects * size, inuseObjects, inuseObjects * size],
        "runtime.makeslice",
        "shop/cache.(*Store).Put:12",
        "net/http.(*conn).serve",
      ],
      [[8, 8 * kib, 8, 8 * kib], "runtime.mallocgc", "net/http.newBufioReader", "net/http.(*conn).serve"],
    ],
    { period: 512 * kib },
  );
}

describe("heapSites", () => {
  it("gives bytes to the innermost own function, else to the innermost one of a library", () => {
    const sites = heapSites(heap(1000, 8 * kib, 4000), own);
    expect([...sites.keys()]).toEqual(["shop/cache.(*Store).Put", "net/http.newBufioReader"]);
    expect(sites.get("shop/cache.(*Store).Put")).toMatchObject({
      isOwn: true,
      frame: { line: 12 },
      held: { inuseBytes: 8000 * kib, allocBytes: 32_000 * kib },
    });
    expect(sites.get("net/http.newBufioReader")?.isOwn).toBe(false);
  });

  it("is empty for a profile of something else", () => {
    expect(heapSites(profile(["cpu/nanoseconds"], [[[1], "shop/a.F"]]), own).size).toBe(0);
  });
});

describe("heapMoves", () => {
  it("tells growth and what was allocated meanwhile", () => {
    const [move] = heapMoves(heap(1000, kib, 2000), heap(5000, kib, 9000), own);
    expect(move).toMatchObject({ growthBytes: 4000 * kib, allocatedBytes: 7000 * kib });
  });

  it("knows when no GC ended in between", () => {
    expect(collectedBetween(heap(10, kib), heap(10, kib))).toBe(false);
    expect(collectedBetween(heap(10, kib), heap(11, kib))).toBe(true);
  });
});

/** Standard error of what grew between the profiles at the function that `heap` is about. */
function errorOf(before: Profile, after: Profile): number {
  return growthOf(before, after, "shop/cache.(*Store).Put", own).errorBytes;
}

describe("growthOf", () => {
  it("knows its sampling error: what a simulated sampler shows", () => {
    const size = 8 * kib;
    const objects = 4000;
    const sampled = 1 - Math.exp(-size / (512 * kib));
    const error = errorOf(heap(0, size), heap(objects, size));
    let state = 12_345;
    const random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let bits = Math.imul(state ^ (state >>> 15), 1 | state);
      bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
      return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
    };
    const runs = 400;
    let squares = 0;
    for (let run = 0; run < runs; run++) {
      let seen = 0;
      for (let object = 0; object < objects; object++) if (random() < sampled) seen++;
      squares += ((seen / sampled) * size - objects * size) ** 2;
    }
    expect(error / Math.sqrt(squares / runs)).toBeGreaterThan(0.85);
    expect(error / Math.sqrt(squares / runs)).toBeLessThan(1.15);
  });

  it("has no error for objects that are always sampled", () => {
    expect(errorOf(heap(0, kib), heap(3, 64 * 1024 * kib))).toBeLessThan(1);
  });

  it("counts nothing for what both profiles hold", () => {
    const fresh = errorOf(heap(0, kib), heap(20_000, kib));
    expect(errorOf(heap(100_000, kib), heap(120_000, kib))).toBeCloseTo(fresh, 0);
    expect(errorOf(heap(100_000, kib), heap(120_000, kib, 10_000_000))).toBeGreaterThan(3 * fresh);
  });
});
