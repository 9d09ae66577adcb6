import { describe, expect, test } from "vitest";
import { emptyBlockProfile } from "../../src/domain/block-profile.ts";
import { profile } from "./profiles.ts";

const types = ["contentions/count", "delay/nanoseconds"];
const empty = profile(types, []);
const full = profile(types, [[[1, 2_000_000], "sync.(*Mutex).Lock", "shop/ledger.(*Store).Post"]]);

describe("an empty block profile", () => {
  test("is said to be most likely off, and how to switch it on", () => {
    expect(emptyBlockProfile({ block: [empty, empty] })).toMatch(
      /^The block profile is empty\. Most likely .*SetBlockProfileRate/,
    );
  });

  test("is no word about one that has something in it, or that did not come", () => {
    expect(emptyBlockProfile({ block: [empty, full] })).toBeUndefined();
    expect(emptyBlockProfile({})).toBeUndefined();
  });
});
