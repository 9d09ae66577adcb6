import { describe, expect, test } from "vitest";
import { unrecordedWaits, unrecordedWaitsNote } from "../../../src/domain/profiles/block-profile.ts";
import { blockWindow } from "../../../src/domain/profiles/block-window.ts";
import { profile } from "./profiles.ts";

const types = ["contentions/count", "delay/nanoseconds"];
const waits = (count: number, timeMs: number) =>
  profile(
    types,
    count === 0 ? [] : [[[count, 2_000_000], "sync.(*Mutex).Lock", "shop/ledger.(*Store).Post"]],
    {
      timeMs,
    },
  );
const lease = { rateNs: 10_000, ownRateNs: 0, fromMs: 0, expiresAtMs: 25_000 };

function evidence(before: number, after: number, lent?: typeof lease) {
  const block = [waits(before, 1_000), waits(after, 11_000)] as const;
  const window = blockWindow(block);
  if (window === undefined) throw new Error("no window");
  return { block, blockWindow: { ...window, ...(lent === undefined ? {} : { lease: lent }) } };
}

describe("block profiles without a wait", () => {
  test("are said to be most likely off, and how to have them switched on", () => {
    expect(unrecordedWaits(evidence(0, 0))).toMatch(
      /^no wait was recorded: the block profile.s rate is most likely 0 \(docs/,
    );
    expect(unrecordedWaitsNote(evidence(0, 0))).toMatch(/^No wait was recorded: .*profileRatesPath/);
    expect(unrecordedWaitsNote(evidence(0, 1))).toBeUndefined();
    expect(unrecordedWaits({ block: [waits(0, 1_000)] })).toMatch(/^no wait was recorded/);
  });

  test("are off, too, when all that they hold is from before: a lease of somebody else", () => {
    expect(unrecordedWaits(evidence(7, 7))).toMatch(/^no wait was recorded/);
  });

  test("under a lease mean that nobody waited", () => {
    expect(unrecordedWaits(evidence(0, 0, lease))).toBeUndefined();
    expect(unrecordedWaits(evidence(7, 7, lease))).toBeUndefined();
  });

  test("are none where something was recorded in between, or where none came", () => {
    expect(unrecordedWaits(evidence(0, 1))).toBeUndefined();
    expect(unrecordedWaits({})).toBeUndefined();
  });
});
