import { expect, test } from "vitest";
import { unprovenBodies } from "../../src/domain/unproven.ts";

const kib = 1024;

test("what is held of strangers is bounded together, and small requests are always listened to", () => {
  const hold = unprovenBodies(1_000 * kib);
  const [first, second, small] = [hold(), hold(), hold()];
  expect(first.add(64 * kib)).toBe(true);
  expect(first.add(900 * kib)).toBe(true);
  expect(second.add(164 * kib)).toBe(true);
  expect(second.add(1)).toBe(false);
  expect(small.add(64 * kib)).toBe(true);
  expect(small.add(1)).toBe(false);
});

test("who is gone leaves its room to others, once", () => {
  const hold = unprovenBodies(100 * kib);
  const first = hold();
  expect(first.add(164 * kib)).toBe(true);
  const refused = hold();
  expect(refused.add(65 * kib)).toBe(false);
  refused.end();
  first.end();
  first.end();
  const again = hold();
  expect(again.add(164 * kib)).toBe(true);
  expect(again.add(1)).toBe(false);
});
